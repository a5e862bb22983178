"""What a metric rests on: the same metrics without leaked, hand-set or guessed rows, and what policy could still move.

Variants keep the literal cohorts, so that a country cannot leave a cohort by losing rows. A cohort country without
rows left counts as collapsed: nothing of its diversity was real.
"""

from typing import Any

import numpy as np
import pandas as pd

from scripts.scoring.gates import GRADES, holds
from scripts.scoring.metrics import (
    SINGLE_ZONE_SHARE,
    add_cohorts,
    available,
    cohort_metrics,
    country_table,
    unavailable,
)

COLLAPSED = {"distinct_tzid_count": 0, "top1_share": 1.0, "top1_top2_gap": 1.0, "entropy_norm": 0.0}
ROWS_OF = {"in_support": "leakage", "polygon": "overrides", "without_fallback": "fallback"}
RESTS_ON = ROWS_OF | {"half_floor": "cohort_floor"}


def in_support(counts: pd.DataFrame, support: pd.DataFrame) -> pd.Series:
    """Bool per row of `counts`: whether the tzid is one of the country's own (zone.tab)."""
    own = set(zip(support["country_iso"], support["tzid"], strict=True))
    pairs = zip(counts["country_iso"], counts["tzid"], strict=True)
    return pd.Series([pair in own for pair in pairs], index=counts.index, dtype=bool)


def without_fallback(counts: pd.DataFrame, fallback: dict[str, int]) -> pd.DataFrame:
    """`counts` less each country's fallback rows, taken from its smallest zones: the least favourable reading.

    Reports count fallback rows by country, not by zone.
    """
    zones = counts.groupby(["country_iso", "tzid"], as_index=False)["sites"].sum()
    zones = zones.sort_values(["country_iso", "sites", "tzid"])
    before = zones.groupby("country_iso")["sites"].cumsum() - zones["sites"]
    lost = zones["country_iso"].map(fallback).fillna(0) - before
    zones["sites"] -= lost.clip(lower=0, upper=zones["sites"]).astype("int64")
    return zones[zones["sites"] > 0]


def variant_tables(
    table: pd.DataFrame, counts: pd.DataFrame, support: pd.DataFrame, fallback: dict[str, int], cohorts: dict[str, Any]
) -> dict[str, pd.DataFrame]:
    """Country tables by variant; those that drop rows keep the cohort flags of the literal `table`.

    `half_floor` drops none: it lets in countries with half the sites that the cohorts ask for. `without_nudged` shows
    what geometry alone decided; it raises no caveat, as a nudge is lawful.
    """
    rows = {
        "in_support": counts[in_support(counts, support)],
        "polygon": counts[counts["tzid_source"] == "polygon"],
        "without_nudged": counts[~counts["ambiguous"]],
        "without_fallback": without_fallback(counts, fallback),
    }
    flags = table.set_index("country_iso")[["is_c_multi", "is_c_large", "cohort"]]
    found = {"literal": table}
    for name, part in rows.items():
        reduced = country_table(part, support).set_index("country_iso").reindex(flags.index)
        reduced["site_count"] = reduced["site_count"].fillna(0)
        found[name] = reduced.fillna(COLLAPSED).join(flags).reset_index()
    lower = {name: dict(entry) for name, entry in cohorts.items()}
    for name in ("c_multi", "c_large"):
        lower[name]["min_sites"] = {"value": cohorts[name]["min_sites"]["value"] / 2}
    found["half_floor"] = add_cohorts(table, lower)
    return found


def variant_metrics(tables: dict[str, pd.DataFrame]) -> dict[str, dict[str, Any]]:
    """`{metric: {variant: {status, value, n, rows}}}`; `rows` are the sites that the variant keeps."""
    found: dict[str, dict[str, Any]] = {}
    for variant, table in tables.items():
        for name, entry in cohort_metrics(table).items():
            found.setdefault(name, {})[variant] = entry | {"rows": int(table["site_count"].sum())}
    return found


def c_large_readings(table: pd.DataFrame, cohorts: dict[str, Any]) -> dict[str, Any]:
    """Share of large countries with top1 < 0.95 under three readings of "large", each with its ceiling.

    `literal`: all with enough sites; `eligible`: those with two zones or more; `top_decile`: the tenth of all
    countries with most sites. The ceiling is the share of the cohort that has more than one zone.
    """
    literal = table["site_count"] >= cohorts["c_large"]["min_sites"]["value"]
    size = -(-len(table) // 10)
    decile = table.sort_values(["site_count", "country_iso"], ascending=[False, True]).index[:size]
    picks = {
        "literal": literal,
        "eligible": literal & (table["tz_world_support_count"] >= 2),
        "top_decile": table.index.isin(decile),
    }
    found = {}
    for name, pick in picks.items():
        part = table[pick]
        if part.empty:
            found[name] = unavailable("the cohort is empty") | {"ceiling": None, "countries": []}
            continue
        found[name] = available((part["top1_share"] < SINGLE_ZONE_SHARE).mean(), len(part)) | {
            "ceiling": float((part["tz_world_support_count"] >= 2).mean()),
            "countries": part["country_iso"].tolist(),
        }
    return found


def reachable(table: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    """The country table if every ambiguous row were put where it helps most: the bound of all 2A policy.

    Ambiguous rows leave the top zone first and fill the country's emptiest zones.
    """
    movable = counts[counts["ambiguous"]].groupby("country_iso")["sites"].sum()
    zones = counts.groupby(["country_iso", "tzid"])["sites"].sum()
    rows = []
    for row in table.to_dict("records"):
        country, budget = row["country_iso"], int(movable.get(row["country_iso"], 0))
        if budget:
            filled = pour(zones[country].to_numpy(), budget, max(int(row["tz_world_support_count"]), 1))
            share = np.sort(filled[filled > 0])[::-1] / filled.sum()
            row["distinct_tzid_count"], row["top1_share"] = len(share), share[0]
            row["top1_top2_gap"] = share[0] - share[1] if len(share) > 1 else 1.0
            spread = np.log(row["tz_world_support_count"]) if row["tz_world_support_count"] >= 2 else np.inf
            row["entropy_norm"] = float(-(share * np.log(share)).sum() / spread)
        rows.append(row)
    return pd.DataFrame(rows, columns=table.columns)


def pour(sites: np.ndarray, budget: int, zones: int) -> np.ndarray:
    """Counts after moving up to `budget` sites, one by one, from the fullest to the emptiest of `zones` zones."""
    filled = np.zeros(max(zones, len(sites)), np.int64)
    filled[: len(sites)] = sites
    for _ in range(budget):
        high, low = filled.argmax(), filled.argmin()
        if filled[high] - filled[low] < 2:
            break
        filled[high] -= 1
        filled[low] += 1
    return filled


def caveats(variants: dict[str, dict[str, Any]], gates: dict[str, Any]) -> list[dict[str, Any]]:
    """Gates that hold as the plan counts them and fail without leaked, hand-set or guessed rows."""
    found = []
    for name, by_variant in sorted(variants.items()):
        gate = gates["gates"][name]
        for grade in GRADES:
            if not holds(by_variant["literal"]["value"], gate["op"], gate[grade]):
                continue
            for variant, cause in RESTS_ON.items():
                value = by_variant[variant]["value"]
                if not holds(value, gate["op"], gate[grade]):
                    found.append(
                        {"caveat": f"rests_on_{cause}", "gate": name, "grade": grade.upper(), "value_without": value}
                    )
    return found
