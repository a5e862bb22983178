"""One finished tiny run for all end-to-end tests, and one in which seeds breach their caps."""

from pathlib import Path

import pytest

from tests.tiny import COLLAPSED, OVERLAP, make_tiny, snakemake

# Seed 101: 3 of 113 sites of CN in the overlap of two zones, no override: country cap (-091) and global cap (-090).
HOTSPOT = COLLAPSED | {"CN": {"Asia/Shanghai": 110, OVERLAP: 3}}


@pytest.fixture(scope="session")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certified tiny project: seeds 42 and 7 complete, 101 breaches its caps, 202 complete."""
    folder = tmp_path_factory.mktemp("e2e") / "project"
    make_tiny(folder, {42: COLLAPSED, 7: COLLAPSED, 101: HOTSPOT, 202: COLLAPSED})
    done = snakemake(folder, "--", "certify")
    (folder / "console.txt").write_text(done.stdout + done.stderr)
    return folder
