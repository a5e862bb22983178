"""12.1, 12.12, 12.17, 12.21: which rows and countries a pass stands on, at, just above and just below each bound.

A seed without rows and an empty cohort fail with a certificate, and Earth has nothing to say of them.
"""

import pandas as pd
import pytest

from scripts.scoring.gates import read_limits
from scripts.scoring.score_earth import ceilings, earth
from scripts.scoring.seed_metrics import Coverage
from scripts.scoring.structural import coverage, coverage_checks
from scripts.scoring.variants import (
    c_large_caveats,
    c_large_readings,
    polygon_support,
    untouched_checks,
    variant_metrics,
    variant_tables,
)
from tests.unit.certification.test_certification_paths import SEEDS, World
from tests.unit.scoring.worlds import COHORTS, SUPPORT, counted, counts

LIMITS = read_limits("config/certification/gates.yaml")


def found(gated: int, ungated: int, unknown: dict[str, int], multi: int = 3, large: int = 3) -> dict[str, bool]:
    """The checks of so many sites in gated, in other and in unknown countries, and so many gated countries."""
    size = max(multi, large)
    flags = {"is_c_multi": [n < multi for n in range(size)], "is_c_large": [n < large for n in range(size)]}
    return coverage_checks(Coverage(gated, ungated, unknown), pd.DataFrame(flags), COHORTS, LIMITS)


@pytest.mark.parametrize("number", [2, 3, 4])
def test_a_gated_cohort_has_three_countries_or_more(number):
    few_multi, few_large = found(100, 0, {}, multi=number), found(100, 0, {}, large=number)
    assert few_multi["c_multi_enough_countries"] is few_large["c_large_enough_countries"] is (number >= 3)
    assert few_multi["c_large_enough_countries"] and few_large["c_multi_enough_countries"]


@pytest.mark.parametrize(("gated", "enough"), [(99, False), (100, True), (101, True)])
def test_gates_speak_for_a_tenth_of_the_sites(gated, enough):
    assert found(gated, 1000 - gated, {})["gated_share_enough"] is enough


@pytest.mark.parametrize(("unknown", "bounded"), [(0, True), (1, True), (2, False)])
def test_unknown_country_codes_are_bounded(unknown, bounded):
    assert found(500, 500 - unknown, {"QZ": unknown})["unknown_countries_bounded"] is bounded


def test_a_seed_without_rows_is_covered_by_nothing():
    assert set(found(0, 0, {}, 0, 0).values()) == {False}


@pytest.mark.parametrize("plan", [{}, {("FR", "Paris"): 50}], ids=["no rows", "empty cohort"])
def test_nothing_to_judge_is_a_failure_with_a_certificate(tmp_path, plan):
    world = World(tmp_path)
    found = world.certify([world.seed_metrics(plan, seed) for seed in SEEDS])
    assert (found["status"], found["decision"]) == ("FAIL_REALISM", "FREEZE_WITH_BLOCKERS")
    assert {"c_multi_nonempty", "c_large_nonempty"} <= set(found["seed_failing_gates"]["42"]["B"])
    assert found["qualifications"] == [] and found["lines"].startswith("planted: FAIL_REALISM\n")


@pytest.mark.parametrize("countries", [[], ["FR"]], ids=["no rows", "empty cohort"])
def test_earth_and_ceilings_of_nothing_have_no_value(countries):
    flags = pd.DataFrame({"country_iso": pd.Series(countries, dtype=str)})
    flags = flags.assign(site_count=50, is_c_multi=False, is_c_large=False).astype({"site_count": "int64"})
    support = pd.DataFrame({"country_iso": ["FR", "FR"], "tzid": ["Europe/Paris", "Europe/Berlin"]})
    places = support.head(1).assign(population=1000)
    metrics, _ = earth(places, support, flags, seed=42, draws=3)
    assert {entry["value"] for entry in metrics.values()} == {None}
    best = ceilings(flags, support, LIMITS.gates)
    assert {best[name] for name in LIMITS.realism} == {None}


def test_sites_are_counted_by_what_gates_them():
    table = counted(
        counts(("AA", "Z/1", "polygon", 100), ("BB", "Z/5", "polygon", 7), ("QZ", "Z/1", "polygon", 100))
    ).table
    assert coverage(table, ["AA", "BB", "CC"]) == Coverage(100, 7, {"QZ": 100})


def checks(frame: pd.DataFrame, fallback: int = 0, preferred: int = 0) -> set[str]:
    """Realism gates that do not hold B on the untouched rows."""
    tables = variant_tables(counted(frame), {"AA": fallback}, {"AA": preferred})
    found = untouched_checks(variant_metrics(tables), LIMITS)
    return {name.removesuffix("_on_untouched_rows") for name, holds in found.items() if not holds}


HONEST = counts(("AA", "Z/1", "polygon", 460), ("AA", "Z/2", "polygon", 40), ("AA", "Z/3", "polygon", 60))
DIVERSITY = {"c_multi_share_distinct_ge2", "c_multi_median_top1_share", "c_multi_median_top1_top2_gap"}
DIVERSITY |= {"c_multi_median_entropy_norm", "c_large_share_top1_lt_095"}


def test_a_world_that_nobody_touched_stands():
    assert checks(HONEST) == set()


@pytest.mark.parametrize(
    "touched", [{"tzid": ["Z/1", "Z/7", "Z/8"]}, {"tzid_source": ["polygon", "override", "override"]}]
)
def test_diversity_by_leakage_or_overrides_does_not_stand(touched):
    assert checks(HONEST.assign(**touched)) == DIVERSITY


@pytest.mark.parametrize(("fallback", "preferred"), [(100, 0), (0, 100), (50, 50)])
def test_diversity_by_guesses_or_preference_does_not_stand(fallback, preferred):
    assert checks(HONEST.assign(ambiguous=[False, True, True]), fallback, preferred) == DIVERSITY


@pytest.mark.parametrize(("second", "stands"), [(39, False), (40, True), (41, True)])
def test_the_share_of_untouched_rows_flips_at_092(second, stands):
    """460 of 500 in the first zone is 0.92; the rest of the world leaks."""
    frame = counts(("AA", "Z/1", "polygon", 460), ("AA", "Z/2", "polygon", second), ("AA", "Z/9", "polygon", 300))
    assert ("c_multi_median_top1_share" not in checks(frame)) is stands


def test_the_switch_turns_the_checks_off():
    off = LIMITS.untouched_rows.__class__(False, "why", "source")
    limits = LIMITS.__class__(**vars(LIMITS) | {"untouched_rows": off})
    assert untouched_checks({}, limits) == {}


@pytest.mark.parametrize(("single_zone", "named"), [(0, []), (1, ["B", "BPLUS"])])
def test_a_pass_of_c_large_that_the_letter_would_not_give_is_named(single_zone, named):
    """AA passes; BB, as large, has one zone: by the letter 1/2, of eligible countries 1/1."""
    rows = [("AA", "Z/1", "polygon", 400), ("AA", "Z/2", "polygon", 200)]
    rows += [("BB", "Z/5", "polygon", 900)] * single_zone
    readings = c_large_readings(counted(counts(*rows)))
    found = c_large_caveats(readings, LIMITS.gates["c_large_share_top1_lt_095"])
    assert [entry.grade for entry in found] == named
    if named:
        assert (found[0].numbers["value"], found[0].numbers["literal"]) == (1.0, 0.5)
        assert found[0].says.endswith("of all large ones it is 0.5") and found[0].qualifies("PASS_B")


def test_a_one_zone_country_counts_by_leakage_alone_and_lies_above_the_ceiling():
    readings = c_large_readings(counted(counts(("BB", "Z/5", "polygon", 500), ("BB", "Z/1", "polygon", 400))))
    assert (readings["literal"].value, readings["literal"].ceiling) == (1.0, 0.0)


def test_polygons_give_other_cohorts_and_values():
    frame = counts(("AA", "Z/1", "polygon", 90), ("AA", "Z/2", "polygon", 10), ("BB", "Z/5", "polygon", 100))
    wider = pd.concat([SUPPORT, pd.DataFrame({"country_iso": ["BB"], "tzid": ["Z/6"]})])
    found = polygon_support(counted(frame), wider)
    assert (found.cohort_members["C_multi"], found.zones) == (["AA", "BB"], {"BB": 2})
    assert found.metrics["c_multi_share_distinct_ge2"].value == 0.5
