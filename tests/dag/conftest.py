"""A tiny project whose result files exist (empty) and are older than nothing: enough for dry runs, in seconds."""

import csv
import os
import time
from pathlib import Path

import pytest

from tests.tiny import make_tiny, snakemake

SMALL = {"BM": {"Atlantic/Bermuda": 2}, "SG": {"Asia/Singapore": 2}}


def summary(folder: Path, *targets: str) -> list[dict[str, str]]:
    """Rows of `snakemake --summary`: one per output file, with rule and plan."""
    text = snakemake(folder, "--summary", "--", *(targets or ["certify"])).stdout
    lines = [line for line in text.splitlines() if "\t" in line]
    return list(csv.DictReader(lines, delimiter="\t"))


def pending(folder: Path) -> dict[str, set[str]]:
    """Rule -> output files that a run would make again."""
    found: dict[str, set[str]] = {}
    for row in summary(folder):
        if row["plan"] != "no update":
            found.setdefault(row["rule"], set()).add(row["output_file"])
    return found


NOW = time.time()  # one moment for the whole session: equal ages must be equal times


def age(path: Path, seconds: float) -> None:
    """Set the modification time `seconds` from the session's moment."""
    os.utime(path, (NOW + seconds, NOW + seconds))


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with every declared output present and up to date."""
    folder = make_tiny(tmp_path_factory.mktemp("dag") / "project", SMALL)
    for path in folder.rglob("*"):
        if path.is_file():
            age(path, -1000)
    for row in summary(folder):
        target = folder / row["output_file"]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
        age(target, -500)
    assert pending(folder) == {}
    return folder
