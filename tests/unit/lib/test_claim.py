"""A claim that cannot be written, as on a full disk, leaves nothing behind."""

import errno
from pathlib import Path

import pytest

from scripts.lib.files import claim, write_text


def test_a_claim_on_a_full_disk_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(path: Path, _: str) -> None:
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        with pytest.raises(OSError, match="No space"), claim(tmp_path / "record.json"):
            pass
    assert list(tmp_path.iterdir()) == []
    with claim(tmp_path / "record.json"):
        write_text(tmp_path / "made.txt", "made")
    assert [path.name for path in tmp_path.iterdir()] == ["made.txt"]
