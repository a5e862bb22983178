"""Tamper matrix: whatever is done to one file of a run, `verify` finds it and names that file first."""

import importlib.util
import os
import py_compile
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.archive.prove import verify_tree
from scripts.archive.tree import Tree
from tests.e2e.forge import CERTIFICATE, PINS, sums_hold, unpack

pytestmark = pytest.mark.slow
NUMBER = re.compile(rb"(?<=[\s:\[,])\d+(?=[,\n}\]])")


@pytest.fixture(scope="module")
def project(archived: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the finished run that tests may tamper with."""
    folder = tmp_path_factory.mktemp("tamper") / "project"
    return shutil.copytree(archived, folder, ignore=shutil.ignore_patterns(".snakemake"))


@pytest.fixture(scope="module")
def unpacked(archived: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its unpacked archive."""
    return unpack(archived / "results/archive/tiny.tar.gz", tmp_path_factory.mktemp("unpacked"))


def is_archive(root: Path) -> bool:
    return (root / "SHA256SUMS").exists()


def kinds(root: Path) -> list[str]:
    """One file of every kind: paths that differ in seed or fingerprint only are of one kind; of code, one a folder.

    A project folder holds what its user edits, so there only results count; an archive is sealed as a whole.
    """
    found = {}
    for path in Tree(root).files:
        kind = re.sub(r"seed=\d+|[a-f0-9]{64}", "*", path)
        if not path.startswith("results/"):
            kind = re.sub(r"/[^/]*(?=\.\w+$)", "/*", path)
        found[kind] = path
    return sorted(path for path in found.values() if not path.endswith(".log"))


def flip(path: Path, _: list[Path], bit: int = 1) -> set[Path]:
    data = bytearray(path.read_bytes() or b"x")
    data[len(data) // 2] ^= bit
    path.write_bytes(data)
    return {path}


def flip_high(path: Path, _: list[Path]) -> set[Path]:
    """What was ASCII is no longer UTF-8."""
    return flip(path, _, 0x80)


def truncate(path: Path, _: list[Path]) -> set[Path]:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    return {path} if data else set()


def delete(path: Path, _: list[Path]) -> set[Path]:
    path.unlink()
    return {path}


def add(path: Path, _: list[Path]) -> set[Path]:
    other = path.with_name(f"added{path.suffix}")
    shutil.copyfile(path, other)
    return {other}


def swap(path: Path, others: list[Path]) -> set[Path]:
    """Swap with a file of other bytes, of the same type where there is one; takes it out of `others`."""
    data = path.read_bytes()
    same_type = sorted(others, key=lambda other: other.suffix != path.suffix)
    other = next(other for other in same_type if other.read_bytes() != data)
    others.remove(other)
    path.write_bytes(other.read_bytes())
    other.write_bytes(data)
    return {path, other}


def edit(path: Path, _: list[Path]) -> set[Path]:
    data = path.read_bytes()
    if path.suffix != ".json" or not NUMBER.search(data):
        return set()
    path.write_bytes(NUMBER.sub(lambda found: str(int(found[0]) + 1).encode(), data, count=1))
    return {path}


def batches(names: list[str], size: int = 5) -> list[list[str]]:
    """Files tampered with at once: several data files, but lineage records and seals of the archive one by one."""
    alone = [name for name in names if "/lineage/" in name or name in ("SHA256SUMS", "ro-crate-metadata.json")]
    rest = [name for name in names if name not in alone]
    count = -(-len(rest) // size)
    return [[name] for name in alone] + [rest[start::count] for start in range(count)]


def missed(root: Path, tamper: Callable[[Path, list[Path]], set[Path]]) -> tuple[int, list[str]]:
    """(cases, complaints) of one kind of tampering with one file of every kind."""
    complaints, count, names = [], 0, kinds(root)
    before = {root / name: (root / name).read_bytes() for name in names}
    for batch in batches(names):
        others = [root / name for name in names if name not in batch and name != "SHA256SUMS"]
        changes = [tamper(root / name, others) for name in batch]
        touched = set().union(*changes)
        if touched:
            count += sum(bool(change) for change in changes)
            found = [finding.path for finding in verify_tree(root)]
            wanted = {path.relative_to(root).as_posix() for path in touched}
            if "SHA256SUMS" in wanted:  # a list that is not sound says nothing about other files
                wanted = {"SHA256SUMS"}
            # without an unbroken record its outputs are unexplained too, unless SHA256SUMS vouches for them
            vouched = is_archive(root) and "SHA256SUMS" not in wanted
            exact = vouched or not any("/lineage/" in path or path == "SHA256SUMS" for path in wanted)
            if not wanted <= set(found) or found[0] not in wanted or (exact and set(found) != wanted):
                complaints.append(f"{sorted(wanted)}: found {found[:4]}")
        for path in touched:
            if path in before:
                path.write_bytes(before[path])
            else:
                path.unlink()
    return count, complaints


@pytest.mark.parametrize(
    "tamper", [flip, flip_high, truncate, delete, add, swap, edit], ids=lambda function: function.__name__
)
@pytest.mark.parametrize("place", ["project", "unpacked"])
def test_every_tampering_is_found_and_the_right_file_named(place: str, tamper, request: pytest.FixtureRequest):
    root = request.getfixturevalue(place)
    assert verify_tree(root) == []
    count, complaints = missed(root, tamper)
    assert complaints == []
    assert count > 20
    assert verify_tree(root) == []


def command_line(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`verify` as an auditor runs it, by the file in the archive and with the bare standard library."""
    command = [sys.executable, "-I", "-S", str(root / "scripts/verify.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")


def test_command_line_exit_codes_and_short_messages(unpacked: Path):
    done = command_line(unpacked, str(unpacked))
    assert (done.returncode, done.stdout.count("\n"), done.stderr) == (0, 1, "")
    path = unpacked / CERTIFICATE
    data = path.read_bytes()
    path.write_bytes(data.replace(b"FAIL_REALISM", b"PASS_BPLUS"))
    done = command_line(unpacked, str(unpacked))
    path.write_bytes(data)
    assert done.returncode == 1
    assert f"first broken link: {path.relative_to(unpacked)}" in done.stdout.splitlines()[-1]
    assert "PATH" in command_line(unpacked, "--help").stdout


def test_the_proof_runs_its_own_sources_and_leaves_nothing_behind(unpacked: Path, tmp_path: Path):
    """Byte code of other sources fits by time and size, as an archive sets all times to 0: it must not be run."""
    before = sorted(unpacked.rglob("*"))
    source = unpacked / "scripts/archive/prove.py"
    lie = tmp_path / "lie.py"
    lie.write_text("def say(root):\n    print('verify: ok')\n    return 0\n".ljust(source.stat().st_size, "#"))
    os.utime(lie, ns=(source.stat().st_mtime_ns,) * 2)
    planted = Path(importlib.util.cache_from_source(str(source)))
    py_compile.compile(str(lie), str(planted), str(source), doraise=True)
    try:
        assert command_line(unpacked, str(unpacked)).stdout.startswith("verify: ok, archive, ")
    finally:
        shutil.rmtree(planted.parent)
    assert sorted(unpacked.rglob("*")) == before


def test_plain_sha256sum_checks_the_archive(unpacked: Path):
    assert sums_hold(unpacked)
    path = next(unpacked.rglob("site_timezones/**/*.parquet"))
    data = path.read_bytes()
    flip(path, [])
    assert not sums_hold(unpacked)
    path.write_bytes(data)


def test_edited_code_and_edited_pins_are_named(tree: Path):
    script = tree / "scripts/states/s3_timetable.py"
    script.write_text(script.read_text() + "\n")
    pins = tree / PINS
    pins.write_text(re.sub(r'run_receipt.json": "\w', 'run_receipt.json": "x', pins.read_text(), count=1))
    found = {finding.path: finding for finding in verify_tree(tree)}
    assert sorted(found) == [PINS, "scripts/states/s3_timetable.py"]
    assert max(str(finding).count("\n") for finding in found.values()) < 3


def test_what_a_killed_job_left_is_named_as_such(tree: Path):
    left = tree / "results/reference/reference/.index.bin.12.stage"
    left.write_text("half")
    (finding,) = verify_tree(tree)
    assert (finding.word, finding.path) == ("unexplained", left.relative_to(tree).as_posix())
    assert "killed job" in finding.why
