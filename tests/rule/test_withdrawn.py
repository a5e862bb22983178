"""S5's bundle is never replaced; a state that runs anew takes it back first (decisions.md §5, decision 15)."""

import pytest

from scripts.lib.files import sha256_tree
from scripts.states.bundle import verify_bundle, write_index_and_flag
from tests.lawful import raised

BUNDLE = "validation_bundle_2A"
MADE = {"s1": "s1_tz_lookup", "s2": "site_timezones", "s3": "tz_timetable_cache", "s4": "s4_legality_report"}


@pytest.mark.parametrize("state", MADE)
def test_a_state_that_runs_anew_withdraws_the_bundle(state, passed):
    """As Snakemake does it: the outputs of a job that it reruns are removed before."""
    before = sha256_tree(passed.files[BUNDLE])
    passed.files[MADE[state]].unlink()
    assert getattr(passed, state)() == []
    assert not passed.files[BUNDLE].exists()
    passed.through("S5")
    assert sha256_tree(passed.files[BUNDLE]) == before  # the same evidence gives the same bytes


def test_a_state_that_is_refused_its_place_leaves_the_bundle(passed):
    before = sha256_tree(passed.files[BUNDLE])
    passed.edit("s4_legality_report", lambda found: found | {"notes": "mine"})
    assert raised(passed.s4) == ["2A-S4-041"]
    assert sha256_tree(passed.files[BUNDLE]) == before


def test_an_intact_bundle_of_other_bytes_stays(passed):
    """One with its own lawful index and flag: S5 wrote over it once."""
    root = passed.files[BUNDLE]
    (root / "checks.json").write_text((root / "checks.json").read_text() + " ")
    write_index_and_flag(root)
    verify_bundle(root)
    before = sha256_tree(root)
    assert raised(passed.s5) == ["2A-S5-060"]
    assert sha256_tree(root) == before
