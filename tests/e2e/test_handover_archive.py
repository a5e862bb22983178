"""Who has only the archive of a run hands over the same run root as its maker."""

import tarfile

import pytest

from scripts.archive.sums import CRATE, SUMS
from scripts.lib.files import read_json
from tests.tiny import snakemake

pytestmark = pytest.mark.slow
RECORD = "results/handover/tiny/seed=42.json"


def test_the_owner_of_an_archive_gets_the_same_run_root(archived, tmp_path):
    (packed,) = (archived / "results/archive").glob("*.tar.gz")
    with tarfile.open(packed) as tar:
        tar.extractall(tmp_path)
    restored = tmp_path / "tiny"
    for name in (SUMS, CRATE):  # docs/archive.md: to work on in it
        (restored / name).unlink()
    snakemake(restored, "--touch", "certify")
    for project in (archived, restored):
        snakemake(project, "handover")
    assert read_json(restored / RECORD) == read_json(archived / RECORD)
    assert read_json(restored / RECORD)["refused"] == ""
