"""Country quantities, cohorts, variants and readings against hand-worked values (certification.md §2, §3)."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.lib.contracts import load_yaml
from scripts.scoring.metrics import add_cohorts, cohort_metrics, country_table
from scripts.scoring.variants import (
    c_large_readings,
    caveats,
    in_support,
    pour,
    reachable,
    variant_metrics,
    variant_tables,
    without_fallback,
)

COHORTS = load_yaml("config/certification/cohorts.yaml")
GATES = load_yaml("config/certification/gates.yaml")
SUPPORT = pd.DataFrame(
    {
        "country_iso": ["AA", "AA", "AA", "AA", "BB", "CC", "CC"],
        "tzid": ["Z/1", "Z/2", "Z/3", "Z/4", "Z/5", "Z/6", "Z/7"],
    }
)


def counts(*rows, ambiguous=()):
    frame = pd.DataFrame(rows, columns=["country_iso", "tzid", "tzid_source", "sites"])
    frame["ambiguous"] = [tuple(row[:2]) in ambiguous for row in rows]
    return frame


def scored(frame):
    return add_cohorts(country_table(frame, SUPPORT), COHORTS)


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
    row = scored(counts(("BB", "Z/5", "polygon", 700))).iloc[0]
    assert (row["top1_share"], row["top1_top2_gap"], row["entropy_norm"], row["cohort"]) == (1.0, 1.0, 0.0, "C_single")
    assert not row["is_c_large"]  # large, but with one zone it cannot show two


@pytest.mark.parametrize(
    ("sites", "cohort", "large"), [(99, "C_small", False), (100, "C_multi", False), (500, "C_multi", True)]
)
def test_cohort_floors(sites, cohort, large):
    row = scored(counts(("CC", "Z/6", "polygon", sites))).iloc[0]
    assert (row["cohort"], row["is_c_large"]) == (cohort, large)


def test_medians_and_shares():
    table = scored(
        counts(
            ("AA", "Z/1", "polygon", 80),
            ("AA", "Z/2", "polygon", 20),
            ("CC", "Z/6", "polygon", 600),
            ("BB", "Z/5", "polygon", 50),
        )
    )
    found = {name: entry["value"] for name, entry in cohort_metrics(table).items()}
    assert found["c_multi_share_distinct_ge2"] == 0.5
    assert found["c_multi_median_top1_share"] == pytest.approx(0.9)  # mean of the two middle values
    assert found["c_multi_median_top1_top2_gap"] == pytest.approx(0.8)
    assert found["c_large_share_top1_lt_095"] == 0.0


def test_strict_095():
    for sites, value in ((949, 1.0), (950, 0.0)):
        frame = counts(("CC", "Z/6", "polygon", sites), ("CC", "Z/7", "polygon", 1000 - sites))
        assert cohort_metrics(scored(frame))["c_large_share_top1_lt_095"]["value"] == value


def test_empty_cohort_is_not_zero():
    found = cohort_metrics(scored(counts(("BB", "Z/5", "polygon", 700))))
    assert all(entry["value"] is None and entry["reason"] for entry in found.values())


rows = st.lists(
    st.tuples(
        st.sampled_from(["AA", "BB", "CC"]),
        st.sampled_from([f"Z/{number}" for number in range(1, 8)]),
        st.sampled_from(["polygon", "override"]),
        st.integers(1, 900),
    ),
    min_size=1,
    max_size=20,
)


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
def test_ranges_and_reach(found):
    frame = counts(*found)
    table = scored(frame)
    assert ((table["top1_share"] > 0) & (table["top1_share"] <= 1)).all()
    assert ((table["top1_top2_gap"] >= 0) & (table["top1_top2_gap"] <= 1)).all()
    everything = reachable(table, frame.assign(ambiguous=True))
    assert (everything["top1_share"] <= table["top1_share"] + 1e-12).all()
    pd.testing.assert_frame_equal(reachable(table, frame.assign(ambiguous=False)), table)


def test_variants_by_hand():
    frame = counts(
        ("AA", "Z/1", "polygon", 80),
        ("AA", "Z/2", "override", 10),
        ("AA", "Z/9", "polygon", 10),
        ambiguous={("AA", "Z/2"), ("AA", "Z/9")},
    )
    tables = variant_tables(scored(frame), frame, SUPPORT, {"AA": 15}, COHORTS)
    top1 = {name: table.iloc[0]["top1_share"] for name, table in tables.items()}
    assert top1["literal"] == 0.8
    assert top1["in_support"] == 80 / 90
    assert top1["polygon"] == 80 / 90
    assert top1["without_nudged"] == 1.0  # geometry decided only the first zone
    assert top1["without_fallback"] == 80 / 85  # the 15 guessed rows leave the two smaller zones
    assert list(in_support(frame, SUPPORT)) == [True, True, False]


def test_country_without_rows_left_counts_as_collapsed():
    frame = counts(("CC", "Z/8", "polygon", 60), ("CC", "Z/9", "polygon", 60))
    found = variant_metrics(variant_tables(scored(frame), frame, SUPPORT, {}, COHORTS))
    literal, inside = (found["c_multi_median_top1_share"][name] for name in ("literal", "in_support"))
    assert (literal["value"], inside["value"], inside["n"], inside["rows"]) == (0.5, 1.0, 1, 0)


def caveat_names(frame, fallback=None):
    table = scored(frame)
    found = caveats(variant_metrics(variant_tables(table, frame, SUPPORT, fallback or {}, COHORTS)), GATES)
    return {entry["caveat"] for entry in found}


def test_cheating_leaves_a_caveat():
    honest = counts(("AA", "Z/1", "polygon", 60), ("AA", "Z/2", "polygon", 60))
    assert caveat_names(honest) == set()
    assert caveat_names(honest.assign(tzid=["Z/1", "Z/9"])) == {"rests_on_leakage"}
    assert caveat_names(honest.assign(tzid_source=["polygon", "override"])) == {"rests_on_overrides"}
    assert caveat_names(honest, {"AA": 60}) == {"rests_on_fallback"}
    hard = counts(*honest.drop(columns="ambiguous").itertuples(index=False, name=None), ("CC", "Z/6", "polygon", 99))
    assert caveat_names(hard) == {"rests_on_cohort_floor"}


def test_c_large_readings():
    frame = counts(
        ("AA", "Z/1", "polygon", 400),
        ("AA", "Z/2", "polygon", 200),
        ("BB", "Z/5", "polygon", 900),
        ("CC", "Z/6", "polygon", 9),
    )
    found = c_large_readings(scored(frame), COHORTS)
    assert {name: (entry["value"], entry["n"], entry["ceiling"]) for name, entry in found.items()} == {
        "literal": (0.5, 2, 0.5),
        "eligible": (1.0, 1, 1.0),
        "top_decile": (0.0, 1, 0.0),
    }


def test_without_fallback_never_goes_below_zero():
    frame = counts(("AA", "Z/1", "polygon", 5), ("AA", "Z/2", "polygon", 3))
    assert without_fallback(frame, {"AA": 99}).empty
    assert without_fallback(frame, {"AA": 4})["sites"].tolist() == [4]


def test_pour_moves_one_site_at_a_time():
    assert pour(np.array([10]), 3, 3).tolist() == [7, 2, 1]
    assert sorted(pour(np.array([10, 0]), 99, 2).tolist()) == [5, 5]
