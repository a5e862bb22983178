"""Finished tiny runs for all end-to-end tests: one with seeds of every fate, one of a single seed with its archive."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.lib.files import read_json, write_json
from tests.e2e.forge import CERTIFICATE, copy
from tests.tiny import COLLAPSED, OVERLAP, make_tiny, repin, sites, snakemake, write_seed_root

# Seed 101: 3 of 113 sites of CN in the overlap of two zones, no override: country cap (-091) and global cap (-090).
HOTSPOT = COLLAPSED | {"CN": {"Asia/Shanghai": 110, OVERLAP: 3}}


ONE_COUNTRY = {"ES": COLLAPSED["ES"]}


def plant(folder: Path) -> Path:
    """Seed 7 has one country only, 101 breaches its caps, the sites of 202 are not in key order."""
    make_tiny(folder, {42: COLLAPSED, 7: ONE_COUNTRY, 101: HOTSPOT, 202: COLLAPSED})
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


@pytest.fixture(scope="session")
def certificate(certified: Path) -> dict[str, Any]:
    return read_json(certified / CERTIFICATE)


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


@pytest.fixture(scope="session")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sites of `archived` in ten parts: a run that Ctrl-C stops, and that the same command completes.

    `stopped.json` is what the console showed from the stop on, the exit code, and what was left half-written.
    """
    folder = make_tiny(tmp_path_factory.mktemp("stopped") / "project", {42: COLLAPSED}, part_rows=100)
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "certify"]
    run = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    for line in run.stdout:
        if "build_tz_world" in line:
            os.killpg(run.pid, signal.SIGINT)  # as a terminal does: to Snakemake and to its jobs
            break
    rest = run.communicate(timeout=60)[0]
    left = [path.name for path in (folder / "results").rglob("*.stage")]
    write_json(folder / "stopped.json", {"console": rest, "code": run.returncode, "left": left})
    snakemake(folder, "certify")
    return folder
