"""A run against another, against hand-worked values and scipy: what counts, what vetoes (certification.md §7, §10)."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scripts.certification.compare_runs import compare, report
from scripts.certification.comparison import Comparison, Scored
from scripts.certification.shift_tests import proportion_lift, shift
from scripts.lib.records import plain, record
from scripts.scoring.caveat import Caveat
from scripts.scoring.metric_value import MetricValue
from tests.unit.certification.nouns import LIMITS, NOTHING, governance, seed_metrics

TOP1 = "c_multi_median_top1_share"


def test_shift_agrees_with_scipy():
    before, after = np.array([1.0, 1, 0.9, 0.8]), np.array([0.5, 0.6, 0.9])
    found = shift(before, after, "lower")
    assert found["ks"] == stats.ks_2samp(before, after).statistic
    assert found["wasserstein"] == stats.wasserstein_distance(before, after)
    assert found["effect"] == pytest.approx((10 - 1) / 12)  # of 12 pairs 10 fall, one rises, one ties
    assert shift(before, np.array([]), "lower")["value"] is None


def test_proportion_lift_by_hand():
    found = proportion_lift((10, 30), (20, 30), LIMITS)
    assert found["lift"] == pytest.approx(1 / 3)
    assert found["z"] == pytest.approx((1 / 3) / math.sqrt(0.5 * 0.5 * 2 / 30))
    assert found["fisher_p_greater"] == stats.fisher_exact([[20, 10], [10, 20]], alternative="greater")[1]
    # Newcombe's own example: 48/80 against 56/70
    assert proportion_lift((48, 80), (56, 70), LIMITS)["interval"] == pytest.approx([0.0524, 0.3339], abs=5e-5)
    assert found["credible"]
    assert not proportion_lift((1, 9), (2, 9), LIMITS)["credible"]
    assert proportion_lift((3, 3), (3, 3), LIMITS)["z"] is None
    assert proportion_lift((0, 0), (1, 2), LIMITS)["status"] == "not_computable"


def scored(top1, variants=None, more=None, **changes):
    """A seed with this top-1 share and `more` values, also in every variant that is not named."""
    found = seed_metrics(values={TOP1: top1} | (more or {}), **changes)
    named = {name: MetricValue(value, 9) for name, value in (variants or {}).items()}
    return replace(found, variants=found.variants | {TOP1: found.variants[TOP1] | named})


def broken():
    """A seed that S1 failed: no metrics, and S2 never ran."""
    found = seed_metrics(sites_total=0, error_codes={"S1": ["2A-S1-020"]}, s1_governance=None)
    return replace(found, metrics=dict.fromkeys(found.metrics, NOTHING), cohort_members={"C_multi": [], "C_large": []})


def side(seeds):
    """A run of these seeds whose country tables are withheld."""
    return Scored(seeds, dict.fromkeys(seeds, pd.DataFrame()), {seed: f"of {seed}" for seed in seeds})


def against(before, after, same_upstream=True):
    return compare(side(before), side(after), LIMITS, same_upstream=same_upstream)


def judged(after, before=None):
    return against({42: before or scored(1.0)}, {42: after})


def test_honest_improvement_is_accepted():
    found = judged(scored(0.93))
    assert found.improved_gates == [TOP1]
    assert found.accepted


@pytest.mark.parametrize(
    ("after", "why"),
    [
        (scored(0.93, {"in_support": 1.0}), "leakage"),
        (scored(0.93, {"polygon": 1.0}), "overrides"),
        (scored(0.93, {"without_fallback": 1.0}), "fallback"),
        (scored(0.93, more={"override_rate": 0.0020001}), "override_rate 0.0020001 is above its cap 0.002"),
        (scored(0.93, more={"fallback_country_violations_b": 1}), "fallback_country_violations_b 1 is above its cap"),
        (scored(0.93, cohort_members={"C_multi": [], "C_large": []}), "C_multi lost RS"),
        (scored(0.93, site_locations_sha256="y"), "site_locations differs"),
        (scored(0.93, caveats=[Caveat("cap_relaxed", "B", "looser", gate="fallback_rate_cap")]), "looser"),
    ],
)
def test_bought_improvement_is_vetoed(after, why):
    found = judged(after)
    assert not found.accepted
    assert why in " ".join(found.seeds[42].veto)


@pytest.mark.parametrize("rates", [{"override_rate": 0.002}, {"fallback_rate": 0.0005}])
def test_a_rate_that_rises_below_its_cap_is_no_veto(rates):
    assert judged(scored(0.93, more=rates, s1_governance=governance(5, 20))).accepted


def test_a_seed_that_the_caps_no_longer_withhold_is_rescued_and_moves_no_gate():
    found = against({42: scored(1.0), 7: broken()}, {42: scored(1.0), 7: scored(1.0)})
    assert (found.rescued_seeds, found.improves) == ([7], False)
    assert found.outcome.endswith("Governance brings seeds 7 back below their caps.")
    assert judged(scored(1.0)).rescued_seeds == []


def test_structure_that_held_before_is_missed():
    found = judged(scored(0.93, failing=("s5_digest_matches_flag",)))
    assert found.seeds[42].structure_lost == ["s5_digest_matches_flag"]
    assert judged(scored(0.93)).seeds[42].structure_lost == []


def test_runs_without_a_common_seed_are_compared_without_a_crash():
    found = Comparison("mine", "p0", {"p0": against({42: scored(1.0)}, {7: scored(0.93)})})
    assert "The runs have no seed in common." in report(found)
    assert not found.to_p0.accepted


def test_another_upstream_may_have_other_sites():
    after = {42: scored(0.93, site_locations_sha256="y")}
    assert against({42: scored(1.0)}, after, same_upstream=False).accepted


def test_a_candidate_that_breaks_or_drops_a_seed_is_vetoed():
    before = {seed: scored(1.0) for seed in (42, 7)}
    found = against(before, {42: scored(0.93), 7: broken()})
    assert (found.improves, found.accepted) == (True, False)
    assert found.vetoes == [(7, "the baseline had metrics here and the candidate has none (2A-S1-020)")]
    dropped = against(before, {42: scored(0.93)})
    assert (dropped.improves, dropped.accepted, dropped.dropped_seeds) == (True, False, [7])
    assert against({42: scored(1.0), 7: broken()}, {42: scored(0.93), 7: scored(1.0)}).accepted


def test_a_hair_is_no_improvement():
    assert not judged(scored(0.9999)).improves
    assert not judged(scored(0.5), before=scored(0.9)).improves  # the gate did not fail


def test_what_is_written_is_read_back():
    found = Comparison("mine", "p0", {"p0": against({42: scored(1.0), 7: broken()}, {42: scored(0.93), 7: broken()})})
    written = plain(found)
    assert written["against"]["p0"]["seeds"]["7"]["movement"][TOP1] == {
        "status": "not_computable",
        "value": None,
        "n": 0,
        "reason": "baseline: no rows",
        "counts": False,
    }
    again = record(Comparison, written)
    assert again.to_p0.improved_gates == [TOP1] and again.to_p0.accepted
    assert plain(again) == written
    assert plain(Comparison("p0", None))["status"] == "not_applicable"
