"""Who holds a run back, and which candidate counts (certification.md §9, P3)."""

import pandas as pd

from scripts.certification import candidates
from scripts.certification.comparison import Against, Codes, Comparison, Governance, Movement, Rate, SeedComparison
from scripts.certification.watchlist import budgets, watch_rows
from tests.unit.certification.nouns import LIMITS, certificate, gate_row, governance, seed_metrics


def watched(overridden, limit=0.002):
    block = {
        "fallback_by_country": {"MN": {"sites_total": 50, "fallback_total": 1}},
        "override_by_country": {"CN": {"sites_total": 5000, "overrides_total": overridden}},
    }
    held_to = seed_metrics().thresholds | {"override_rate": {"b": limit, "bplus": 0.0005}}
    seed = seed_metrics(s1_governance=block, s1_sites_total=10**9, thresholds=held_to)
    nothing = pd.DataFrame(columns=["out_of_support_share"])
    return [(row.country_iso, row.blocking) for row in watch_rows({42: seed}, {42: nothing}, LIMITS)]


def test_overrides_above_the_cap_block_and_come_before_what_does_not():
    assert watched(2_000_001) == [("CN", True), ("MN", False)]  # the emitted rate is 0.002: counts decide
    assert watched(2_000_000) == [("MN", False), ("CN", False)]
    assert watched(2_000_001, limit=0.1) == [("MN", False), ("CN", False)]  # an approved exception


def test_a_country_has_one_row_with_its_worst_seed_and_a_rank():
    columns = ["country_iso", "top1_share", "site_count", "out_of_support_share", "is_c_multi", "is_c_large"]
    tables = {
        42: pd.DataFrame([("AA", 0.93, 100, 0.0, True, False), ("BB", 0.90, 900, 0.25, True, True)], columns=columns),
        7: pd.DataFrame([("AA", 0.99, 120, 0.0, True, False), ("BB", 0.95, 800, 0.5, False, True)], columns=columns),
    }
    rows = watch_rows({seed: seed_metrics(seed) for seed in (42, 7)}, tables, LIMITS)
    assert [tuple(vars(row).values()) for row in rows] == [
        (1, "BB", "leakage", False, 0.5, 900, "7;42"),
        (2, "BB", "concentration", False, 0.95, 800, "7"),
        (3, "AA", "concentration", False, 0.99, 120, "7;42"),
    ]


def test_a_budget_is_what_the_caps_leave():
    found = budgets(
        {42: seed_metrics(s1_governance=governance(3, 30)), 7: seed_metrics(7, s1_governance=None)},
        LIMITS,
        {42: {"x": 3}},
    )
    assert found["42"]["fallback"] == {
        "b": {"rows_allowed": 5, "rows_left": 2},  # 0.0005 of 10,000
        "bplus": {"rows_allowed": 1, "rows_left": -2},
        "rows_used": 3,
    }
    assert found["42"]["concentration"]["rows_to_buy"] == {"x": 3}
    assert found["42"]["override"]["b"] == {"rows_allowed": 20, "rows_left": -10}
    assert found["7"]["status"] == "not_computable"


def comparison(p0, parent):
    """A candidate that improves on both, vetoed where `ok` is false."""
    rates = Governance(Rate(0, 0), Rate(0, 0), Codes([], []))
    move = Movement(1.0, 0.9, 0.1, 0.08, improved=True, bought_with=[])
    against = {
        name: Against(True, [], {42: SeedComparison({"x": move}, rates, False, [], [] if ok else ["why"], {})}, {})
        for name, ok in (("p0", p0), ("parent", parent))
    }
    return Comparison("candidate", "p0", against)


def test_a_candidate_is_accepted_against_p0_only():
    certificates = [certificate("p0", gates=[gate_row()])]
    assert "Accepted against P0: none." in candidates.report(certificates, [comparison(False, True)])
    assert "Accepted against P0: candidate." in candidates.report(certificates, [comparison(True, False)])
