"""What metrics rest on, and what policy can still move, against hand-worked values."""

import numpy as np
import pandas as pd
from hypothesis import given, settings

from scripts.scoring.country_table import in_support
from scripts.scoring.gates import read_limits
from scripts.scoring.variants import (
    c_large_readings,
    pour,
    reachable,
    variant_caveats,
    variant_metrics,
    variant_tables,
    without_open,
)
from tests.unit.scoring.worlds import SUPPORT, counted, counts, rows

LIMITS = read_limits("config/certification/gates.yaml")


def test_variants_by_hand():
    frame = counts(
        ("AA", "Z/1", "polygon", 80),
        ("AA", "Z/2", "override", 10),
        ("AA", "Z/9", "polygon", 10),
        ambiguous={("AA", "Z/2"), ("AA", "Z/9")},
    )
    tables = variant_tables(counted(frame), {"AA": 15}, {})
    top1 = {name: table.iloc[0]["top1_share"] for name, table in tables.items()}
    assert top1["literal"] == 0.8
    assert top1["in_support"] == 80 / 90
    assert top1["polygon"] == 80 / 90
    assert top1["without_nudged"] == 1.0  # geometry decided only the first zone
    assert top1["without_fallback"] == 80 / 85  # the 15 guessed rows leave the two smaller zones
    assert list(in_support(frame, SUPPORT)) == [True, True, False]


def test_country_without_rows_left_counts_as_collapsed():
    frame = counts(("CC", "Z/8", "polygon", 60), ("CC", "Z/9", "polygon", 60))
    found = variant_metrics(variant_tables(counted(frame), {}, {}))
    literal, inside = (found["c_multi_median_top1_share"][name] for name in ("literal", "in_support"))
    assert (literal.value, inside.value, inside.n, inside.rows) == (0.5, 1.0, 1, 0)


def caveat_names(frame, fallback=None):
    found = variant_caveats(variant_metrics(variant_tables(counted(frame), fallback or {}, {})), LIMITS)
    return {entry.caveat for entry in found}


def test_cheating_leaves_a_caveat():
    honest = counts(("AA", "Z/1", "polygon", 60), ("AA", "Z/2", "polygon", 60))
    assert caveat_names(honest) == set()
    assert caveat_names(honest.assign(tzid=["Z/1", "Z/9"])) == {"rests_on_leakage"}
    assert caveat_names(honest.assign(tzid_source=["polygon", "override"])) == {"rests_on_overrides"}
    assert caveat_names(honest.assign(ambiguous=True), {"AA": 60}) == {"rests_on_fallback"}
    hard = counts(*honest.drop(columns="ambiguous").itertuples(index=False, name=None), ("CC", "Z/6", "polygon", 99))
    assert caveat_names(hard) == {"rests_on_cohort_floor"}


def test_c_large_readings():
    frame = counts(
        ("AA", "Z/1", "polygon", 400),
        ("AA", "Z/2", "polygon", 200),
        ("BB", "Z/5", "polygon", 900),
        ("CC", "Z/6", "polygon", 9),
    )
    found = c_large_readings(counted(frame))
    assert {name: (entry.value, entry.n, entry.ceiling) for name, entry in found.items()} == {
        "literal": (0.5, 2, 0.5),
        "eligible": (1.0, 1, 1.0),
        "top_decile": (0.0, 1, 0.0),
    }


def test_without_open_rows_never_goes_below_zero_nor_takes_what_geometry_decided():
    frame = counts(("AA", "Z/1", "polygon", 5), ("AA", "Z/2", "polygon", 3)).assign(ambiguous=True)
    assert without_open(frame, {"AA": 99}).empty
    assert without_open(frame, {"AA": 4})["sites"].tolist() == [4]
    assert without_open(frame.assign(ambiguous=[True, False]), {"AA": 4})["sites"].tolist() == [3, 1]


def reached(frame):
    found = counted(frame)
    return found.table, found.recounted(reachable(frame, SUPPORT))


def test_reach_moves_the_ambiguous_rows_where_they_help_most():
    frame = counts(("AA", "Z/1", "polygon", 90), ("AA", "Z/1", "override", 10), ("CC", "Z/6", "polygon", 5))
    frame["ambiguous"] = frame["tzid_source"] == "override"
    _, best = reached(frame)
    assert best["top1_share"].tolist() == [0.9, 1.0]
    assert best["distinct_tzid_count"].tolist() == [4, 1]  # 90, 4, 3, 3


@settings(max_examples=60, deadline=None)
@given(rows)
def test_reach_never_makes_a_country_worse(found):
    frame = counts(*found)
    table, everything = reached(frame.assign(ambiguous=True))
    assert (everything["top1_share"] <= table["top1_share"] + 1e-12).all()
    table, nothing = reached(frame.assign(ambiguous=False))
    pd.testing.assert_frame_equal(nothing[table.columns], table, check_exact=True)


def test_pour_moves_one_site_at_a_time():
    assert pour(np.array([10]), 3, 3).tolist() == [7, 2, 1]
    assert sorted(pour(np.array([10, 0]), 99, 2).tolist()) == [5, 5]
