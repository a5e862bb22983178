"""Finished tiny runs for all end-to-end tests: one whose seeds breach their caps, one with its archive."""

from pathlib import Path

import pytest

from tests.e2e.forge import copy
from tests.tiny import COLLAPSED, OVERLAP, make_tiny, repin, sites, snakemake, write_seed_root

# Seed 101: 3 of 113 sites of CN in the overlap of two zones, no override: country cap (-091) and global cap (-090).
HOTSPOT = COLLAPSED | {"CN": {"Asia/Shanghai": 110, OVERLAP: 3}}


def plant(folder: Path) -> Path:
    """The project of the end-to-end tests: seed 101 breaches its caps, the sites of seed 202 are not in key order."""
    make_tiny(folder, {42: COLLAPSED, 7: COLLAPSED, 101: HOTSPOT, 202: COLLAPSED})
    table = sites(COLLAPSED, 202)
    write_seed_root(folder / "inputs/upstream/seed=202", 202, table.take(list(range(len(table)))[::-1]))
    repin(folder)
    return folder


@pytest.fixture(scope="session")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certified tiny project: seeds 42, 7 and 202 complete, 101 breaches its caps."""
    folder = plant(tmp_path_factory.mktemp("e2e") / "project")
    done = snakemake(folder, "--", "certify")
    (folder / "console.txt").write_text(done.stdout + done.stderr)
    return folder


@pytest.fixture
def tree(certified: Path, tmp_path: Path) -> Path:
    """A copy of the finished run to tamper with."""
    return copy(certified, tmp_path / "project")


@pytest.fixture(scope="session")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A one-seed project with its archive."""
    folder = make_tiny(tmp_path_factory.mktemp("archive") / "project", {42: COLLAPSED})
    snakemake(folder, "-q", "--", "archive")
    return folder
