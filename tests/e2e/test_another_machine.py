"""The same bytes on another machine: other folder, locale, time zone, home, cores, hash seed, and host zone data."""

import os
import shutil
import struct
import subprocess
import sys
import zoneinfo
from pathlib import Path

import pytest

from scripts.lib.files import sha256_file
from tests.e2e.conftest import plant
from tests.tiny import result_bytes

pytestmark = pytest.mark.slow


def another_release(folder: Path) -> Path:
    """Zone data as a host of another release would have it: every zone is on UTC+07:41, so that any use of it shows."""
    rules = zoneinfo_bytes(seconds=7 * 3600 + 41 * 60)
    for name in zoneinfo.available_timezones():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(rules)
    return folder


def zoneinfo_bytes(seconds: int) -> bytes:
    """A TZif file of version 1 (RFC 8536) with one offset and no transition."""
    return struct.pack(">4s16x6l", b"TZif", 0, 0, 0, 0, 1, 4) + struct.pack(">lbb4s", seconds, 0, 0, b"ODD\0")


def run_elsewhere(folder: Path, zones: Path, target: str) -> None:
    """Make `target` with one core, as a machine with other settings and the zone data of `zones` does."""
    home = folder.parent / "home"
    home.mkdir()
    environment = os.environ | {
        **{"LC_ALL": "C", "LANG": "tr_TR.UTF-8", "TZ": "Pacific/Apia", "HOME": str(home), "PYTHONHASHSEED": "4711"},
        **{"PYTHONTZPATH": str(zones), "TZDIR": str(zones)},
    }
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "-q", "--", target]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_another_machine_without_zone_data_makes_the_same_results(certified: Path, tmp_path: Path):
    folder = plant(tmp_path / "another folder")
    run_elsewhere(folder, tmp_path / "none", "certify")
    ours, theirs = result_bytes(certified), result_bytes(folder)
    assert {name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)} == set()


def test_another_machine_of_another_release_makes_the_same_archive(archived: Path, tmp_path: Path):
    folder = tmp_path / "another folder"
    shutil.copytree(archived, folder, ignore=shutil.ignore_patterns("results", ".snakemake", "__pycache__"))
    run_elsewhere(folder, another_release(tmp_path / "zoneinfo"), "archive")
    ours, theirs = (root / "results/archive/tiny.tar.gz" for root in (archived, folder))
    assert sha256_file(theirs) == sha256_file(ours)


def test_the_other_release_would_be_seen(tmp_path: Path):
    zones = another_release(tmp_path / "zoneinfo")
    ask = "import datetime, zoneinfo; print(datetime.datetime(2026, 1, 1, tzinfo=zoneinfo.ZoneInfo('Europe/Berlin')))"
    environment = os.environ | {"PYTHONTZPATH": str(zones)}
    done = subprocess.run([sys.executable, "-c", ask], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "2026-01-01 00:00:00+07:41\n"
