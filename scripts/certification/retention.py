"""Which runs are kept, which are superseded failures, and what pruning one deletes (certification.md §12)."""

from dataclasses import dataclass
from pathlib import Path

from scripts.lib.files import read_json, sha256_file, tree_files

CERTIFICATE = "certification/segment2a_certification.json"


@dataclass(frozen=True)
class Deleted:
    files: int
    bytes: int


@dataclass(frozen=True)
class Receipt:
    """What a pruned run was: verdict, run ids, size of the data that go, digests of the reports that stay."""

    status: str
    run_ids: dict[str, str]
    deleted: Deleted
    kept_reports: dict[str, str]


def superseded(runs: Path, keep: list[str]) -> list[str]:
    """Names of runs below `runs` that failed certification, still hold data and are not in `keep`."""
    return sorted(root.name for root in _left_over(runs, keep) if verdict_of(root) == "FAIL_REALISM")


def unfinished(runs: Path, keep: list[str]) -> list[str]:
    """Names of runs that hold data and are not in `keep`, but have no verdict: pruning leaves them alone."""
    return sorted(root.name for root in _left_over(runs, keep) if verdict_of(root) is None)


def _left_over(runs: Path, keep: list[str]) -> list[Path]:
    return [root for root in runs.glob("*") if root.is_dir() and root.name not in keep and data_folders(root)]


def verdict_of(root: Path) -> str | None:
    """The verdict of a run by its folder, None when it was never certified; the certificate may be of any version."""
    try:
        return str(read_json(root / CERTIFICATE)["status"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def data_folders(root: Path) -> list[Path]:
    """The data folders of one run: what pruning deletes."""
    return sorted(root.glob("seed=*/data"))


def receipt_of(root: Path) -> Receipt:
    """The receipt of a run that is about to be pruned."""
    certificate = read_json(root / CERTIFICATE)
    gone = [folder / name for folder in data_folders(root) for name in tree_files(folder)]
    kept = [
        name for name in tree_files(root) if not _below_data(name) and "logs/" not in name and "benchmarks/" not in name
    ]
    return Receipt(
        status=certificate["status"],
        run_ids=certificate["selected_seed_run_map"],
        deleted=Deleted(len(gone), sum(path.stat().st_size for path in gone)),
        kept_reports={name: sha256_file(root / name) for name in kept},
    )


def _below_data(name: str) -> bool:
    parts = name.split("/")
    return len(parts) > 1 and parts[0].startswith("seed=") and parts[1] == "data"
