"""What a seed's metrics state, worked out a second time from other evidence (certification.md P0.3, P1.2, P2.2)."""

import pandas as pd

from scripts.scoring.cohorts import add_cohorts, cohort_counts, cohort_members, cohort_metrics
from scripts.scoring.country_table import country_table
from scripts.scoring.metric_value import exact
from scripts.scoring.seed_metrics import SeedMetrics

CAP_CODES = {"fallback_rate": "2A-S1-090", "country": "2A-S1-091", "override_rate": "2A-S1-092"}


def membership_differs(metrics: SeedMetrics, counts: pd.DataFrame, support: pd.DataFrame) -> bool:
    """Whether cohorts from zone counts (country_iso, tzid, sites) are not those that the seed states."""
    table = add_cohorts(country_table(counts, support), metrics.cohort_definitions)
    return (cohort_members(table), cohort_counts(table)) != (metrics.cohort_members, metrics.cohort_counts)


def rescored_differently(metrics: SeedMetrics, counts: pd.DataFrame, support: pd.DataFrame) -> list[str]:
    """Realism metrics that another scoring of the zone counts does not give again, to the last bit; none of no rows."""
    if counts.empty:
        return []
    again = cohort_metrics(add_cohorts(country_table(counts, support), metrics.cohort_definitions))
    return [name for name, found in again.items() if found.value != metrics.metrics[name].value]


def coded_breaches(metrics: SeedMetrics) -> tuple[set[str], set[str]]:
    """Codes of S1's caps that its counts breach, and those of them that it emitted; none where it did not count."""
    block, rows = metrics.s1_governance, metrics.policy_rows
    if not block or not rows:
        return set(), set()
    rates = {"fallback_rate": rows.fallback_rate, "override_rate": rows.override_rate}
    expected = {CAP_CODES[name] for name, rate in rates.items() if rate > exact(block["caps"][f"{name}_cap"])}
    expected |= {CAP_CODES["country"]} if block["fallback_country_violations"] else set()
    return expected, set(metrics.error_codes["S1"]) & set(CAP_CODES.values())
