"""Hostile policies: at, just above and just below each bound, with what S1 and S2 say of them (issue 12, 4, 8, 16, 18).

A thousand sites: one row is 0.1 %. Where geometry cannot decide, the overlap of China's two zones, policy must, and
may only as far as it says.
"""

import pytest

from scripts.lib.contracts import load_yaml
from tests.lawful import APPROVERS, EXCEPTION, OVERRIDE, House, site_table, stated

SITES = 1000
CAPS = load_yaml("config/policy/governance.yaml") | {"approvers": APPROVERS}  # the project's own
BOTH = ["Asia/Shanghai", "Asia/Urumqi"]


def world(house: House, country: str, ambiguous: int, governance: dict, overrides: list[dict]) -> list[str]:
    """Codes of S1, and of S2 where S1 passes, on a thousand sites so many of which lie in the overlap."""
    rows = [(7, country, order, 107.0, 35.0) for order in range(1, ambiguous + 1)]
    rows += [(8, "FR", order, 5.0, 45.0) for order in range(1, SITES - ambiguous + 1)]
    house.plant(site_table(rows))
    house.policy("governance", governance)
    house.policy("tz_overrides", overrides)
    house.s0()
    return house.s1() or house.s2()


@pytest.mark.parametrize(
    ("rows", "change", "codes"),
    [
        (2, None, []),  # the cap itself: 0.2 %
        (3, None, ["2A-S1-092"]),
        (4, {}, []),  # the exception's own rate
        (5, {}, ["2A-S1-092"]),
        (5, {"rate": 0.005}, []),  # the ceiling
        (5, {"rate": 0.0051}, ["2A-S1-092"]),  # an exception above it is none
        (6, {"rate": 0.5}, ["2A-S1-092"]),
        (3, {"expiry": "2026-02-14"}, ["2A-S1-092"]),  # the receipt is of the day after
        (3, {"valid_from": "2026-02-15"}, []),
        (3, {"valid_from": "2026-02-16", "expiry": "2026-03-01"}, ["2A-S1-092"]),
        (3, {"valid_from": "1970-01-01"}, ["2A-S1-092"]),
        (3, {"approver": "team"}, ["2A-S1-092"]),
        (3, {"requester": "board"}, ["2A-S1-092"]),
        (3, {"scope": {"cap": "override_rate", "countries": ["FR"]}}, ["2A-S1-092"]),
    ],
)
def test_overrides_reach_as_far_as_cap_and_exception_say(rows, change, codes, planted):
    exceptions = [] if change is None else [EXCEPTION | change]
    assert world(planted, "CN", rows, CAPS | {"exceptions": exceptions}, [OVERRIDE]) == codes
    shown = [entry | {"refused": None} for entry in exceptions]
    assert [entry | {"refused": None} for entry in planted.report("S1")["governance"]["exceptions"]] == shown
    assert codes or planted.report("S2")["governance"]["exceptions"] == shown
    assert planted.report("S1")["diagnostics"]["border_ambiguity"] == [
        {"country_iso": "CN", "zones": BOTH, "own_zones": BOTH, "decided_by": "override", "rows": rows}
    ]


@pytest.mark.parametrize(("rows", "codes"), [(2, []), (3, ["2A-S1-093"])])
def test_border_preference_has_the_budget_of_overrides(rows, codes, planted):
    assert world(planted, "KG", rows, CAPS | stated(border_preference="in_country"), []) == codes
    governance = planted.report("S1")["governance"]
    assert governance["rates"]["preferred_rate"] == rows / SITES
    assert governance["preferred_by_country"] == {
        "KG": {"sites_total": rows, "preferred_total": rows, "preferred_rate": 1}
    }


def test_what_the_country_cap_exempts_is_listed(planted):
    """All of a country guessed, on a thousand sites that no other cap stops."""
    assert world(planted, "CN", 2, CAPS | stated(fallback_rate_cap=0.002), []) == []
    found = planted.report("S1")["governance"]
    assert found["fallback_country_violations"] == []
    assert found["fallback_country_exempt"] == {
        "CN": {"sites_total": 2, "fallback_total": 2, "fallback_rate": 1, "exempt_by": ["min_sites"]}
    }


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({}, []),
        ({"approved_by": None}, ["2A-S2-091"]),
        ({"scope": "site", "target": "7|CN|1", "approved_by": None}, []),  # one site needs no approver
        ({"scope": "site", "target": "7|CN|1", "approved_by": "me"}, ["2A-S2-091"]),  # who is named must be listed
    ],
)
def test_who_may_approve_an_override(change, codes, planted):
    """More of them in tests/contract/s2.py."""
    assert world(planted, "CN", 1, CAPS, [OVERRIDE | change]) == codes


def test_a_nudge_of_twelve_degrees_hides_nothing(planted):
    planted.nudge("12.0")
    assert world(planted, "CN", 1, CAPS, [OVERRIDE]) == ["2A-S1-021"]
    (error,) = planted.report("S1")["errors"]
    assert "12.0 is above 0.01 (epsilon_degrees_cap)" in error["message"]


def test_rows_that_a_nudge_put_abroad_are_counted(planted):
    """FR on the border is nudged into Berlin's zone: lawful, and shown."""
    planted.plant(site_table([(7, "FR", 1, 10.0, 45.0), (7, "FR", 2, 5.0, 45.0)]))
    planted.through("S2")
    report = planted.report("S1")
    assert report["governance"]["nudged_abroad"] == 1
    assert report["diagnostics"]["border_ambiguity"] == [
        {"country_iso": "FR", "zones": ["Europe/Berlin"], "own_zones": [], "decided_by": "nudge", "rows": 1}
    ]
