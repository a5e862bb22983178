"""Rows that would buy each gate, by hand (certification.md §14)."""

import pandas as pd
import pytest

from scripts.certification.purchase import prices
from tests.unit.certification.nouns import LIMITS


def world(**countries: list[int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Countries of three zones each, all in both cohorts, with these sites by zone."""
    rows = [(iso, 3, True, True) for iso in countries]
    table = pd.DataFrame(rows, columns=["country_iso", "tz_world_support_count", "is_c_multi", "is_c_large"])
    counts = [(iso, f"zone{at}", count) for iso, sites in countries.items() for at, count in enumerate(sites)]
    return table, pd.DataFrame(counts, columns=["country_iso", "tzid", "sites"])


def test_of_a_collapsed_world():
    """Shares ask for ceil(0.7 * 3) = 3 and ceil(0.8 * 3) = 3 countries, medians for 2, those of 100 and 200 sites.

    Top-1: 100 - 92 = 8 and 200 - 184 = 16. Gap: (100 - 85) / 2 and (200 - 170) / 2, so 8 and 15. Below 0.95: 6, 11, 21.
    """
    found = prices(LIMITS.realism, *world(AA=[100], BB=[200], CC=[400]))
    assert found["c_multi_share_distinct_ge2"] == 3
    assert found["c_multi_median_top1_share"] == 24
    assert found["c_multi_median_top1_top2_gap"] == 23
    assert found["c_large_share_top1_lt_095"] == 38


def test_entropy_by_hand():
    """Of 100 sites in three zones, 5 moved to two others (3 and 2) give H / ln 3 = 0.2123, 4 (2 and 2) give 0.1771."""
    assert prices(LIMITS.realism, *world(AA=[100]))["c_multi_median_entropy_norm"] == 5


def test_what_holds_costs_nothing_and_one_zone_cannot_be_bought():
    spread = prices(LIMITS.realism, *world(AA=[50, 30, 20]))
    assert set(spread.values()) == {0}
    table, counts = world(AA=[100])
    single = prices(LIMITS.realism, table.assign(tz_world_support_count=1), counts)
    assert set(single.values()) == {None}


@pytest.mark.parametrize("name", LIMITS.realism)
def test_every_realism_gate_has_a_price(name):
    assert name in prices(LIMITS.realism, *world(AA=[100]))
