"""The "decided by" line on hand-made certificates: no cause is hidden, and a miss never looks like the threshold."""

import pytest

from scripts.certification.candidates import main
from scripts.certification.certify import run_caveats
from scripts.certification.deciding import decided_by
from scripts.lib.errors import UsageError


def gate(name, axis, values, op="<=", b=0.92):
    worst = next(
        (seed for seed, value in values.items() if value is None), max(values, key=lambda seed: values[seed] or 0)
    )
    value = values[worst]
    return {"gate": name, "axis": axis, "values": values, "worst_seed": int(worst), "value": value, "op": op, "b": b}


def failed(codes, *gates):
    return {
        "status": "FAIL_REALISM",
        "seed_error_codes": codes,
        "gates": list(gates),
        "seed_failing_gates": {seed: {"B": [], "BPLUS": []} for seed in codes},
        "missing_seeds": [],
        "failing_gates": [],
    }


def test_a_code_of_one_seed_does_not_hide_the_rate_of_another():
    rate = gate("override_rate", "governance", {"42": None, "7": 0.01}, b=0.002)
    assert decided_by(failed({"42": ["2A-S0-015"], "7": []}, rate)) == [
        "2A-S0-015 on seed 42",
        "override_rate 0.01, asked <= 0.002",
    ]
    assert decided_by(failed({"42": ["2A-S0-015"], "7": ["2A-S1-092"]}, rate)) == [
        "2A-S0-015 on seed 42",
        "2A-S1-092 on seed 7",
    ]


def test_gates_are_shown_by_the_seeds_that_have_values():
    """A withheld seed leaves a gate open; what the others miss is shown, two gates at most, and the rest is counted."""
    gates = [gate(f"m{number}", "realism", {"42": 0.95, "7": None}) for number in range(4)]
    holds = gate("holds", "realism", {"42": 0.5, "7": None})
    found = decided_by(failed({"42": [], "7": ["2A-S1-090"]}, holds, *gates))
    assert found == ["2A-S1-090 on seed 7", "m0 0.95, asked <= 0.92", "m1 0.95, asked <= 0.92", "2 more"]


def test_other_checks_are_named_for_seeds_without_a_code():
    certificate = failed({"42": [], "7": ["2A-S1-090"]})
    certificate["thresholds"] = {"gates": {}}
    for entry in certificate["seed_failing_gates"].values():
        entry["B"] = ["s5_digest_matches_flag"]
    assert decided_by(certificate) == ["2A-S1-090 on seed 7", "s5_digest_matches_flag fails on seed 42"]


def test_caveats_of_a_run_tell_seeds_apart_and_repeat_vetoes():
    seeds = {
        seed: {"caveats": [], "sites_total": 100, "cohort_members": {"C_multi": members}}
        for seed, members in ((42, ["CN", "ES"]), (7, ["ES"]))
    }
    against = {"p0": {"seeds": {"42": {"veto": ["override_rate rises"]}}, "dropped_seeds": []}}
    found = run_caveats(seeds, {"against": against}, {"unequal_seed_sizes": {"value": 1.5}})
    assert [entry["caveat"] for entry in found] == ["seed_cohorts_differ", "vetoed"]
    assert found[0]["members"] == {"42": ["CN", "ES"], "7": ["ES"]}
    assert (found[1]["against"], found[1]["why"]) == ("p0", "override_rate rises")
    assert run_caveats({42: seeds[42]}, {"against": {}}, {"unequal_seed_sizes": {"value": 1.5}}) == []


@pytest.mark.parametrize(("value", "text"), [(0.92004, "0.92004"), (0.9200000001, "0.9200000001"), (1, "1")])
def test_a_near_miss_is_told_from_the_threshold(value, text):
    found = decided_by(failed({"42": []}, gate("c_multi_median_top1_share", "realism", {"42": value})))
    assert found == [f"c_multi_median_top1_share {text}, asked <= 0.92"]


def test_nothing_to_compare_is_said(tmp_path):
    with pytest.raises(UsageError, match="no candidate of lane P3"):
        main(certifications=[], comparisons=[], table=str(tmp_path / "table.md"))
