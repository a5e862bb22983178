"""Who holds a run back, and what may still be corrected (certification.md P3)."""

import pandas as pd

from scripts.certification.watch_run import budget, watch_rows
from tests.unit.certification.nouns import LIMITS, governance, seed_metrics


def watched(overridden, limit=0.002):
    block = {
        "fallback_by_country": {"MN": {"sites_total": 50, "fallback_total": 1}},
        "override_by_country": {"CN": {"sites_total": 5000, "overrides_total": overridden}},
    }
    held_to = seed_metrics().thresholds | {"override_rate": {"b": limit, "bplus": 0.0005}}
    seed = seed_metrics(s1_governance=block, s1_sites_total=10**9, thresholds=held_to)
    nothing = pd.DataFrame(columns=["out_of_support_share"])
    return watch_rows({42: seed}, {42: nothing}, LIMITS)[["country_iso", "blocking"]].to_numpy().tolist()


def test_overrides_above_the_cap_block_and_come_before_what_does_not():
    assert watched(2_000_001) == [["CN", True], ["MN", False]]  # the emitted rate is 0.002: counts decide
    assert watched(2_000_000) == [["MN", False], ["CN", False]]
    assert watched(2_000_001, limit=0.1) == [["MN", False], ["CN", False]]  # an approved exception


def test_a_country_has_one_row_with_its_worst_seed_and_a_rank():
    columns = ["country_iso", "top1_share", "site_count", "out_of_support_share", "is_c_multi", "is_c_large"]
    tables = {
        42: pd.DataFrame([("AA", 0.93, 100, 0.0, True, False), ("BB", 0.90, 900, 0.25, True, True)], columns=columns),
        7: pd.DataFrame([("AA", 0.99, 120, 0.0, True, False), ("BB", 0.95, 800, 0.5, False, True)], columns=columns),
    }
    rows = watch_rows({seed: seed_metrics(seed) for seed in (42, 7)}, tables, LIMITS)
    assert [*rows.itertuples(index=False, name=None)] == [
        (1, "BB", "leakage", False, 0.5, 900, "7;42"),
        (2, "BB", "concentration", False, 0.95, 800, "7"),
        (3, "AA", "concentration", False, 0.99, 120, "7;42"),
    ]
    nothing = watch_rows({}, {}, LIMITS)
    assert nothing.empty and list(nothing) == list(rows)


def test_a_budget_is_what_the_caps_leave():
    found = budget(seed_metrics(s1_governance=governance(3, 30)), LIMITS, {"x": 3})
    assert found["fallback"] == {
        "b": {"rows_allowed": 5, "rows_left": 2},  # 0.0005 of 10,000
        "bplus": {"rows_allowed": 1, "rows_left": -2},
        "rows_used": 3,
    }
    assert found["concentration"]["rows_to_buy"] == {"x": 3}
    assert found["override"]["b"] == {"rows_allowed": 20, "rows_left": -10}
    assert budget(seed_metrics(7, s1_governance=None), LIMITS, {})["status"] == "not_computable"
