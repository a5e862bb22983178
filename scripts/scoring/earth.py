"""What real population would score in the same countries with as many sites, and the best a cohort can reach at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from scripts.scoring.cohort_metrics import NAMES, cohort_metrics
from scripts.scoring.country_table import country_table, summed
from scripts.scoring.gates import Gate
from scripts.scoring.metric_value import MetricValue, available
from scripts.zone_index.index import ZoneIndex, lookup, set_members

FLAGS = ["country_iso", "is_c_multi", "is_c_large"]


@dataclass(frozen=True)
class EarthMetric:
    """Mean over the draws, their 95 % interval, and the limit of many sites."""

    metric: MetricValue
    interval: list[float] | None
    limit: float | None

    def to_json(self) -> dict[str, Any]:
        return {**self.metric.to_json(), "interval": self.interval, "limit": self.limit}


@dataclass(frozen=True)
class Earth:
    """Every realism metric on Earth; countries of a cohort without populated places are left out and named."""

    metrics: dict[str, EarthMetric]
    countries_without_places: list[str]
    draws: int


def zones_of_places(index: ZoneIndex, places: pd.DataFrame, support: pd.DataFrame) -> tuple[np.ndarray, dict[str, int]]:
    """tzid per place, object [n], from our own lookup, and how many were ambiguous or uncovered.

    Where several zones cover a place its country's own zone wins, then the smaller name; where none does, the
    gazetteer's zone stands.
    """
    own = set(zip(support["country_iso"], support["tzid"], strict=True))
    found = lookup(index, places["lon_deg"].to_numpy(), places["lat_deg"].to_numpy())
    size = index.set_sizes[found]
    tzids = np.array([*index.tzids, ""], dtype=object)
    zone = tzids[np.where(size == 1, found - 1, len(index.tzids))]
    for row in np.flatnonzero(size > 1).tolist():
        names = set_members(index, int(found[row]))
        mine = [name for name in names if (places["country_iso"].iat[row], name) in own]
        zone[row] = (mine or names)[0]
    bare = size == 0
    zone[bare] = places["tzid"].to_numpy()[bare]
    return zone, {"places": len(places), "ambiguous": int((size > 1).sum()), "uncovered": int(bare.sum())}


def draw_counts(people: pd.DataFrame, sites: Mapping[str, int], seed: int, draws: int) -> pd.DataFrame:
    """`draws` multinomial samples of each country's sites over its zones: country_iso, draw, tzid, sites.

    `people` has country_iso, tzid, sites (inhabitants). Philox keyed by (seed, country): a country's draws do not
    depend on the others or on the order of rows.
    """
    parts = [pd.DataFrame(columns=["country_iso", "draw", "tzid", "sites"])]
    for country, part in people.sort_values(["country_iso", "tzid"]).groupby("country_iso"):
        key = [seed, int.from_bytes(f"earth{country}".encode())]
        generator = np.random.Generator(np.random.Philox(key=key))
        weight = part["sites"].to_numpy(np.float64)
        counts = generator.multinomial(sites[str(country)], weight / weight.sum(), size=draws)
        columns = {
            "country_iso": country,
            "draw": np.repeat(np.arange(draws), len(part)),
            "tzid": np.tile(part["tzid"].to_numpy(), draws),
            "sites": counts.ravel(),
        }
        parts.append(pd.DataFrame(columns))
    whole = pd.concat(parts[1:] or parts)
    return whole[whole["sites"] > 0]


def earth(places: pd.DataFrame, support: pd.DataFrame, flags: pd.DataFrame, *, seed: int, draws: int) -> Earth:
    """The metrics of the seed's cohorts if their sites lay where people live.

    `places` has country_iso, tzid, population; `flags` has `FLAGS` and site_count.
    """
    gated = flags[flags["is_c_multi"] | flags["is_c_large"]]
    people = summed(places.rename(columns={"population": "sites"}), ["country_iso", "tzid"])
    people = people[people["sites"].gt(0) & people["country_iso"].isin(gated["country_iso"])]
    known = gated[gated["country_iso"].isin(people["country_iso"])]
    drawn = draw_counts(people, dict(zip(known["country_iso"], known["site_count"], strict=True)), seed, draws)
    by_draw = [cohort_metrics(table) for _, table in _draw_tables(drawn, support, known).groupby("draw")]
    limits = cohort_metrics(country_table(people, support).merge(known[FLAGS], on="country_iso"))
    left_out = sorted(set(gated["country_iso"]) - set(known["country_iso"]))
    return Earth({name: _over_draws(limits[name], by_draw, name) for name in NAMES}, left_out, draws)


def _over_draws(limit: MetricValue, by_draw: list[dict[str, MetricValue]], name: str) -> EarthMetric:
    values = [value for metrics in by_draw if (value := metrics[name].value) is not None]
    if not values:
        return EarthMetric(limit, None, limit.value)
    low, high = np.quantile(values, [0.025, 0.975])
    return EarthMetric(available(float(np.mean(values)), limit.n), [float(low), float(high)], limit.value)


def _draw_tables(drawn: pd.DataFrame, support: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """The country table of every draw, computed at once: draw and country together stand for a country."""
    keyed = drawn.assign(key=drawn["country_iso"] + "#" + drawn["draw"].astype(str))
    keys = keyed[["key", "country_iso", "draw"]].drop_duplicates()
    counts, zones = (
        frame.drop(columns="country_iso").rename(columns={"key": "country_iso"})
        for frame in (keyed, keys.merge(support, on="country_iso"))
    )
    table = country_table(counts, zones).rename(columns={"country_iso": "key"})
    return table.merge(keys, on="key").merge(known[FLAGS], on="country_iso")


def ceilings(flags: pd.DataFrame, support: pd.DataFrame, gates: Mapping[str, Gate]) -> dict[str, float | None]:
    """Best value that the cohort's topology (n sites, K zones per country) allows for every gate.

    `flags` has `FLAGS` and site_count. Governance gates can reach their ideal, 0.
    """
    gated = flags[flags["is_c_multi"] | flags["is_c_large"]]
    best = country_table(even_counts(gated, support), support).merge(gated[FLAGS], on="country_iso")
    # With three zones or more the two largest can always be equal: the rest takes the odd site.
    best.loc[best["tz_world_support_count"] >= 3, "top2_sites"] = best["top1_sites"]
    realism = {name: metric.value for name, metric in cohort_metrics(best).items()}
    return {name: realism.get(name, 0.0) for name in gates}


def even_counts(flags: pd.DataFrame, support: pd.DataFrame) -> pd.DataFrame:
    """Each country's sites (`site_count`) spread evenly over its own zones: country_iso, tzid, sites."""
    zones = support.merge(flags[["country_iso", "site_count"]], on="country_iso").sort_values(["country_iso", "tzid"])
    by_country = zones.groupby("country_iso")["tzid"]
    size = by_country.transform("size")
    zones["sites"] = zones["site_count"] // size + (by_country.cumcount() < zones["site_count"] % size)
    return zones[zones["sites"] > 0][["country_iso", "tzid", "sites"]]
