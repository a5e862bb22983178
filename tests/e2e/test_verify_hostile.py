"""Hostile trees: whatever lies there, `verify` neither breaks off nor hangs, and names it."""

import os
import shutil
import socket
import tempfile
from pathlib import Path

import pytest

from scripts.archive.prove import say, verify_tree
from tests.e2e.forge import BUNDLE, DATA, DEEP, LAYER, PINS, RECORD, SEED, copy, named, one, relative, reseal_all, write

pytestmark = pytest.mark.slow
NOBODY = 65534


ANY_TEXT = ("{", "5", "null", "[]", '"x"', DEEP, "{}\n", '{"record": 1}', "\udcff", "")


@pytest.mark.parametrize(
    "pattern",
    [
        RECORD,
        f"{LAYER}/sealed_inputs/*/sealed_inputs_2A.json",
        f"{BUNDLE}/index.json",
        f"{SEED}/reports/layer1/2A/state=S5/*/s5_run_report.json",
        "results/upstream/tiny/seed=42/*/data/layer1/1B/validation/*/index.json",
    ],
)
def test_any_text_in_place_of_json_is_a_finding(tree: Path, pattern: str):
    path = one(tree, pattern)
    for text in ANY_TEXT:
        write(path, text)
        assert named(tree)[0] == ("changed", relative(tree, path)), text[:20]
    for text in ANY_TEXT if pattern != RECORD else ():  # under records that vouch for it, too
        write(path, text)
        reseal_all(tree, path)
        assert named(tree), text[:20]


def bind(path: Path) -> None:
    """A socket; its path is too long for `bind` unless given relative."""
    before = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(before)


# what may lie in place of a file, or beside it, that is none: a link to nothing, to a folder, a pipe, a socket
SPECIAL = (lambda path: path.symlink_to("nothing"), lambda path: path.symlink_to(path.parent), os.mkfifo, bind)


@pytest.mark.parametrize("pattern", [RECORD, DATA, f"{BUNDLE}/_passed.flag", PINS, "scripts/states/s1_tz_lookup.py"])
def test_what_is_no_file_is_neither_followed_nor_waited_for(tree: Path, pattern: str):
    path = one(tree, pattern)
    data = path.read_bytes()
    for place in SPECIAL:
        path.unlink()
        place(path)
        assert named(tree)[0] == ("changed", relative(tree, path))
    path.unlink()
    (tree / "elsewhere").write_bytes(data)
    path.symlink_to(tree / "elsewhere")
    assert named(tree)[0] == ("changed", relative(tree, path))


def test_results_may_lie_on_another_disk_but_no_folder_of_theirs(tree: Path):
    (tree / "results").rename(tree / "disk")
    (tree / "results").symlink_to(tree / "disk")
    assert named(tree) == []
    (tree / SEED / "data").rename(tree / "data")
    (tree / SEED / "data").symlink_to(tree / "data")
    assert ("unexplained", f"{SEED}/data") in named(tree)
    assert ("changed", relative(tree, one(tree, DATA))) in named(tree)


@pytest.mark.parametrize("folder", [BUNDLE, f"{SEED}/data", "results"])
def test_what_no_rule_made_is_unexplained_whatever_its_name(tree: Path, folder: str):
    for name in ("evil.log", "logs/evil.json", "__pycache__/evil.pyc", ".snakemake/evil", "a\nverify: ok"):
        path = one(tree, folder) / name
        if relative(tree, path).startswith("results/logs/"):
            continue  # there the jobs write their logs
        path.parent.mkdir(exist_ok=True)
        path.write_text("evil")
        assert ("unexplained", relative(tree, path)) in named(tree)


def test_special_files_below_results_are_unexplained(tree: Path):
    path = tree / "results/x"
    for place in SPECIAL:
        place(path)
        assert named(tree) == [("unexplained", relative(tree, path))]
        path.unlink()


def test_a_name_cannot_write_the_last_line(tree: Path, capsys: pytest.CaptureFixture):
    (tree / "results/x\nverify: ok, project, 223 files").write_text("evil")
    assert say(str(tree)) == 1
    assert capsys.readouterr().out.splitlines()[-1].startswith("verify: 1 not ok")


@pytest.mark.parametrize("gone", ["results", "results/*", "results/**/lineage"])
def test_nothing_proves_nothing(tree: Path, gone: str, capsys: pytest.CaptureFixture):
    for path in sorted(tree.glob(gone)):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert say(str(tree)) == 1
    assert ("missing", "results") in named(tree)


@pytest.mark.parametrize("what", [".", "results", f"{SEED}/data", RECORD, DATA, PINS])
def test_what_cannot_be_read_is_named_as_such(certified: Path, what: str):
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        tree = copy(certified, Path(place) / "project")
        path = tree if what == "." else one(tree, what)
        mode = path.stat().st_mode
        path.chmod(0)
        effective = os.geteuid()
        if effective == 0:  # whom no mode stops
            os.seteuid(NOBODY)
        try:
            found = verify_tree(tree)
        finally:
            os.seteuid(effective)
            path.chmod(mode)
    shown = "results" if what == "." else relative(tree, path)
    (finding,) = [finding for finding in found if finding.path == shown]
    assert finding.word == "changed"
    assert "Permission denied" in finding.why
