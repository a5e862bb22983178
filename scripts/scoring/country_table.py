"""Sites by country and zone, and the quantities of each country (certification.md §2).

Every reading of a seed goes through `country_table`: what was counted, what is left without some rows, what policy
could still reach, the best layout of a cohort, and Earth.
"""

import numpy as np
import pandas as pd

from scripts.lib.published import is_withheld
from scripts.states.sites import Table, batches

SITES = Table("site_timezones", "schemas.2A.yaml#/egress/site_timezones")
COUNT_KEYS = ["country_iso", "tzid", "tzid_source", "ambiguous"]
ENTROPY_NORM_FORMULA = "H / ln K for K >= 2 zones of the country, else 0; H = -sum(p ln p) over the zones of its sites"


def count_sites(path: str) -> pd.DataFrame:
    """Site counts of site_timezones, streamed and sorted: columns `COUNT_KEYS` and sites (int64); none if withheld.

    `ambiguous` marks rows that geometry alone left open (they were nudged): only these can 2A decide by policy.
    """
    parts = []
    for batch in () if is_withheld(path) else batches(SITES, path):
        frame = batch.select(["legal_country_iso", "tzid", "tzid_source"]).to_pandas()  # text as categories
        frame["ambiguous"] = batch["nudge_lat_deg"].is_valid().to_numpy(zero_copy_only=False)
        frame = frame.rename(columns={"legal_country_iso": "country_iso"})
        parts.append(frame.groupby(COUNT_KEYS, observed=True).size().rename("sites").reset_index())
    whole = pd.concat(parts) if parts else pd.DataFrame(columns=[*COUNT_KEYS, "sites"])
    whole = whole.astype({"country_iso": str, "tzid": str, "tzid_source": str, "ambiguous": bool, "sites": "int64"})
    return summed(whole, COUNT_KEYS)


def summed(counts: pd.DataFrame, keys: list[str], *also: str) -> pd.DataFrame:
    """`counts` with its sites, and the columns `also`, added up by `keys`, sorted by them."""
    return counts.groupby(keys, as_index=False)[["sites", *also]].sum()


def zone_numbers(support: pd.DataFrame) -> pd.Series:
    """K by country_iso: how many zones `support` (country_iso, tzid) names."""
    return support.groupby("country_iso")["tzid"].nunique()


def in_support(counts: pd.DataFrame, support: pd.DataFrame) -> pd.Series:
    """Bool per row of `counts`: whether the tzid is one of the country's own (zone.tab)."""
    pairs, own = (pd.MultiIndex.from_frame(frame[["country_iso", "tzid"]]) for frame in (counts, support))
    return pd.Series(pairs.isin(own), index=counts.index)


def country_table(counts: pd.DataFrame, support: pd.DataFrame) -> pd.DataFrame:
    """One row per country, sorted by country_iso.

    `counts` has country_iso, tzid, sites; `support` has country_iso, tzid (zone.tab). All values are unrounded;
    gates are held against the counts (`site_count`, `top1_sites`, `top2_sites`), not against the quotients.
    """
    zones = summed(counts, ["country_iso", "tzid"])
    zones["share"] = zones["sites"] / zones.groupby("country_iso")["sites"].transform("sum")
    zones["surprise"] = -zones["share"] * np.log(zones["share"])
    zones["square"] = zones["share"] ** 2
    zones["leaked"] = zones["sites"].where(~in_support(zones, support), 0)
    zones = zones.sort_values(["country_iso", "sites", "tzid"], ascending=[True, False, True])
    by_country = zones.groupby("country_iso")
    table = by_country.agg(
        site_count=("sites", "sum"),
        distinct_tzid_count=("tzid", "nunique"),
        top1_tzid=("tzid", "first"),
        top1_sites=("sites", "first"),
        top1_share=("share", "first"),
        entropy_nats=("surprise", "sum"),
        hhi=("square", "sum"),
        leaked=("leaked", "sum"),
    )
    second = zones[by_country.cumcount() == 1].set_index("country_iso")["sites"]
    table["top2_sites"] = second.reindex(table.index).fillna(0).astype("int64")
    # One division of counts: the difference of two shares would be off by a rounding, and 0.85 with it.
    table["top1_top2_gap"] = (table["top1_sites"] - table["top2_sites"]) / table["site_count"]
    table["out_of_support_share"] = table.pop("leaked") / table["site_count"]
    table["tz_world_support_count"] = zone_numbers(support).reindex(table.index).fillna(0).astype("int64")
    spread = table["tz_world_support_count"].where(table["tz_world_support_count"] >= 2)
    table["entropy_norm"] = (table["entropy_nats"] / np.log(spread)).fillna(0.0)
    return table.reset_index()
