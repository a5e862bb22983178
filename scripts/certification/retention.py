"""Which runs are kept, which are superseded failures, and what pruning one deletes (certification.md §12)."""

from pathlib import Path
from typing import Any

from scripts.lib.files import read_json, sha256_file, tree_files


def superseded(runs: Path, keep: list[str]) -> list[str]:
    """Names of runs below `runs` that failed certification, still hold data and are not in `keep`."""
    return sorted(
        root.name
        for root in runs.glob("*")
        if root.is_dir() and root.name not in keep and _failed(root) and data_folders(root)
    )


def unfinished(runs: Path, keep: list[str]) -> list[str]:
    """Names of runs that hold data and are not in `keep`, but have no verdict: pruning leaves them alone."""
    return sorted(
        root.name
        for root in runs.glob("*")
        if root.is_dir() and root.name not in keep and not _status(root) and data_folders(root)
    )


def _status(root: Path) -> str | None:
    try:
        return read_json(root / "certification/segment2a_certification.json")["status"]
    except (OSError, ValueError, KeyError):
        return None


def _failed(root: Path) -> bool:
    return _status(root) == "FAIL_REALISM"


def data_folders(root: Path) -> list[Path]:
    """The data folders of one run: what pruning deletes."""
    return sorted(root.glob("seed=*/data"))


def receipt_of(root: Path) -> dict[str, Any]:
    """What a pruned run was: verdict, run ids, digests of the reports that stay, size of the data that go."""
    certificate = read_json(root / "certification/segment2a_certification.json")
    gone = [folder / name for folder in data_folders(root) for name in tree_files(folder)]
    kept = [
        name for name in tree_files(root) if not _below_data(name) and "logs/" not in name and "benchmarks/" not in name
    ]
    return {
        "status": certificate["status"],
        "run_ids": certificate["selected_seed_run_map"],
        "deleted": {"files": len(gone), "bytes": sum(path.stat().st_size for path in gone)},
        "kept_reports": {name: sha256_file(root / name) for name in kept},
    }


def _below_data(name: str) -> bool:
    parts = name.split("/")
    return len(parts) > 1 and parts[0].startswith("seed=") and parts[1] == "data"
