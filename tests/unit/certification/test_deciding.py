"""The "decided by" line on hand-made certificates: no cause is hidden, and a miss never looks like the threshold."""

import pandas as pd
import pytest

from scripts.certification.candidates import main
from scripts.certification.caveats import run_caveats
from scripts.certification.deciding import decided_by
from scripts.lib.errors import UsageError
from tests.unit.certification.nouns import LIMITS, certificate, gate_row, seed_metrics

PASSED = {"B": [], "BPLUS": []}


def failed(codes, *rows, **changes):
    failing = dict.fromkeys(codes, PASSED)
    return certificate(**{"seed_error_codes": codes, "seed_failing_gates": failing, "gates": list(rows)} | changes)


def test_a_code_of_one_seed_does_not_hide_the_rate_of_another():
    rate = gate_row("override_rate", values={42: None, 7: 0.01}, value=None)
    assert decided_by(failed({42: ["2A-S0-015"], 7: []}, rate)) == [
        "2A-S0-015 on seed 42",
        "override_rate 0.01, asked <= 0.002",
    ]
    assert decided_by(failed({42: ["2A-S0-015"], 7: ["2A-S1-092"]}, rate)) == [
        "2A-S0-015 on seed 42",
        "2A-S1-092 on seed 7",
    ]


def test_gates_are_shown_by_the_seeds_that_have_values():
    """A withheld seed leaves a gate open; what the others miss is shown, two gates at most, and the rest is counted."""
    rows = [gate_row(f"m{number}", values={42: 0.95, 7: None}, worst_seed=7, value=None) for number in range(4)]
    holds = gate_row("holds", values={42: 0.5, 7: None}, worst_seed=7, value=None)
    found = decided_by(failed({42: [], 7: ["2A-S1-090"]}, holds, *rows))
    assert found == ["2A-S1-090 on seed 7", "m0 0.95, asked <= 0.92", "m1 0.95, asked <= 0.92", "2 more"]


def test_other_checks_are_named_for_seeds_without_a_code():
    failing = {seed: {"B": ["s5_digest_matches_flag"], "BPLUS": []} for seed in (42, 7)}
    found = failed({42: [], 7: ["2A-S1-090"]}, seed_failing_gates=failing)
    assert decided_by(found) == ["2A-S1-090 on seed 7", "s5_digest_matches_flag fails on seed 42"]


def test_caveats_of_a_run_tell_seeds_apart():
    seeds = {
        seed: seed_metrics(seed, cohort_members={"C_multi": members, "C_large": []})
        for seed, members in ((42, ["CN", "ES"]), (7, ["ES"]))
    }
    nothing = dict.fromkeys(seeds, pd.DataFrame())
    found = run_caveats(seeds, nothing, {}, LIMITS)
    assert [entry.caveat for entry in found] == ["seed_cohorts_differ"]
    assert found[0].numbers["members"] == {"42": ["CN", "ES"], "7": ["ES"]}
    assert not any(entry.qualifies("PASS_BPLUS") for entry in found)
    assert run_caveats({42: seeds[42]}, nothing, {}, LIMITS) == []


@pytest.mark.parametrize(("value", "text"), [(0.92004, "0.92004"), (0.9200000001, "0.9200000001"), (1, "1")])
def test_a_near_miss_is_told_from_the_threshold(value, text):
    found = decided_by(failed({42: []}, gate_row(values={42: value}, value=value)))
    assert found == [f"c_multi_median_top1_share {text}, asked <= 0.92"]


def test_nothing_to_compare_is_said(tmp_path):
    with pytest.raises(UsageError, match="no candidate of lane P3"):
        main(certifications=[], comparisons=[], table=str(tmp_path / "table.md"))
