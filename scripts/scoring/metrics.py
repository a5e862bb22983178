"""Realism metrics of one seed: country quantities, cohorts and cohort metrics (certification.md §2-4).

Pure functions on frames. A metric that cannot be computed has a status and a reason; it is never 0.
"""

from typing import Any

import numpy as np
import pandas as pd

from scripts.states.sites import Table, batches

SITES = Table("site_timezones", "schemas.2A.yaml#/egress/site_timezones")
SINGLE_ZONE_SHARE = 0.95  # part of the definition of `c_large_share_top1_lt_095`, as its name says; not a threshold
ENTROPY_NORM_FORMULA = "H / ln K for K >= 2 zones of the country, else 0; H = -sum(p ln p) over the zones of its sites"
COUNT_KEYS = ["country_iso", "tzid", "tzid_source", "ambiguous"]


def count_sites(path: str) -> pd.DataFrame:
    """Site counts of site_timezones, streamed and sorted: columns `COUNT_KEYS` and sites (int64).

    `ambiguous` marks rows that geometry alone left open (they were nudged): only these can 2A decide by policy.
    """
    parts = []
    for batch in batches(SITES, path):
        columns = {name: _categories(batch[name]) for name in ("legal_country_iso", "tzid", "tzid_source")}
        columns["ambiguous"] = batch["nudge_lat_deg"].is_valid().to_numpy(zero_copy_only=False)
        frame = pd.DataFrame(columns).rename(columns={"legal_country_iso": "country_iso"})
        parts.append(frame.groupby(COUNT_KEYS, observed=True).size().rename("sites").reset_index())
    whole = pd.concat(parts) if parts else pd.DataFrame(columns=[*COUNT_KEYS, "sites"])
    whole = whole.astype({"country_iso": str, "tzid": str, "tzid_source": str, "ambiguous": bool, "sites": "int64"})
    whole["country_iso"] = whole["country_iso"].str.strip().str.upper()
    return whole.groupby(COUNT_KEYS, as_index=False)["sites"].sum()


def _categories(column: Any) -> pd.Categorical:
    return pd.Categorical.from_codes(column.indices.to_numpy(), column.dictionary.to_pylist())


def country_table(counts: pd.DataFrame, support: pd.DataFrame) -> pd.DataFrame:
    """One row per country, sorted by country_iso (certification.md §2).

    `counts` has country_iso, tzid, sites; `support` has country_iso, tzid (zone.tab). All values are unrounded.
    """
    zones = counts.groupby(["country_iso", "tzid"], as_index=False)["sites"].sum()
    supported = support.drop_duplicates().assign(in_support=True)
    zones = zones.merge(supported, on=["country_iso", "tzid"], how="left")
    zones["in_support"] = zones["in_support"].eq(True)
    total = zones.groupby("country_iso")["sites"].transform("sum")
    zones["share"] = zones["sites"] / total
    zones["surprise"] = -zones["share"] * np.log(zones["share"])
    zones = zones.sort_values(["country_iso", "share", "tzid"], ascending=[True, False, True])
    by_country = zones.groupby("country_iso")
    table = by_country.agg(
        site_count=("sites", "sum"),
        distinct_tzid_count=("tzid", "nunique"),
        top1_tzid=("tzid", "first"),
        top1_share=("share", "first"),
        entropy_nats=("surprise", "sum"),
    )
    table["hhi"] = (zones["share"] ** 2).groupby(zones["country_iso"]).sum()
    second = by_country["share"].nth(1)
    second.index = zones.loc[second.index, "country_iso"]
    table["top1_top2_gap"] = (table["top1_share"] - second).where(table["distinct_tzid_count"] >= 2, 1.0)
    leaked = zones["sites"].where(~zones["in_support"], 0).groupby(zones["country_iso"]).sum()
    table["out_of_support_share"] = leaked / table["site_count"]
    size = support.drop_duplicates().groupby("country_iso")["tzid"].nunique()
    table["tz_world_support_count"] = size.reindex(table.index).fillna(0).astype("int64")
    spread = table["tz_world_support_count"] >= 2
    table["entropy_norm"] = np.where(
        spread, table["entropy_nats"] / np.log(table["tz_world_support_count"].where(spread, 2)), 0.0
    )
    return table.reset_index()


def add_cohorts(table: pd.DataFrame, cohorts: dict[str, Any]) -> pd.DataFrame:
    """The table with is_c_multi, is_c_large and cohort (C_multi, C_single, C_small; certification.md §3, A8)."""
    sites, support = table["site_count"], table["tz_world_support_count"]
    multi, large, single = cohorts["c_multi"], cohorts["c_large"], cohorts["c_single"]
    is_multi = (sites >= multi["min_sites"]["value"]) & (support >= multi["min_support"]["value"])
    is_large = (sites >= large["min_sites"]["value"]) & (support >= large["min_support"]["value"])
    is_single = support <= single["max_support"]["value"]
    cohort = np.select([is_multi, is_single], ["C_multi", "C_single"], "C_small")
    return table.assign(is_c_multi=is_multi, is_c_large=is_large, cohort=cohort)


def available(value: float, n: int) -> dict[str, Any]:
    """A computed metric with the number of units behind it."""
    return {"status": "ok", "value": float(value), "n": int(n)}


def unavailable(reason: str) -> dict[str, Any]:
    """A metric that could not be computed; its gate fails."""
    return {"status": "not_computable", "value": None, "n": 0, "reason": reason}


def cohort_metrics(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """The five realism metrics from a table with cohort flags."""
    multi, large = table[table["is_c_multi"]], table[table["is_c_large"]]
    found = {}
    for name, column, reduce in (
        ("c_multi_share_distinct_ge2", multi["distinct_tzid_count"] >= 2, np.mean),
        ("c_multi_median_top1_share", multi["top1_share"], np.median),
        ("c_multi_median_top1_top2_gap", multi["top1_top2_gap"], np.median),
        ("c_multi_median_entropy_norm", multi["entropy_norm"], np.median),
        ("c_large_share_top1_lt_095", large["top1_share"] < SINGLE_ZONE_SHARE, np.mean),
    ):
        cohort = "C_multi" if name.startswith("c_multi") else "C_large"
        found[name] = available(reduce(column), len(column)) if len(column) else unavailable(f"{cohort} is empty")
    return found
