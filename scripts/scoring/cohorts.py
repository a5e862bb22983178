"""Cohorts of countries: what cohorts.yaml says of them, and which countries they are (certification.md §3)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.lib.contracts import load_yaml
from scripts.lib.records import record
from scripts.scoring.gates import Threshold


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


def cohort_members(table: pd.DataFrame) -> dict[str, list[str]]:
    """The countries of the gated cohorts."""
    flags = {"C_multi": "is_c_multi", "C_large": "is_c_large"}
    return {name: table.loc[table[flag].astype(bool), "country_iso"].tolist() for name, flag in flags.items()}


def cohort_counts(table: pd.DataFrame) -> dict[str, int]:
    """Countries in each cohort that has any, and in C_large, which overlaps the others."""
    counted = table["cohort"].value_counts().sort_index()
    return {str(name): int(size) for name, size in counted.items()} | {"C_large": len(cohort_members(table)["C_large"])}
