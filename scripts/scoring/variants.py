"""What a metric rests on: the same metrics without leaked, hand-set or guessed rows, and what policy could still move.

Each variant is other counts through the same country table. Variants keep the literal cohorts, so that a country
cannot leave a cohort by losing rows. A cohort country without rows left counts as collapsed: nothing of its diversity
was real.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from scripts.scoring.cohort_metrics import NAMES, cohort_metrics, share_below_single_zone
from scripts.scoring.cohorts import Cohorts, Floor, add_cohorts
from scripts.scoring.country_table import country_table, in_support, summed, zone_numbers
from scripts.scoring.gates import GRADES, Limits
from scripts.scoring.metric_value import MetricValue, unavailable
from scripts.scoring.seed_metrics import Caveat, Reading

COUNTED = ["site_count", "distinct_tzid_count", "top1_sites", "top2_sites"]
COLLAPSED = dict.fromkeys(COUNTED, 0) | {"top1_share": 1.0, "top1_top2_gap": 1.0, "entropy_norm": 0.0}
ROWS_OF = {"in_support": "leakage", "polygon": "overrides", "without_fallback": "fallback"}
RESTS_ON = ROWS_OF | {"half_floor": "cohort_floor"}
Variants = Mapping[str, Mapping[str, MetricValue]]  # by metric, then variant


@dataclass(frozen=True)
class Counted:
    """A seed's sites: the literal country table with its cohorts, and what it was made of."""

    table: pd.DataFrame
    counts: pd.DataFrame  # columns of `count_sites`
    support: pd.DataFrame
    cohorts: Cohorts

    def recounted(self, counts: pd.DataFrame) -> pd.DataFrame:
        """The country table of other counts under the literal cohorts."""
        flags = self.table.set_index("country_iso")[["is_c_multi", "is_c_large", "cohort"]]
        table = country_table(counts, self.support).set_index("country_iso").reindex(flags.index)
        return table.fillna(COLLAPSED).astype(dict.fromkeys(COUNTED, "int64")).join(flags).reset_index()


def variant_tables(counted: Counted, fallback: Mapping[str, int]) -> dict[str, pd.DataFrame]:
    """Country tables by variant; `fallback` are rows by country.

    `half_floor` drops no rows: it lets in countries with half the sites that the cohorts ask for. `without_nudged`
    shows what geometry alone decided; it raises no caveat, as a nudge is lawful.
    """
    counts = counted.counts
    rows = {
        "in_support": counts[in_support(counts, counted.support)],
        "polygon": counts[counts["tzid_source"] == "polygon"],
        "without_nudged": counts[~counts["ambiguous"]],
        "without_fallback": without_open(counts, fallback),
    }
    found = {"literal": counted.table} | {name: counted.recounted(part) for name, part in rows.items()}
    multi, large = (_halved(floor) for floor in (counted.cohorts.c_multi, counted.cohorts.c_large))
    found["half_floor"] = add_cohorts(counted.table, replace(counted.cohorts, c_multi=multi, c_large=large))
    return found


def _halved(floor: Floor) -> Floor:
    return replace(floor, min_sites=replace(floor.min_sites, value=floor.min_sites.value / 2))


def without_open(counts: pd.DataFrame, rows: Mapping[str, int]) -> pd.DataFrame:
    """`counts` less so many of each country's ambiguous rows, from its smallest zones: the least favourable reading.

    Reports count guessed and preferred rows by country, not by zone; all of them are ambiguous.
    """
    zones = summed(counts.assign(open=counts["sites"].where(counts["ambiguous"], 0)), ["country_iso", "tzid"], "open")
    zones = zones.sort_values(["country_iso", "sites", "tzid"])
    before = zones.groupby("country_iso")["open"].cumsum() - zones["open"]
    lost = zones["country_iso"].map(dict(rows)).fillna(0) - before
    zones["sites"] -= lost.clip(lower=0, upper=zones["open"]).astype("int64")
    return zones[zones["sites"] > 0]


def variant_metrics(tables: Mapping[str, pd.DataFrame]) -> dict[str, dict[str, MetricValue]]:
    """The metrics by name, then variant; their `rows` are the sites that the variant keeps."""
    found: dict[str, dict[str, MetricValue]] = {name: {} for name in NAMES}
    for variant, table in tables.items():
        rows = int(table["site_count"].sum())
        for name, metric in cohort_metrics(table).items():
            found[name][variant] = replace(metric, rows=rows)
    return found


def variant_caveats(variants: Variants, limits: Limits) -> list[Caveat]:
    """Gates that hold as the plan counts them and fail without leaked, hand-set or guessed rows."""
    return [
        {"caveat": f"rests_on_{cause}", "gate": name, "grade": grade.upper(), "value_without": part[variant].value}
        for name, part in sorted(variants.items())
        for grade in GRADES
        if limits.gates[name].holds(part["literal"].number, grade)
        for variant, cause in RESTS_ON.items()
        if not limits.gates[name].holds(part[variant].number, grade)
    ]


def c_large_readings(counted: Counted) -> dict[str, Reading]:
    """Share of large countries with top1 < 0.95 under three readings of "large", each with its ceiling.

    `literal`: all with enough sites; `eligible`: those with two zones or more; `top_decile`: the tenth of all
    countries with most sites. The ceiling is the share of the cohort that has more than one zone.
    """
    table = counted.table
    literal, zoned = (
        table["site_count"] >= counted.cohorts.c_large.min_sites.value,
        table["tz_world_support_count"] >= 2,
    )
    decile = table.sort_values(["site_count", "country_iso"], ascending=[False, True]).index[: -(-len(table) // 10)]
    picks = {"literal": literal, "eligible": literal & zoned, "top_decile": table.index.isin(decile)}
    found = {}
    for name, pick in picks.items():
        part = table.loc[pick]
        if part.empty:
            found[name] = Reading(unavailable("the cohort is empty"), None, [])
            continue
        found[name] = Reading(
            share_below_single_zone(part), float(zoned[part.index].mean()), part["country_iso"].tolist()
        )
    return found


def reachable(counts: pd.DataFrame, support: pd.DataFrame) -> pd.DataFrame:
    """`counts` if every ambiguous row were put where it helps most: the bound of all 2A policy.

    Ambiguous rows leave the top zone first and fill the country's emptiest zones.
    """
    zones, size = summed(counts, ["country_iso", "tzid"]), zone_numbers(support)
    movable = counts[counts["ambiguous"]].groupby("country_iso")["sites"].sum()
    parts = [zones[~zones["country_iso"].isin(movable.index)]]
    for country, budget in movable.items():
        sites = zones.loc[zones["country_iso"] == country, "sites"].to_numpy()
        filled = pour(sites, int(budget), int(size.get(country, 0)))
        parts.append(pd.DataFrame({"country_iso": country, "tzid": map(str, range(len(filled))), "sites": filled}))
    whole = pd.concat(parts)
    return whole[whole["sites"] > 0]


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
