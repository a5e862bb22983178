"""What reality would score, and what a cohort can reach (decisions.md §6)."""

import pandas as pd
import pytest

from scripts.lib.contracts import load_yaml
from scripts.scoring.earth import ceilings, draw_counts, even_spread, scorecard

GATES = load_yaml("config/certification/gates.yaml")


def test_even_spread_is_the_best_layout():
    row = even_spread({"site_count": 10, "tz_world_support_count": 3})
    assert (row["distinct_tzid_count"], row["top1_share"], row["top1_top2_gap"]) == (3, 0.4, 0.0)
    odd = even_spread({"site_count": 101, "tz_world_support_count": 2})
    assert odd["top1_top2_gap"] == pytest.approx(1 / 101)


def test_ceilings_of_a_cohort():
    flags = pd.DataFrame(
        {
            "country_iso": ["AA"],
            "site_count": [100],
            "tz_world_support_count": [4],
            "is_c_multi": [True],
            "is_c_large": [False],
        }
    )
    found = ceilings(flags, GATES)
    assert found["c_multi_median_top1_share"] == 0.25
    assert found["c_multi_median_entropy_norm"] == pytest.approx(1.0)
    assert found["c_large_share_top1_lt_095"] is None  # an empty cohort has no ceiling
    assert found["override_rate"] == 0.0


def test_earth_draws_do_not_depend_on_other_countries():
    shares = pd.DataFrame({"country_iso": ["AA", "AA", "BB"], "tzid": ["Z/1", "Z/2", "Z/5"], "population": [80, 20, 7]})
    both = draw_counts(shares, {"AA": 50, "BB": 5}, seed=42, draws=5)
    alone = draw_counts(shares.iloc[[1, 0]], {"AA": 50}, seed=42, draws=5)
    pd.testing.assert_frame_equal(
        both[both["country_iso"] == "AA"].reset_index(drop=True), alone.reset_index(drop=True)
    )
    assert both.groupby(["country_iso", "draw"])["sites"].sum().unstack().T.drop_duplicates().to_numpy().tolist() == [
        [50, 5]
    ]


def test_earth_scorecard_tends_to_the_population():
    shares = pd.DataFrame({"country_iso": ["AA", "AA"], "tzid": ["Z/1", "Z/2"], "population": [75, 25]})
    support = shares[["country_iso", "tzid"]]
    flags = pd.DataFrame({"country_iso": ["AA"], "site_count": [40000], "is_c_multi": [True], "is_c_large": [True]})
    entry = scorecard(shares, support, flags, seed=7, draws=50)["metrics"]["c_multi_median_top1_share"]
    assert entry["limit"] == 0.75
    assert entry["value"] == pytest.approx(0.75, abs=0.002)
    assert entry["interval"][0] < 0.75 < entry["interval"][1]
