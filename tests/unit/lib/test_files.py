"""A file is read once a job for its digest, and again as soon as it is another; a full disk leaves no claim."""

import errno
import os
import time
from pathlib import Path

import pytest

from scripts.lib import files
from scripts.lib.files import claim, sha256_file, sha256_text, write_text


@pytest.fixture
def settled(tmp_path, monkeypatch):
    """A file that has not changed for longer than a second, by a clock that runs ahead."""
    now = time.time_ns()
    monkeypatch.setattr(files.time, "time_ns", lambda: now + 2 * files.SETTLED_NS)
    path = tmp_path / "file"
    path.write_text("before")
    assert sha256_file(path) == sha256_text("before")
    return path


def test_a_settled_file_is_read_once(settled, monkeypatch):
    monkeypatch.setattr(files, "_sha256", lambda paths: "read again")
    assert sha256_file(settled) == sha256_text("before")


def test_an_edit_under_the_old_time_stamp_is_seen(settled):
    stamp = settled.stat()
    time.sleep(0.02)  # the clock of the file system ticks every few milliseconds
    settled.write_text("behind")
    os.utime(settled, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert settled.stat().st_mtime_ns == stamp.st_mtime_ns
    assert sha256_file(settled) == sha256_text("behind")


def test_a_file_that_has_just_changed_is_read_each_time(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_text("before")
    sha256_file(path)
    monkeypatch.setattr(files, "_sha256", lambda paths: "read again")
    assert sha256_file(path) == "read again"


def test_no_file_is_the_digest_of_nothing():
    assert sha256_file() == sha256_text("")


def test_a_claim_on_a_full_disk_leaves_no_file(tmp_path, monkeypatch):
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
