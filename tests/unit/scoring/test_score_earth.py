"""What reality would score, and what a cohort can reach (decisions.md §6)."""

import pandas as pd
import pytest

from scripts.scoring.gates import read_limits
from scripts.scoring.score_earth import ceilings, draw_counts, earth

GATES = read_limits("config/certification/gates.yaml").gates


def ceiling(sites, zones, large=False):
    support = pd.DataFrame({"country_iso": "AA", "tzid": [f"Z/{number}" for number in range(zones)]})
    flags = {"country_iso": ["AA"], "site_count": [sites], "is_c_multi": [True], "is_c_large": [large]}
    return ceilings(pd.DataFrame(flags), support, GATES)


def test_even_spread_is_the_best_layout():
    found = ceiling(10, 3, large=True)
    assert found["c_multi_median_top1_share"] == 0.4
    assert found["c_multi_median_top1_top2_gap"] == 0.0  # 4, 4, 2
    assert found["c_large_share_top1_lt_095"] == found["c_multi_share_distinct_ge2"] == 1.0
    assert ceiling(101, 2)["c_multi_median_top1_top2_gap"] == pytest.approx(1 / 101)


def test_ceilings_of_a_cohort():
    found = ceiling(100, 4)
    assert found["c_multi_median_top1_share"] == 0.25
    assert found["c_multi_median_entropy_norm"] == pytest.approx(1.0)
    assert found["c_large_share_top1_lt_095"] is None  # an empty cohort has no ceiling
    assert found["override_rate"] == 0.0
    assert list(found) == list(GATES)


def test_earth_draws_do_not_depend_on_other_countries():
    shares = pd.DataFrame({"country_iso": ["AA", "AA", "BB"], "tzid": ["Z/1", "Z/2", "Z/5"], "sites": [80, 20, 7]})
    both = draw_counts(shares, {"AA": 50, "BB": 5}, seed=42, draws=5)
    alone = draw_counts(shares.iloc[[1, 0]], {"AA": 50}, seed=42, draws=5)
    ours = both[both["country_iso"] == "AA"]
    pd.testing.assert_frame_equal(ours.reset_index(drop=True), alone.reset_index(drop=True))
    sites = both.groupby(["country_iso", "draw"])["sites"].sum()
    assert sites.unstack().T.drop_duplicates().to_numpy().tolist() == [[50, 5]]


def test_earth_scorecard_tends_to_the_population():
    shares = pd.DataFrame({"country_iso": ["AA", "AA"], "tzid": ["Z/1", "Z/2"], "population": [75, 25]})
    support = shares[["country_iso", "tzid"]]
    flags = pd.DataFrame({"country_iso": ["AA"], "site_count": [40000], "is_c_multi": [True], "is_c_large": [True]})
    metrics, left_out = earth(shares, support, flags, seed=7, draws=50)
    entry = metrics["c_multi_median_top1_share"]
    assert (entry["limit"], entry["value"], left_out) == (0.75, pytest.approx(0.75, abs=0.002), [])
    assert entry["interval"][0] < 0.75 < entry["interval"][1]


def test_countries_without_places_are_left_out_and_named():
    places = pd.DataFrame({"country_iso": ["AA"], "tzid": ["Z/1"], "population": [75]})
    flags = pd.DataFrame({"country_iso": ["AA", "BB"], "site_count": 900, "is_c_multi": True, "is_c_large": False})
    metrics, left_out = earth(places, places[["country_iso", "tzid"]], flags, seed=7, draws=3)
    assert left_out == ["BB"] and metrics["c_multi_median_top1_share"]["n"] == 1
    assert metrics["c_large_share_top1_lt_095"]["reason"] == "C_large is empty"
