"""Country quantities, cohorts and cohort metrics against hand-worked values (certification.md §2, §3)."""

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.scoring.cohorts import cohort_metrics
from tests.unit.scoring.worlds import counted, counts, rows


def scored(frame):
    return counted(frame).table


def test_hand_worked_country():
    table = scored(counts(("AA", "Z/1", "polygon", 60), ("AA", "Z/2", "polygon", 30), ("AA", "Z/9", "override", 10)))
    row = table.iloc[0]
    assert (row["site_count"], row["distinct_tzid_count"], row["tz_world_support_count"]) == (100, 3, 4)
    assert row["top1_tzid"] == "Z/1"
    assert row["top1_share"] == 0.6
    assert row["top1_top2_gap"] == pytest.approx(0.3)
    entropy = -(0.6 * math.log(0.6) + 0.3 * math.log(0.3) + 0.1 * math.log(0.1))
    assert row["entropy_norm"] == pytest.approx(entropy / math.log(4))
    assert row["hhi"] == pytest.approx(0.46)
    assert row["out_of_support_share"] == 0.1
    assert row["cohort"] == "C_multi"


def test_single_zone_country():
    table = scored(counts(("BB", "Z/5", "polygon", 700)))
    row = table.iloc[0]
    assert (row["top1_share"], row["top1_top2_gap"], row["entropy_norm"], row["cohort"]) == (1.0, 1.0, 0.0, "C_single")
    assert not row["is_c_large"]  # large, but with one zone it cannot show two
    # An empty cohort is not zero.
    assert all(entry.value is None and entry.reason for entry in cohort_metrics(table).values())


@pytest.mark.parametrize(
    ("sites", "cohort", "large"), [(99, "C_small", False), (100, "C_multi", False), (500, "C_multi", True)]
)
def test_cohort_floors(sites, cohort, large):
    row = scored(counts(("CC", "Z/6", "polygon", sites))).iloc[0]
    assert (row["cohort"], row["is_c_large"]) == (cohort, large)


def test_medians_and_shares():
    sites = [("AA", "Z/1", 80), ("AA", "Z/2", 20), ("CC", "Z/6", 600), ("BB", "Z/5", 50)]
    table = scored(counts(*((country, tzid, "polygon", number) for country, tzid, number in sites)))
    found = {name: entry.value for name, entry in cohort_metrics(table).items()}
    assert found["c_multi_share_distinct_ge2"] == 0.5
    assert found["c_multi_median_top1_share"] == pytest.approx(0.9)  # mean of the two middle values
    assert found["c_multi_median_top1_top2_gap"] == pytest.approx(0.8)
    assert found["c_large_share_top1_lt_095"] == 0.0


@settings(max_examples=60, deadline=None)
@given(rows, st.randoms())
def test_row_order_does_not_matter(found, random):
    shuffled = list(found)
    random.shuffle(shuffled)
    first, second = scored(counts(*found)), scored(counts(*shuffled))
    pd.testing.assert_frame_equal(first, second, check_exact=True)
    assert cohort_metrics(first) == cohort_metrics(second)


@settings(max_examples=60, deadline=None)
@given(rows)
def test_shares_and_gaps_are_shares(found):
    table = scored(counts(*found))
    assert ((table["top1_share"] > 0) & (table["top1_share"] <= 1)).all()
    assert ((table["top1_top2_gap"] >= 0) & (table["top1_top2_gap"] <= 1)).all()
