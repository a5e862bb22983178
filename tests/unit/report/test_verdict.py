"""Caveats are the certificate's own sentences, one for each matter."""

from typing import Any

import pytest

from scripts.report.verdict import caveats

THANKS = "g holds B only thanks to overrides"


def entry(says: str, grade: str | None = "B", **place: Any) -> dict[str, Any]:
    """A caveat of the certificate."""
    return {"caveat": "matter", "grade": grade, "says": says} | place


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        (
            [entry(f"{THANKS}: {value} without", seed=seed) for value, seed in ((0.2, 101), (0.2, 42), (0.3, 7))],
            [("G holds B only thanks to overrides: 0.2 without (seeds 42, 101); 0.3 without (seed 7).", "B")],
        ),
        (
            [entry("first"), entry("first", "BPLUS"), entry("second"), entry("first", caveat="other")],
            [("First.", "B"), ("First.", "B+"), ("Second.", "B"), ("First.", "B")],
        ),
        ([entry("seeds have between 1 and 9 sites", None)], [("Seeds have between 1 and 9 sites.", None)]),
        ([entry("more even than Earth", seed=7)], [("More even than Earth (seed 7).", "B")]),
        ([], []),
    ],
    ids=["seeds in their order", "matters, grades and kinds apart", "no limit, no seed", "one seed", "none"],
)
def test_one_matter_is_one_sentence_however_many_seeds_it_touches(entries, told):
    assert caveats(entries, [42, 7, 101]) == told
