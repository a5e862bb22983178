"""12.21: a seed without rows and an empty cohort fail with a certificate; Earth has nothing to say of them."""

import pandas as pd
import pytest

from scripts.scoring.gates import read_limits
from scripts.scoring.score_earth import ceilings, earth
from tests.unit.certification.test_certification_paths import SEEDS, World

LIMITS = read_limits("config/certification/gates.yaml")
SUPPORT = pd.DataFrame({"country_iso": ["FR", "FR"], "tzid": ["Europe/Paris", "Europe/Berlin"]})


@pytest.mark.parametrize("plan", [{}, {("FR", "Paris"): 50}], ids=["no rows", "empty cohort"])
def test_nothing_to_judge_is_a_failure_with_a_certificate(tmp_path, plan):
    world = World(tmp_path)
    found = world.certify([world.seed_metrics(plan, seed) for seed in SEEDS])
    assert (found["status"], found["decision"]) == ("FAIL_REALISM", "FREEZE_WITH_BLOCKERS")
    assert {"c_multi_nonempty", "c_large_nonempty"} <= set(found["seed_failing_gates"]["42"]["B"])
    assert found["qualifications"] == [] and found["lines"].startswith("planted: FAIL_REALISM\n")


@pytest.mark.parametrize("countries", [[], ["FR"]], ids=["no rows", "empty cohort"])
def test_earth_and_ceilings_of_nothing_have_no_value(countries):
    flags = pd.DataFrame({"country_iso": pd.Series(countries, dtype=str), "site_count": 50}).astype(
        {"site_count": "int64"}
    )
    flags = flags.assign(is_c_multi=False, is_c_large=False)
    places = pd.DataFrame({"country_iso": ["FR"], "tzid": ["Europe/Paris"], "population": [1000]})
    metrics, _ = earth(places, SUPPORT, flags, seed=42, draws=3)
    assert {entry["value"] for entry in metrics.values()} == {None}
    best = ceilings(flags, SUPPORT, LIMITS.gates)
    assert {best[name] for name in LIMITS.realism} == {None}
