"""The five realism metrics, each over the countries of its cohort (certification.md §4)."""

from collections.abc import Iterable
from fractions import Fraction
from statistics import median

import pandas as pd

from scripts.scoring.exact import Number, quotient
from scripts.scoring.metric_value import MetricValue, available, unavailable

SINGLE_ZONE_SHARE = Fraction("0.95")  # part of the definition of `c_large_share_top1_lt_095`; not a threshold
ENTROPY_DIGITS = 12  # far above what two machines' logarithms differ by, far below what means anything
C_LARGE = "c_large_share_top1_lt_095"
NAMES = (
    "c_multi_share_distinct_ge2",
    "c_multi_median_top1_share",
    "c_multi_median_top1_top2_gap",
    "c_multi_median_entropy_norm",
    C_LARGE,
)


def cohort_metrics(table: pd.DataFrame) -> dict[str, MetricValue]:
    """The metrics of `NAMES` from a country table with cohort flags: quotients of counts, but for the entropy."""
    multi, large = table[table["is_c_multi"]], table[table["is_c_large"]]
    if multi.empty:
        found = dict.fromkeys(NAMES[:4], unavailable("C_multi is empty"))
    else:
        top1 = _shares(multi["top1_sites"], multi["site_count"])
        gaps = _shares(multi["top1_sites"] - multi["top2_sites"], multi["site_count"])
        entropy = round(float(multi["entropy_norm"].median()), ENTROPY_DIGITS)
        values = (_share_of(multi["distinct_tzid_count"] >= 2), median(top1), median(gaps), entropy)
        found = {name: available(value, len(multi)) for name, value in zip(NAMES, values, strict=False)}
    return found | {C_LARGE: share_below_single_zone(large)}


def share_below_single_zone(large: pd.DataFrame) -> MetricValue:
    """Share of the countries of `large` whose biggest zone has less than 0.95 of the sites."""
    if large.empty:
        return unavailable("C_large is empty")
    below = large["top1_sites"] * SINGLE_ZONE_SHARE.denominator < large["site_count"] * SINGLE_ZONE_SHARE.numerator
    return available(_share_of(below), len(large))


def _shares(part: pd.Series, whole: pd.Series) -> list[Fraction]:
    """part / whole by country; one without sites has collapsed and counts as 1."""
    return [quotient(some, sites) if sites else Fraction(1) for some, sites in zip(part, whole, strict=True)]


def _share_of(flags: Iterable[bool]) -> Number:
    known = list(flags)
    return quotient(sum(known), len(known))
