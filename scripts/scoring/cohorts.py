"""Cohorts of countries, and the five realism metrics, each over the countries of one (certification.md §3, §4)."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

from scripts.lib.contracts import load_yaml
from scripts.lib.records import record
from scripts.scoring.gates import Threshold
from scripts.scoring.metric_value import MetricValue, Number, available, quotient, unavailable

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


@dataclass(frozen=True)
class Floor:
    """Least sites and least zones (K) of the countries of a cohort, and how many of these it needs to gate."""

    min_sites: Threshold
    min_support: Threshold
    min_countries: Threshold

    def members(self, table: pd.DataFrame) -> pd.Series:
        """Bool per row of a table with site_count and tz_world_support_count."""
        enough = table["site_count"] >= self.min_sites.value
        return enough & (table["tz_world_support_count"] >= self.min_support.value)


@dataclass(frozen=True)
class Single:
    """Most zones (K) of the countries of C_single."""

    max_support: Threshold


@dataclass(frozen=True)
class Cohorts:
    """The whole of cohorts.yaml: C_multi and C_large gate, C_single does not."""

    c_multi: Floor
    c_large: Floor
    c_single: Single


def read_cohorts(path: str | Path) -> Cohorts:
    """The cohort contract of `config/certification/cohorts.yaml`."""
    return record(Cohorts, load_yaml(path))


def add_cohorts(table: pd.DataFrame, cohorts: Cohorts) -> pd.DataFrame:
    """The table with is_c_multi, is_c_large and cohort (C_multi, C_single, C_small; A8)."""
    is_multi, is_large = cohorts.c_multi.members(table), cohorts.c_large.members(table)
    is_single = table["tz_world_support_count"] <= cohorts.c_single.max_support.value
    cohort = np.select([is_multi, is_single], ["C_multi", "C_single"], "C_small")
    return table.assign(is_c_multi=is_multi, is_c_large=is_large, cohort=cohort)


def gated(table: pd.DataFrame) -> pd.Series:
    """Bool per row of a table with cohort flags: whether the country is in a cohort that gates."""
    return table["is_c_multi"] | table["is_c_large"]


def cohort_members(table: pd.DataFrame) -> dict[str, list[str]]:
    """The countries of the gated cohorts."""
    flags = {"C_multi": "is_c_multi", "C_large": "is_c_large"}
    return {name: table.loc[table[flag].astype(bool), "country_iso"].tolist() for name, flag in flags.items()}


def cohort_counts(table: pd.DataFrame) -> dict[str, int]:
    """Countries in each cohort that has any, and in C_large, which overlaps the others."""
    counted = table["cohort"].value_counts().sort_index()
    return {str(name): int(size) for name, size in counted.items()} | {"C_large": len(cohort_members(table)["C_large"])}


def cohort_metrics(table: pd.DataFrame) -> dict[str, MetricValue]:
    """The metrics of `NAMES` from a country table with cohort flags: quotients of counts, but for the entropy."""
    multi, large = table[table["is_c_multi"]], table[table["is_c_large"]]
    if multi.empty:
        found = dict.fromkeys(NAMES[:4], unavailable("C_multi is empty"))
    else:
        distinct = quotient((multi["distinct_tzid_count"] >= 2).sum(), len(multi))
        top1 = _shares(multi["top1_sites"], multi["site_count"])
        gaps = _shares(multi["top1_sites"] - multi["top2_sites"], multi["site_count"])
        entropy = round(float(multi["entropy_norm"].median()), ENTROPY_DIGITS)
        values: tuple[Number, ...] = (distinct, median(top1), median(gaps), entropy)
        found = {name: available(value, len(multi)) for name, value in zip(NAMES, values, strict=False)}
    return found | {C_LARGE: share_below_single_zone(large)}


def share_below_single_zone(large: pd.DataFrame) -> MetricValue:
    """Share of the countries of `large` whose biggest zone has less than 0.95 of the sites."""
    if large.empty:
        return unavailable("C_large is empty")
    below = large["top1_sites"] * SINGLE_ZONE_SHARE.denominator < large["site_count"] * SINGLE_ZONE_SHARE.numerator
    return available(quotient(below.sum(), len(large)), len(large))


def _shares(part: pd.Series, whole: pd.Series) -> list[Fraction]:
    """part / whole by country; one without sites has collapsed and counts as 1."""
    return [quotient(some, sites) if sites else Fraction(1) for some, sites in zip(part, whole, strict=True)]
