"""Realism of one seed: the cohort metrics, what they rest on, and how far policy could move them (certification.md §4).

Each variant is other counts through the same country table. Variants keep the literal cohorts, so that a country
cannot leave a cohort by losing rows. A cohort country without rows left counts as collapsed: nothing of its diversity
was real.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from scripts.scoring.caveat import GRADE_OF, Caveat, rests_on, shown
from scripts.scoring.cohorts import (
    C_LARGE,
    NAMES,
    Cohorts,
    Floor,
    add_cohorts,
    cohort_members,
    cohort_metrics,
    share_below_single_zone,
)
from scripts.scoring.country_table import country_table, in_support, summed, zone_numbers
from scripts.scoring.gates import GRADES, Gate, Limits
from scripts.scoring.metric_value import WITHHELD, MetricValue
from scripts.scoring.seed_metrics import PolygonSupport, Reading

COUNTED = ["site_count", "distinct_tzid_count", "top1_sites", "top2_sites"]
COLLAPSED = dict.fromkeys(COUNTED, 0) | {"top1_share": 1.0, "top1_top2_gap": 1.0, "entropy_norm": 0.0}
ROWS_OF = {"in_support": "leakage", "polygon": "overrides", "without_fallback": "fallback"}
UNTOUCHED_CHECK = "_on_untouched_rows"  # what a check is called after its gate
UNTOUCHED = "untouched"  # rows in the country's own zones that nobody guessed, preferred or set by hand
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


@dataclass(frozen=True)
class Realism:
    """The cohort metrics, their variants, other readings of them, and what 2A policy could still reach."""

    metrics: dict[str, MetricValue]
    variants: dict[str, dict[str, MetricValue]]
    c_large_readings: dict[str, Reading]
    polygon_support: PolygonSupport | None
    reach_2a: dict[str, MetricValue]


def realism(
    counted: Counted, fallback: Mapping[str, int], preferred: Mapping[str, int], polygons: pd.DataFrame
) -> Realism:
    """Everything that is counted in the country table, or why there is nothing.

    `fallback` and `preferred` as in `variant_tables`; `polygons` are the zones of each country as the polygons have
    them: country_iso, tzid.
    """
    if counted.table.empty:
        nothing = dict.fromkeys(NAMES, WITHHELD)
        return Realism(nothing, {}, {}, None, nothing)
    return Realism(
        metrics=cohort_metrics(counted.table),
        variants=variant_metrics(variant_tables(counted, fallback, preferred)),
        c_large_readings=c_large_readings(counted),
        polygon_support=polygon_support(counted, polygons),
        reach_2a=cohort_metrics(counted.recounted(reachable(counted.counts, counted.support))),
    )


def realism_caveats(found: Realism, table: pd.DataFrame, limits: Limits) -> list[Caveat]:
    """What the metrics rest on, other readings that would not pass, and countries with H / ln K above 1.

    Only leakage can do the latter: they are flagged, not clipped (certification.md A4).
    """
    caveats = variant_caveats(found.variants, limits)
    caveats += c_large_caveats(found.c_large_readings, limits.gates[C_LARGE])
    odd = table[table["is_c_multi"] & (table["entropy_norm"] > 1 + 1e-12)]["country_iso"].tolist()
    if odd:
        gate, says = "c_multi_median_entropy_norm", f"entropy above 1 in {', '.join(odd)}: sites in more zones than K"
        caveats.append(Caveat("entropy_above_one", "B", says, gate=gate, numbers={"countries": odd}))
    return caveats


def variant_tables(
    counted: Counted, fallback: Mapping[str, int], preferred: Mapping[str, int]
) -> dict[str, pd.DataFrame]:
    """Country tables by variant, where so many rows of each country fell back to the nearest polygon, and so many
    border preference gave to the country itself.

    `half_floor` drops no rows: it lets in countries with half the sites that the cohorts ask for. `without_nudged`
    shows what geometry alone decided; it raises no caveat, as a nudge is lawful. `untouched` drops all that a pass may
    not rest on, together.
    """
    counts = counted.counts
    own, by_polygon = in_support(counts, counted.support), counts["tzid_source"] == "polygon"
    guessed = Counter(fallback) + Counter(preferred)
    rows = {
        "in_support": counts[own],
        "polygon": counts[by_polygon],
        "without_nudged": counts[~counts["ambiguous"]],
        "without_fallback": without_open(counts, fallback),
        UNTOUCHED: without_open(counts[own & by_polygon], guessed),
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
    zones = counts.assign(open=counts["sites"].where(counts["ambiguous"], 0).astype("int64"))
    zones = summed(zones, ["country_iso", "tzid"], "open").sort_values(["country_iso", "sites", "tzid"])
    before = zones.groupby("country_iso")["open"].cumsum() - zones["open"]
    lost = zones["country_iso"].map(lambda country: rows.get(country, 0)).astype("int64") - before
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
        rests_on(cause, limits.gates[name], grade, part[variant])
        for name, part in sorted(variants.items())
        for grade in GRADES
        if limits.gates[name].holds(part["literal"].number, grade)
        for variant, cause in RESTS_ON.items()
        if not limits.gates[name].holds(part[variant].number, grade)
    ]


def untouched_checks(variants: Variants, limits: Limits) -> dict[str, bool]:
    """Whether each realism gate holds B on the untouched rows alone; nothing where the config asks for none."""
    asked = limits.realism.items() if limits.untouched_rows.value else ()
    return {
        f"{name}{UNTOUCHED_CHECK}": bool(variants) and gate.holds(variants[name][UNTOUCHED].number, "b")
        for name, gate in asked
    }


def c_large_readings(counted: Counted) -> dict[str, Reading]:
    """Share of large countries with top1 < 0.95 under three readings of "large", each with its ceiling.

    `literal`: all with enough sites; `eligible`: those with two zones or more; `top_decile`: the tenth of all
    countries with most sites. The ceiling is the share of the cohort that has more than one zone: what lies above it
    has leaked.
    """
    table = counted.table
    literal = table[table["site_count"] >= counted.cohorts.c_large.min_sites.value]
    decile = table.sort_values(["site_count", "country_iso"], ascending=[False, True]).index[: -(-len(table) // 10)]
    cohorts = {
        "literal": literal,
        "eligible": literal[literal["tz_world_support_count"] >= 2],
        "top_decile": table[table.index.isin(decile)],
    }
    return {name: _reading(part) for name, part in cohorts.items()}


def _reading(part: pd.DataFrame) -> Reading:
    if part.empty:
        return Reading(None, 0, "the cohort is empty")
    ceiling = float((part["tz_world_support_count"] >= 2).mean())
    return Reading(**vars(share_below_single_zone(part)), ceiling=ceiling, countries=tuple(part["country_iso"]))


def c_large_caveats(readings: Mapping[str, Reading], gate: Gate) -> list[Caveat]:
    """A pass of C_large that the literal reading, all countries with enough sites, would not give."""
    if not readings:
        return []
    eligible, literal = readings["eligible"], readings["literal"]
    says = f"{gate.name} counts countries with two zones or more; of all large ones it is {shown(literal.value)}"
    numbers = {"value": eligible.value, "literal": literal.value, "ceiling": literal.ceiling}
    return [
        Caveat("c_large_literal", GRADE_OF[grade], says, gate=gate.name, numbers=numbers)
        for grade in GRADES
        if gate.holds(eligible.number, grade) and not gate.holds(literal.number, grade)
    ]


def polygon_support(counted: Counted, polygons: pd.DataFrame) -> PolygonSupport:
    """The same sites if K_c were counted by polygons; `polygons` has country_iso, tzid."""
    table = add_cohorts(country_table(counted.counts, polygons), counted.cohorts)
    other = table[table["tz_world_support_count"].ne(counted.table["tz_world_support_count"])]
    zones = dict(zip(other["country_iso"], other["tz_world_support_count"].tolist(), strict=True))
    return PolygonSupport(cohort_members(table), zones, cohort_metrics(table))


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
