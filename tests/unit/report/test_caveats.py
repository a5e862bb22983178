"""Caveats are the certificate's own sentences, one for each matter."""

from typing import Any

from scripts.report.caveats import Caveat, caveat_sentences

SEEDS = [42, 7, 101]


def entry(says: str, grade: str | None = "B", **place: Any) -> dict[str, Any]:
    """A caveat of the certificate."""
    return {"caveat": "matter", "grade": grade, "says": says} | place


def test_one_matter_on_several_seeds_is_one_sentence_in_their_order():
    says = "g holds B only thanks to overrides: {} without"
    found = [entry(says.format(0.2), seed=101), entry(says.format(0.2), seed=42), entry(says.format(0.3), seed=7)]
    assert caveat_sentences(found, SEEDS) == [
        Caveat(
            "matter",
            "G holds B only thanks to overrides: 0.2 without (seeds 42, 101); 0.3 without (seed 7).",
            "B",
        )
    ]


def test_matters_grades_and_kinds_stay_apart():
    found = [entry("first"), entry("first", "BPLUS"), entry("second"), entry("first") | {"caveat": "other"}]
    assert [(caveat.kind, caveat.sentence, caveat.limits) for caveat in caveat_sentences(found, SEEDS)] == [
        ("matter", "First.", "B"),
        ("matter", "First.", "B+"),
        ("matter", "Second.", "B"),
        ("other", "First.", "B"),
    ]


def test_what_only_informs_limits_nothing_and_a_matter_without_seeds_names_none():
    assert caveat_sentences([entry("seeds have between 1 and 9 sites", None)], SEEDS) == [
        Caveat("matter", "Seeds have between 1 and 9 sites.", None)
    ]
    assert (
        caveat_sentences([entry("more even than Earth", seed=7)], SEEDS)[0].sentence == "More even than Earth (seed 7)."
    )
    assert caveat_sentences([], SEEDS) == []
