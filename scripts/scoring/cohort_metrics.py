"""The five realism metrics, each over the countries of its cohort (certification.md §4)."""

import pandas as pd

from scripts.scoring.metric_value import MetricValue, available, unavailable

SINGLE_ZONE_SHARE = 0.95  # part of the definition of `c_large_share_top1_lt_095`, as its name says; not a threshold
NAMES = (
    "c_multi_share_distinct_ge2",
    "c_multi_median_top1_share",
    "c_multi_median_top1_top2_gap",
    "c_multi_median_entropy_norm",
    "c_large_share_top1_lt_095",
)


def cohort_metrics(table: pd.DataFrame) -> dict[str, MetricValue]:
    """The metrics of `NAMES` from a country table with cohort flags."""
    multi, large = table[table["is_c_multi"]], table[table["is_c_large"]]
    columns = (
        (multi["distinct_tzid_count"] >= 2).astype(float),
        multi["top1_share"],
        multi["top1_top2_gap"],
        multi["entropy_norm"],
        (large["top1_share"] < SINGLE_ZONE_SHARE).astype(float),
    )
    return {name: _reduced(name, column) for name, column in zip(NAMES, columns, strict=True)}


def _reduced(name: str, column: pd.Series) -> MetricValue:
    cohort = "C_multi" if name.startswith("c_multi") else "C_large"
    if column.empty:
        return unavailable(f"{cohort} is empty")
    return available(column.median() if "_median_" in name else column.mean(), len(column))
