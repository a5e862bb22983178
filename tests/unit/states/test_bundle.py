"""What S5 reports of a bundle is what lies there."""

import hashlib

import pytest

from scripts.lib.published import FLAG_NAME
from scripts.states.bundle import Bundle, Index, IndexEntry, verify_bundle, write_index_and_flag
from scripts.states.s5_bundle import bundle_blocks

AB = hashlib.sha256(b"AB").hexdigest()  # of a.txt and b/c.txt in byte order


@pytest.fixture
def root(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b/c.txt").write_text("B")
    (tmp_path / "a.txt").write_text("A")
    write_index_and_flag(tmp_path)
    return tmp_path


def test_a_written_bundle(root):
    assert bundle_blocks(verify_bundle(root), "here") == {
        "bundle": {
            "path": "here",
            "files_indexed": 2,
            "bytes_indexed": 2,
            "index_sorted_ascii_lex": True,
            "index_path_root_scoped": True,
            "includes_flag_in_index": False,
        },
        "digest": {"computed_sha256": AB, "matches_flag": True},
        "flag": {"value": f"sha256_hex = {AB}", "format_exact": True},
    }


def test_a_flag_without_line_feed_is_read_but_is_not_exact(root):
    (root / FLAG_NAME).write_bytes(f"sha256_hex = {AB}".encode())
    found = bundle_blocks(verify_bundle(root), "here")
    assert (found["digest"]["matches_flag"], found["flag"]["format_exact"]) == (True, False)


def test_no_flag_of_the_report_is_a_literal(root):
    index = Index([IndexEntry("b/c.txt", "0" * 64), IndexEntry("../a.txt", "0" * 64), IndexEntry(FLAG_NAME, "0" * 64)])
    (root.parent / "a.txt").write_text("A")
    found = bundle_blocks(Bundle(root, index, AB, f"sha256_hex = {'0' * 64}".encode()), "here")
    assert [value for value in found["bundle"].values() if isinstance(value, bool)] == [False, False, True]
    assert (found["digest"]["matches_flag"], found["flag"]["format_exact"]) == (False, False)
