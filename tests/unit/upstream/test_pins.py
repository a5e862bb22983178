"""The two pinning commands: what they are given wrong is said in words, with exit code 2 and no file written."""

import subprocess
import sys

import pytest

from scripts.certification import pin_reopen
from scripts.lib.contracts import load_yaml
from scripts.lib.files import sha256_file
from scripts.lib.pins import SeedPins
from scripts.upstream import pin_authority
from scripts.upstream.authority import Authority, authority_digest


def refused(main, capsys, *arguments) -> str:
    """What the command says on stderr when it ends with exit code 2."""
    with pytest.raises(SystemExit) as stop:
        main(list(arguments))
    assert stop.value.code == 2
    return capsys.readouterr().err


@pytest.fixture
def nothing_written(tmp_path, monkeypatch):
    """No refusal leaves an authority behind."""
    monkeypatch.chdir(tmp_path)
    yield
    assert not (tmp_path / "config").exists()


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("receipt", [None, "{", "[]", "{}"])
def test_a_folder_that_is_no_run_root(receipt, tmp_path, capsys):
    if receipt is not None:
        (tmp_path / "run_receipt.json").write_text(receipt)
    told = refused(pin_authority.main, capsys, str(tmp_path), "--name", "mine")
    assert told.startswith(str(tmp_path)) and "run_receipt.json" in told and len(told.splitlines()) == 1


@pytest.mark.usefixtures("nothing_written")
def test_a_root_that_does_not_exist(capsys):
    told = refused(pin_authority.main, capsys, "/nonexist", "--name", "mine")
    assert told == "/nonexist: no run_receipt.json: point at the root of one seed's run\n"


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("name", ["Mine-2", "mine.yaml", "../mine", "", "facts"])
def test_a_name_that_no_path_can_carry(name, capsys):
    assert "lower-case letters, digits and _" in refused(pin_authority.main, capsys, "/nonexist", "--name", name)


def pinned(digest: str, seeds=(42,)) -> Authority:
    """An authority of one file a seed."""
    seeds = {seed: SeedPins(seed, "a" * 32, "b" * 64, "c" * 64, "2026-02-22", {"x": digest * 64}) for seed in seeds}
    return Authority("mine", "import", "about", seeds, roots={})


def test_other_bytes_under_a_name_that_is_taken_need_a_word(tmp_path, monkeypatch, capsys):
    """`pin_authority --name frozen` overwrote a binding authority without a word."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pin_authority, "import_authority", lambda *given: pinned("0"))
    pin_authority.main(["root", "--name", "mine"])
    before = authority_digest("mine")
    assert f"mine: {before}" in capsys.readouterr().out
    monkeypatch.setattr(pin_authority, "import_authority", lambda *given: pinned("1", seeds=(42, 7)))
    told = refused(pin_authority.main, capsys, "root", "--name", "mine")
    assert "seed 42: other 1 of 1 files" in told and "seed 7: newly pinned" in told and "--replace" in told
    assert authority_digest("mine") == before
    pin_authority.main(["root", "--name", "mine", "--replace"])
    assert authority_digest("mine") != before
    pin_authority.main(["root", "--name", "mine"])  # the same bytes again: nothing is replaced


def test_pin_reopen_without_record(capsys):
    assert refused(pin_reopen.main, capsys).startswith("usage:")
    assert "absent.yaml" in refused(pin_reopen.main, capsys, "absent.yaml")


@pytest.mark.parametrize("text", ["", "[", "evidence: 7", "evidence: [{path: pyproject.toml}]"])
def test_pin_reopen_of_something_else(text, tmp_path, capsys):
    record = tmp_path / "record.yaml"
    record.write_text(text)
    assert "`evidence` is no list" in refused(pin_reopen.main, capsys, str(record))
    assert record.read_text() == text


@pytest.mark.parametrize("digest", ['""', "abc", '"abc"', "0" * 64])
def test_pin_reopen_replaces_the_digest_only(digest, tmp_path):
    evidence, record = tmp_path / "evidence.csv", tmp_path / "record.yaml"
    evidence.write_text("a,b\n")
    record.write_text(f"evidence:\n  - {{path: {evidence}, sha256: {digest}, says: the abc of it}}\n")
    pin_reopen.pin(record)
    entry = {"path": str(evidence), "sha256": sha256_file(evidence), "says": "the abc of it"}
    assert load_yaml(record) == {"evidence": [entry]}


@pytest.mark.parametrize("name", ["upstream.pin_authority", "certification.pin_reopen"])
def test_help_is_there(name):
    told = subprocess.check_output([sys.executable, "-m", f"scripts.{name}", "--help"], text=True)
    assert told.startswith("usage:")
