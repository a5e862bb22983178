"""Every verdict path and every cheat, through S0-S5, scorer and reducer on planted upstreams in a world of squares."""

from pathlib import Path
from typing import Any

import pytest

from scripts.lib.contracts import load_yaml
from scripts.lib.errors import Fault
from tests.lawful import OPEN_CAPS
from tests.unit.certification.nouns import LIMITS, SEEDS
from tests.unit.certification.world import (
    AMBIGUOUS,
    CAPS,
    COLLAPSED,
    DROPPED,
    EVEN,
    INHABITED,
    LEAKED,
    LEAN,
    TO_URUMQI,
    World,
)

EXCEPTION = {
    **{"id": "EX-1", "approver": "board", "requester": "team", "reason": "people live in the overlap"},
    **{"scope": {"cap": "override_rate", "countries": ["CN"]}, "rate": 0.005},
    **{"valid_from": "2026-01-02", "expiry": "2026-12-31"},
}


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> World:
    return World(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def even(world) -> list[dict[str, Any]]:
    return [world.seed_metrics(EVEN, seed) for seed in SEEDS]


@pytest.fixture(scope="module")
def collapsed(world) -> list[dict[str, Any]]:
    return [world.seed_metrics(COLLAPSED, seed) for seed in SEEDS]


def caveats(certificate) -> set[str]:
    return {entry["caveat"] for entry in certificate["caveats"]}


def test_even_spread_passes_bplus_and_locks(world, even):
    found = world.certify(even)
    assert found["seed_failing_gates"]["42"] == {"B": [], "BPLUS": []}
    assert (found["status"], found["decision"], found["freeze"]["blockers"]) == ("PASS_BPLUS", "LOCK", [])
    assert caveats(found) == set()
    assert len(found["lines"].splitlines()) == 3
    assert found["decided_by"] == ["every gate holds"]


def test_record_and_certificate_say_what_the_contract_asks_for(world, even):
    found = world.certify(even)
    assert found["freeze"]["retained"] == {"planted": {"42": even[0]["run_id"]}}
    sizes = ("c_multi_site_count_min", "c_multi_support_min", "c_large_site_count_min")
    assert [found["cohort_contract"][name] for name in sizes] == [100, 2, 500]
    assert "ln K" in found["cohort_contract"]["entropy_norm_formula"]


def test_the_order_of_seeds_does_not_matter(world, even):
    first, again = world.certify(even), world.certify(even[::-1])
    for key in ("status", "gates", "stability", "failing_gates", "runset"):
        assert first[key] == again[key]


def test_a_row_says_of_what_how_many_and_in_which_unit(world, even):
    rows = {row["gate"]: row for row in world.certify(even[:3])["gates"]}
    registry = load_yaml("config/certification/metrics.yaml")
    for name, row in rows.items():
        about = registry[name.split(":")[0]]
        assert {key: row[key] for key in about if key != "cohort"} == {k: v for k, v in about.items() if k != "cohort"}
    assert rows["c_multi_median_top1_share"]["n"] == {"42": 4, "7": 4, "101": 4, "202": None}
    assert rows["fallback_rate"]["n"]["42"] == 1920  # sites
    assert rows["fallback_country_violations_b"]["n"]["42"] == 0  # countries with fallback rows
    assert rows["provenance_missing"]["n"]["42"] == 0  # active overrides


def test_lean_spread_passes_b(world):
    found = world.run(LEAN)
    assert (found["status"], found["decision"]) == ("PASS_B", "LOCK")
    assert "c_multi_median_top1_share" in found["seed_failing_gates"]["42"]["BPLUS"]


def test_collapse_freezes_with_blockers_that_name_their_owner(world, collapsed):
    found = world.certify(collapsed)
    assert (found["status"], found["decision"]) == ("FAIL_REALISM", "FREEZE_WITH_BLOCKERS")
    blocker = next(entry for entry in found["freeze"]["blockers"] if entry["gate"] == "c_multi_median_top1_share")
    assert blocker["surface"]["owner"] == "segment-1B"
    assert blocker["unreachable"]["by_2a_policy"] is True  # no site is ambiguous: policy can move nothing
    assert blocker["gap_to_b"]["42"] == pytest.approx(599 / 600 - 0.92)
    assert found["freeze"]["reopen_contract"]["preconditions"]
    assert "asked <= 0.92" in found["lines"]


def test_one_collapsed_seed_fails_the_run(world, even, collapsed):
    found = world.certify([even[0], collapsed[1], *even[2:]])
    assert found["status"] == "FAIL_REALISM"
    assert "seed_7_hard_gates" in found["failing_gates"]
    assert found["seed_verdicts"]["42"] == "PASS_BPLUS"
    # The collapse of one seed comes first, the instability that follows from it last.
    owners = [entry["look_at"]["owner"] for entry in found["freeze"]["next_actions"]]
    assert (owners[0], owners[-1]) == ("segment-1B", "validation") and found["triage"][0]["seeds"] == ["7"]


def test_one_good_seed_does_not_carry_the_others(world, even, collapsed):
    assert world.certify([even[0], *collapsed[1:]])["status"] == "FAIL_REALISM"


def test_the_same_data_under_two_seeds_fails(world, even):
    copy = world.seed_metrics(EVEN, 7, jitter=42)
    assert copy["site_rows"] == even[0]["site_rows"] and copy["site_rows"] != even[1]["site_rows"]
    found = world.certify([even[0], copy, *even[2:]])
    assert found["status"] == "FAIL_REALISM"
    assert found["failing_gates"] == ["required_seed_data_distinct"]
    assert found["decided_by"] == ["two required seeds carry the same rows"]


def test_a_check_that_is_no_gate_is_named_as_the_cause(world, even):
    checks = {grade: found | {"s5_digest_matches_flag": False} for grade, found in even[0]["checks"].items()}
    broken = even[0] | {"checks": checks}
    assert world.certify([broken, *even[1:]])["decided_by"] == ["s5_digest_matches_flag fails on seed 42"]


@pytest.mark.parametrize("name", ["site_timezones", "s1_tz_lookup", "site_locations", "governance"])
def test_what_scoring_reads_must_be_what_was_sealed_or_published(world, name):
    """A rewritten `site_timezones` under its old time stamp earned PASS_B."""
    house = world.house(COLLAPSED, 42)
    if name == "governance":
        house.policy("governance", OPEN_CAPS)
    else:
        house.rewrite(name, lambda table: table.slice(0, len(table) - 1))
    with pytest.raises(Fault, match=name):
        world.score(house, 42)


def test_rows_of_a_state_that_did_not_pass_are_refused(world):
    rows = Path(world.house(EVEN, 42).path("site_timezones")).read_bytes()
    failed = world.house(AMBIGUOUS, 42)
    Path(failed.path("site_timezones")).write_bytes(rows)
    with pytest.raises(Fault, match="holds rows although S2 ended with `blocked`"):
        world.score(failed, 42)


FEW = "stability across seeds (1 of at least 4 seeds)"
MISSING = ["stability across seeds (a required seed has no value)", "no data for seed 202"]  # every known value holds
COVERAGE = ["required_seed_coverage", "seed_202_hard_gates"]


@pytest.mark.parametrize(
    ("present", "required", "failing", "decided"), [(1, [42], [], [FEW]), (3, SEEDS, COVERAGE, MISSING)]
)
def test_too_few_seeds_run_and_cannot_pass(world, even, present, required, failing, decided):
    found = world.certify(even[:present], required=required)
    assert found["status"] == "FAIL_REALISM"
    assert {*found["failing_gates"]} == {*failing, "stability_cv_b", "stability_cv_bplus"}
    assert found["decided_by"] == decided and decided[-1] in found["lines"]


def test_a_pass_does_not_stand_on_leakage(world):
    found = world.run(LEAKED)
    failing = found["seed_failing_gates"]["42"]["B"]
    assert failing == sorted(f"{name}_on_untouched_rows" for name in LIMITS.realism)  # as the plan counts, all hold
    assert found["status"] == "FAIL_REALISM"
    assert found["decided_by"][0] == "c_large_share_top1_lt_095_on_untouched_rows fails on seeds 42, 7, 101, 202"


OVERRIDDEN, RELAXED = {"overrides": [TO_URUMQI]}, {"governance": OPEN_CAPS}
UNPROVEN = {"overrides": [TO_URUMQI | {"approved_by": None}]}
BREACHES = {
    "overrides of a whole country": (AMBIGUOUS, OVERRIDDEN, ["2A-S1-092"], "S2"),
    "fallback": (AMBIGUOUS, {}, ["2A-S1-090", "2A-S1-091"], "S1"),
    "incomplete provenance": (EVEN, UNPROVEN, ["2A-S2-091"], "S2"),
}


@pytest.mark.parametrize(("plan", "policy", "codes", "state"), BREACHES.values(), ids=BREACHES)
def test_a_breach_fails_the_run_with_its_code(world, plan, policy, codes, state):
    found = world.run(plan, **policy)
    assert (found["status"], found["seed_error_codes"]["42"]) == ("FAIL_REALISM", codes)
    assert found["triage"][0]["look_at"]["state"] == state


@pytest.mark.parametrize(
    ("policy", "failing", "named"),
    [
        (OVERRIDDEN | RELAXED, {"override_rate"}, {"cap_relaxed", "rests_on_overrides"}),
        (RELAXED, {"fallback_rate", "fallback_country_violations_b"}, {"cap_relaxed"}),
    ],
)
def test_relaxed_caps_do_not_move_the_gate(world, policy, failing, named):
    found = world.run(AMBIGUOUS, **policy)
    assert found["status"] == "FAIL_REALISM"
    assert failing <= set(found["seed_failing_gates"]["42"]["B"]) and named <= caveats(found)


def test_dropping_a_hard_country_below_the_floor_is_named(world):
    found = world.run(DROPPED)
    assert found["status"] == "PASS_BPLUS"
    assert "rests_on_cohort_floor" in caveats(found)


def test_an_approved_exception_lifts_b_with_a_caveat(world):
    found = world.run(INHABITED, overrides=[TO_URUMQI], governance=CAPS | {"exceptions": [EXCEPTION]})
    assert found["status"] == "PASS_B"
    assert {"override_exception", "rests_on_overrides"} <= caveats(found)
    told = [entry for entry in found["caveats"] if entry["caveat"] == "override_exception"]
    assert [{key: entry[key] for key in EXCEPTION} for entry in told] == [EXCEPTION] * len(SEEDS)
    row = next(row for row in found["gates"] if row["gate"] == "override_rate")
    assert (row["verdict"], row["b"], row["b_contract"]) == ("PASS_B", 0.005, 0.002)
    assert row["margin_b"] == pytest.approx(0.005 - 8 / 1920)
    assert found["freeze"]["blockers"] == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"expiry": "2026-01-01"}, "lapsed on 2026-01-01"),
        ({"rate": 0.004}, "8 of 1920 sites) > cap 0.004"),
        ({"scope": {"cap": "override_rate", "countries": ["NZ"]}}, "override_rate outside the exceptions"),
        ({"requester": "board"}, "`board` may not approve what `board` asks for"),
    ],
)
def test_an_exception_lifts_no_more_than_it_says(world, change, why):
    exception = EXCEPTION | change
    house = world.house(INHABITED, 42, [TO_URUMQI], CAPS | {"exceptions": [exception]})
    (error,) = house.report("S1")["errors"]
    assert error["code"] == "2A-S1-092" and why in error["message"]


def test_an_exception_that_nothing_needs_raises_no_caveat(world, even):
    spared = world.seed_metrics(EVEN, 42, governance=CAPS | {"exceptions": [EXCEPTION]})
    found = world.certify([spared, *even[1:]])
    assert (found["status"], caveats(found)) == ("PASS_BPLUS", set())


def test_what_the_floors_exempt_stands_in_the_certificate(world):
    """99 sites of CN, three of them guessed: 3 % of the country, 0.045 % of the world, and no cap binds."""
    plan = {("NZ", "Auckland"): 3300, ("NZ", "Chatham"): 3300, ("CN", "Shanghai"): 96, ("CN", "overlap"): 3}
    metrics = world.seed_metrics(plan, 42)
    assert metrics["state_status"]["S5"] == "pass"
    found = world.certify([metrics])["fallback_exempt"]
    assert found == {
        "42": {"CN": {"sites_total": 99, "fallback_total": 3, "fallback_rate": 0.03030303, "exempt_by": ["min_sites"]}}
    }


def test_in_country_preference_takes_the_one_zone_of_the_country_only(world):
    preference = CAPS | {"border_preference": {"value": "in_country", "why": "test", "source": "test"}}
    undecided = world.seed_metrics(AMBIGUOUS, 42, governance=preference)
    assert undecided["error_codes"]["S1"] == ["2A-S1-090", "2A-S1-091"]  # both zones are China's
    assert undecided["s1_governance"]["preferred_by_country"] == {}
    assert world.seed_metrics(EVEN, 42)["s1_governance"]["preferred_by_country"] == {}
