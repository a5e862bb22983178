"""Gates are held against the rate of the counts; reports show it to 8 decimals (certification.md §4)."""

from dataclasses import replace
from fractions import Fraction

import pytest

from scripts.scoring.gates import read_limits
from scripts.scoring.governance_metrics import (
    Held,
    Part,
    cap_caveats,
    exception_caveats,
    governance_metrics,
    heavy_override_caveats,
    policy_caveats,
    policy_rows,
    raised_by_exceptions,
    seed_governance,
)
from scripts.scoring.metric_value import available
from scripts.states.policy import CapException, Scope

LIMITS = read_limits("config/certification/gates.yaml")
TOTAL = 10**9


def rows(fallbacks, overrides, preferred=0):
    """Rows of policy among a thousand million sites; the fallbacks are RS, which has a fifth of the sites."""
    part = {"sites_total": TOTAL // 5}
    block = {
        "fallback_by_country": {"RS": part | {"fallback_total": fallbacks}} if fallbacks else {},
        "override_by_country": {"CN": part | {"overrides_total": overrides}} if overrides else {},
        "preferred_by_country": {"RS": part | {"preferred_total": preferred}} if preferred else {},
    }
    return policy_rows(block, TOTAL)


def s2_report(overrides):
    counts = {"sites_total": TOTAL, "overridden_total": overrides, "provenance_missing": 0, "overrides_active": 1}
    return {"governance": {"rates": {}}, "counts": counts}


def metrics(found, overrides):
    return governance_metrics(found, s2_report(overrides), LIMITS)


def test_gates_divide_the_counts():
    found = metrics(rows(500_001, 2_000_001), 2_000_001)
    assert found["fallback_rate"].value == 500_001 / TOTAL > 0.0005
    assert found["override_rate"].value == 2_000_001 / TOTAL > 0.0020
    assert found["fallback_country_violations_b"].value == 1
    units = {"fallback_rate": TOTAL, "fallback_country_violations_b": 1, "provenance_missing": 1}
    assert {name: found[name].n for name in units} == units


def test_what_a_state_did_not_report_is_no_zero():
    found = governance_metrics(None, {}, LIMITS)
    assert {entry.value for entry in found.values()} == {None}
    assert found["fallback_rate"].reason == "S1 reported no governance"
    assert found["override_rate"].reason == "S2 reported no governance"
    assert policy_rows({}, None) is None
    assert seed_governance({}, {}, Held(LIMITS, LIMITS, [])) == (found, [])


@pytest.mark.parametrize(
    ("fallbacks", "sites", "breach"),
    [(2, 1999, True), (2, 2000, False), (2, 99, False), (1, 100, False), (2, 100, True)],
)
def test_a_country_breaches_its_cap_from_two_rows_and_a_hundred_sites(fallbacks, sites, breach):
    part = {"sites_total": sites, "fallback_total": fallbacks}
    found = policy_rows({"fallback_by_country": {"PS": part}}, TOTAL)
    assert found.violations(LIMITS.fallback_country, "b") == (["PS"] if breach else [])


def test_without_policy_its_rows_fall_back():
    found = rows(3, 5, preferred=7).without_policy()
    assert found.fallback == {"CN": Part(5, TOTAL // 5), "RS": Part(10, TOTAL // 5)}
    assert (found.fallback_rate, found.override_rate) == (Fraction(15, TOTAL), 0)


def test_a_gate_that_policy_alone_holds_is_named_with_its_means():
    found = rows(0, 100_001, preferred=1)
    caveats = policy_caveats(found, metrics(found, 100_001), LIMITS)
    assert [(entry.caveat, entry.gate, entry.grade) for entry in caveats] == [
        ("rests_on_overrides", "fallback_rate", "BPLUS"),
        ("rests_on_border_preference", "fallback_rate", "BPLUS"),
        ("rests_on_overrides", "fallback_country_violations_bplus", "BPLUS"),
        ("rests_on_border_preference", "fallback_country_violations_bplus", "BPLUS"),
    ]
    assert caveats[0].numbers["value_without"] == 100_002 / TOTAL
    assert caveats[0].numbers["countries"] == ["CN", "RS"]


def test_heavy_override_use_is_judged_by_the_counts():
    for overrides, heavy in ((250_000, False), (250_001, True)):
        found = rows(50, overrides)
        caveats = policy_caveats(found, metrics(found, overrides), LIMITS)
        assert bool(heavy_override_caveats(found, caveats, LIMITS)) is heavy
    assert heavy_override_caveats(rows(50, 250_001), [], LIMITS) == []


EXCEPTION = CapException(
    "EX-1", "board", "team", Scope("override_rate", ("CN",)), 0.004, "2026-01-02", "2026-12-31", "test"
)


def test_an_exception_in_force_raises_b_alone_and_no_looser_than_it_says():
    held = raised_by_exceptions(LIMITS, [EXCEPTION, replace(EXCEPTION, id="low", rate=0.001)])
    gate = held.limits.gates["override_rate"]
    assert (gate.b, gate.bplus, held.exceptions) == (0.004, LIMITS.gates["override_rate"].bplus, [EXCEPTION])
    assert raised_by_exceptions(LIMITS, []) == (LIMITS, LIMITS, [])


def test_an_exception_is_a_caveat_where_it_is_needed():
    for rate, needed in ((0.002, []), (0.003, ["EX-1"])):
        found = exception_caveats({"override_rate": available(rate, 9)}, Held(LIMITS, LIMITS, [EXCEPTION]))
        assert [entry.numbers["id"] for entry in found] == needed
    assert [entry.numbers["approver"] for entry in found] == ["board"]


def test_caps_looser_than_the_gates_are_named():
    caps = {
        "fallback_rate_cap": 0.0005,
        "fallback_country_cap": 0.02,
        "fallback_country_min_sites": 100,
        "fallback_country_min_rows": 3,
        "override_rate_cap": 0.0020,
    }
    found = cap_caveats(caps, LIMITS)
    assert [(entry.gate, entry.numbers["value"], entry.numbers["contract"]) for entry in found] == [
        ("fallback_country_cap", 0.02, 0.0010),
        ("fallback_country_min_rows", 3, 2),
    ]
    override = replace(LIMITS.gates["override_rate"], b=0.001)
    stricter = replace(LIMITS, gates=LIMITS.gates | {"override_rate": override})
    assert "override_rate_cap" in [entry.gate for entry in cap_caveats(caps, stricter)]
