"""Which runs are superseded failures; delete their data, keep their reports, write a receipt (certification.md §12)."""

import shutil
from pathlib import Path
from typing import Any

from scripts.lib.files import read_json, sha256_file, tree_files, write_json

CERTIFICATE = "certification/segment2a_certification.json"
RECEIPT = Path("results/prune_receipt.json")


def superseded(runs: Path, keep: list[str]) -> list[str]:
    """Names of runs below `runs` that failed certification, still hold data and are not in `keep`."""
    return _left_over(runs, keep, "FAIL_REALISM")


def unfinished(runs: Path, keep: list[str]) -> list[str]:
    """Names of runs that hold data and are not in `keep`, but have no verdict: pruning leaves them alone."""
    return _left_over(runs, keep, None)


def _left_over(runs: Path, keep: list[str], verdict: str | None) -> list[str]:
    held = [root for root in runs.glob("*") if root.is_dir() and root.name not in keep and _data_folders(root)]
    return sorted(root.name for root in held if _verdict_of(root) == verdict)


def _verdict_of(root: Path) -> str | None:
    """The verdict of a run by its folder, None when it was never certified; the certificate may be of any version."""
    try:
        return str(read_json(root / CERTIFICATE)["status"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _data_folders(root: Path) -> list[Path]:
    """What pruning deletes of a run."""
    return sorted(root.glob("seed=*/data"))


def prune(runs: Path, keep: list[str], receipt: Path) -> list[str]:
    """Prune every superseded failed run below `runs`; earlier entries of the receipt stay. Returns the pruned names."""
    pruned = superseded(runs, keep)
    entries = read_json(receipt) if receipt.exists() else {}
    for name in pruned:
        entries[name] = receipt_of(runs / name)
        write_json(receipt, entries)  # before the data go, so that a killed prune leaves no gap in the record
        for folder in _data_folders(runs / name):
            shutil.rmtree(folder)
    return pruned


def receipt_of(root: Path) -> dict[str, Any]:
    """What a run is before it is pruned: verdict, run ids, size of its data, digests of the reports that stay."""
    certificate = read_json(root / CERTIFICATE)
    gone = {folder / name for folder in _data_folders(root) for name in tree_files(folder)}
    kept = [name for name in tree_files(root) if "logs/" not in name and "benchmarks/" not in name]
    return {
        "status": certificate["status"],
        "run_ids": certificate["selected_seed_run_map"],
        "deleted": {"files": len(gone), "bytes": sum(path.stat().st_size for path in gone)},
        "kept_reports": {name: sha256_file(root / name) for name in kept if root / name not in gone},
    }


if __name__ == "__main__":
    from scripts.lib.job import current_job

    names = prune(Path("results/runs"), list(current_job().params.keep), RECEIPT)
    print(f"prune: {', '.join(names) if names else 'nothing to delete'}; receipt: {RECEIPT}")
