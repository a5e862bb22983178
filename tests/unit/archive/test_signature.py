"""A signed digest list: what its key says of it, and one line where there is no key, no tool or no signature."""

import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.archive import signature
from scripts.archive.signature import Unusable, check_signature, sign
from scripts.archive.sums import SIGNATURE, SUMS
from scripts.archive.tree import Tree

pytestmark = pytest.mark.skipif(not shutil.which(signature.TOOL), reason="OpenSSH is not installed")
TEXT = "a list of digests\n"


@pytest.fixture
def key(tmp_path: Path) -> str:
    path = tmp_path / "key of mine"
    subprocess.run([signature.TOOL, "-q", "-t", "ed25519", "-N", "", "-C", "me", "-f", path], check=True)
    return str(path)


def archive(folder: Path, *, text: str = TEXT, signed: str | None) -> Tree:
    folder.mkdir(exist_ok=True)
    (folder / SUMS).write_text(text)
    if signed is not None:
        (folder / SIGNATURE).write_text(signed)
    return Tree(folder)


def word(tree: Tree, public_key: str) -> str:
    check_signature(tree, public_key)
    return tree.findings[SIGNATURE].word if SIGNATURE in tree.findings else "ok"


def test_the_signature_of_its_key_holds_for_its_text_alone(tmp_path: Path, key: str):
    signed = sign(TEXT, key)
    assert sign(TEXT, key) == signed  # of an ed25519 key: the archive stays the same bytes
    assert word(archive(tmp_path / "a", signed=signed), f"{key}.pub") == "ok"
    assert word(archive(tmp_path / "b", text="another list\n", signed=signed), f"{key}.pub") == "changed"
    assert word(archive(tmp_path / "c", signed=None), f"{key}.pub") == "missing"
    assert word(archive(tmp_path / "d", signed="no signature"), f"{key}.pub") == "changed"


def test_another_key_is_not_believed(tmp_path: Path, key: str):
    signed = sign(TEXT, key)
    other = tmp_path / "other"
    subprocess.run([signature.TOOL, "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)
    assert word(archive(tmp_path / "a", signed=signed), f"{other}.pub") == "changed"


def test_what_cannot_be_used_is_one_line(tmp_path: Path, key: str, monkeypatch: pytest.MonkeyPatch):
    tree = archive(tmp_path / "a", signed="")
    (tmp_path / "empty").write_text("")
    for file in ("none", "empty"):
        with pytest.raises(Unusable, match="is no OpenSSH public key"):
            check_signature(tree, str(tmp_path / file))
    with pytest.raises(Unusable, match="cannot sign with") as caught:
        sign(TEXT, str(tmp_path / "none"))
    assert "\n" not in str(caught.value)
    locked = tmp_path / "locked"
    subprocess.run([signature.TOOL, "-q", "-t", "ed25519", "-N", "a pass phrase", "-f", locked], check=True)
    with pytest.raises(Unusable):  # without a terminal to ask at
        sign(TEXT, str(locked))
    monkeypatch.setattr(signature, "TOOL", "no-such-ssh-keygen")
    with pytest.raises(Unusable, match="is not installed"):
        check_signature(tree, f"{key}.pub")
