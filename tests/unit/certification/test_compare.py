"""One run against another: distributions by hand and scipy, movement, vetoes (certification.md §7)."""

import math

import numpy as np
import pytest
from scipy import stats

from scripts.certification import compare
from scripts.lib.contracts import load_yaml

GATES = load_yaml("config/certification/gates.yaml")


def test_shift_agrees_with_scipy():
    before, after = np.array([1.0, 1, 0.9, 0.8]), np.array([0.5, 0.6, 0.9])
    found = compare.shift(before, after, "lower")
    assert found["ks"] == stats.ks_2samp(before, after).statistic
    assert found["wasserstein"] == stats.wasserstein_distance(before, after)
    assert found["effect"] == pytest.approx((10 - 1) / 12)  # of 12 pairs 10 fall, one rises, one ties
    assert compare.shift(before, np.array([]), "lower")["value"] is None


def test_proportion_lift_by_hand():
    found = compare.proportion_lift(10, 30, 20, 30, GATES)
    assert found["lift"] == pytest.approx(1 / 3)
    assert found["z"] == pytest.approx((1 / 3) / math.sqrt(0.5 * 0.5 * 2 / 30))
    assert found["fisher_p_greater"] == stats.fisher_exact([[20, 10], [10, 20]], alternative="greater")[1]
    # Newcombe's own example: 48/80 against 56/70
    assert compare.proportion_lift(48, 80, 56, 70, GATES)["interval"] == pytest.approx([0.0524, 0.3339], abs=5e-5)
    assert found["credible"]
    assert not compare.proportion_lift(1, 9, 2, 9, GATES)["credible"]
    assert compare.proportion_lift(3, 3, 3, 3, GATES)["z"] is None
    assert compare.proportion_lift(0, 0, 1, 2, GATES)["status"] == "not_computable"


def seed_file(top1, variants=None, override=0.0, members=("AA",), sha="x", caveats=()):
    name = "c_multi_median_top1_share"
    realism = {key: {"value": 0.5, "status": "ok"} for key, gate in GATES["gates"].items() if gate["axis"] == "realism"}
    values = {"in_support": top1, "polygon": top1, "without_fallback": top1} | (variants or {})
    parts = {key: {v: {"value": 0.5} for v in values} for key in realism}
    parts[name] = {key: {"value": value} for key, value in values.items()}
    return {
        "metrics": realism | {name: {"value": top1, "status": "ok"}},
        "variants": parts,
        "s1_governance": {"rates": {"fallback_rate": 0.0001, "override_rate": override}},
        "error_codes": {"S1": []},
        "caveats": list(caveats),
        "sites_total": 100,
        "cohort_members": {"C_multi": list(members), "C_large": []},
        "site_locations_sha256": sha,
    }


def broken_file():
    """A seed that S1 failed: no metrics, and S2 never ran."""
    found = seed_file(1.0) | {"sites_total": 0, "error_codes": {"S1": ["2A-S1-020"]}, "s1_governance": None}
    gone = {"value": None, "status": "not_computable", "reason": "no rows"}
    return found | {"metrics": dict.fromkeys(found["metrics"], gone), "cohort_members": {"C_multi": [], "C_large": []}}


def judged(after, before=None, same_upstream=True):
    return compare.compare({42: before or seed_file(1.0)}, {42: after}, GATES, same_upstream)


def test_honest_improvement_is_accepted():
    found = judged(seed_file(0.93))
    assert found["improved_gates"] == ["c_multi_median_top1_share"]
    assert found["accepted"]


@pytest.mark.parametrize(
    ("after", "why"),
    [
        (seed_file(0.93, {"in_support": 1.0}), "leakage"),
        (seed_file(0.93, {"polygon": 1.0}), "overrides"),
        (seed_file(0.93, {"without_fallback": 1.0}), "fallback"),
        (seed_file(0.93, override=0.001), "override_rate rises"),
        (seed_file(0.93, members=()), "C_multi lost AA"),
        (seed_file(0.93, sha="y"), "site_locations differs"),
        (seed_file(0.93, caveats=[{"caveat": "cap_relaxed", "gate": "fallback_rate_cap"}]), "looser"),
    ],
)
def test_bought_improvement_is_vetoed(after, why):
    found = judged(after)
    assert not found["accepted"]
    assert why in " ".join(found["seeds"]["42"]["veto"])


def test_a_candidate_that_breaks_or_drops_a_seed_is_vetoed():
    before = {seed: seed_file(1.0) for seed in (42, 7)}
    broken = compare.compare(before, {42: seed_file(0.93), 7: broken_file()}, GATES, True)
    assert (broken["improves"], broken["accepted"]) == (True, False)
    assert compare.veto_reasons(broken) == [
        (7, "the baseline had metrics here and the candidate has none (2A-S1-020)"),
    ]
    dropped = compare.compare(before, {42: seed_file(0.93)}, GATES, True)
    assert (dropped["improves"], dropped["accepted"], dropped["dropped_seeds"]) == (True, False, [7])
    healed = compare.compare({42: seed_file(1.0), 7: broken_file()}, {42: seed_file(0.93)}, GATES, True)
    assert healed["accepted"]


def test_a_hair_is_no_improvement():
    assert not judged(seed_file(0.9999))["improves"]
    assert not judged(seed_file(0.5), before=seed_file(0.9))["improves"]  # the gate did not fail
