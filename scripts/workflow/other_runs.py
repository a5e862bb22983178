"""Runs that lie below results/ and are none of this command's: shown in the index as they are, never made again."""

from pathlib import Path

from scripts.lib.contracts import dataset_path
from scripts.lib.files import sha256_file

CERTIFICATE = "certification/segment2a_certification.json"


def other_runs(runs: Path, mine: list[str]) -> dict[str, str]:
    """SHA-256 of the certificate by run, for every run below `runs` that has one and is not in `mine`."""
    found = sorted(runs.glob(f"*/{CERTIFICATE}"))
    names = {path: path.parents[1].name for path in found}
    return {name: sha256_file(path) for path, name in names.items() if name not in mine}


def lying(runs: list[str], dataset: str) -> dict[str, str]:
    """SHA-256 by path of a dataset of those runs that have it: read as it lies, never waited for."""
    paths = [dataset_path(dataset, run=run) for run in runs]
    return {path: sha256_file(path) for path in paths if Path(path).is_file()}
