"""The digest lists of an archive."""

import pytest

from scripts.archive.sums import read_sums, sealed, sum_lines, unsealed
from scripts.lib.lineage import HashedFile

A, B = HashedFile("b/a", "a" * 64, 1), HashedFile("ö # x", "b" * 64, 2)
LINES = f"{'a' * 64}  b/a\n{'b' * 64}  ö # x\n"


def test_a_list_is_read_as_it_was_written():
    assert sum_lines([B, A]) == LINES
    assert read_sums(LINES) == {"b/a": "a" * 64, "ö # x": "b" * 64}
    assert unsealed(sealed(LINES)) == LINES
    # printf 'x\n' | sha256sum
    assert (
        sealed("x\n") == "x\n# 73cb3858a687a8494ca3323053016282f3dad39d42cf62ca4e79dda2aac7d9ac  of the lines above\n"
    )


@pytest.mark.parametrize(
    "text", ["", LINES, sealed(LINES) + "\n", sealed(LINES).replace("b/a", "b/c"), LINES + "# x\n"]
)
def test_a_list_without_its_seal_is_not_believed(text: str):
    with pytest.raises(ValueError, match="its last line states"):
        unsealed(text)


@pytest.mark.parametrize("line", ["", "x", f"{'a' * 64} b", f"{'A' * 64}  b", f"{'a' * 64}  ../b", f"{'a' * 64}  /b"])
def test_a_line_that_names_no_file_inside_the_tree_is_refused(line: str):
    with pytest.raises(ValueError, match="is no list"):
        read_sums(LINES + line + "\n")
