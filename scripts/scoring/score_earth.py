"""What real population would score in a seed's countries with as many sites, and their best at all (design §6)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from scripts.lib.files import write_json
from scripts.scoring.cohorts import NAMES, Cohorts, add_cohorts, cohort_members, cohort_metrics, gated, read_cohorts
from scripts.scoring.country_table import country_table, summed, zone_numbers
from scripts.scoring.gates import GRADES, Gate, read_limits
from scripts.scoring.metric_value import MetricValue, available
from scripts.states.receipt import check_sealed, open_receipt
from scripts.states.site_key import COUNTRIES, country_column, named, rows_by_country
from scripts.states.sites import Table, batches
from scripts.zone_index.index import ZoneIndex, lookup, open_index, set_members

SITES = Table("site_locations", "schemas.1B.yaml#/egress/site_locations")
FLAGS = ["country_iso", "is_c_multi", "is_c_large"]
ZONES = ["country_iso", "tzid"]


def main(
    *,
    receipt: str,
    inventory: str,
    site_locations: list[str],
    places: str,
    lookup_index: str,
    country_zones: str,
    gates: str,
    cohorts: str,
    earth_scorecard: str,
    seed: int,
    manifest_fingerprint: str,
) -> None:
    s0 = open_receipt(receipt, inventory, manifest_fingerprint, ("site_locations",))
    check_sealed(s0, "site_locations", *site_locations)
    check_sealed(s0, "lookup_index", lookup_index)
    support, limits = pq.read_table(country_zones).to_pandas(), read_limits(gates)
    flags = cohort_flags(site_locations, support, read_cohorts(cohorts))
    people = pq.read_table(places).to_pandas()
    here = people["country_iso"].isin(flags.loc[gated(flags), "country_iso"])
    people = people[here & (people["population"] > 0)].reset_index(drop=True)
    zone, lookups = zones_of_places(open_index(lookup_index), people, support)
    draws = int(limits.earth_draws.value)
    metrics, left_out = earth(people.assign(tzid=zone), support, flags, seed=seed, draws=draws)
    best = ceilings(flags, support, limits.gates)
    scorecard = {
        "seed": seed,
        "what": "population of the same countries by our own zone lookup, with as many sites, drawn by population",
        "lookup": lookups,
        "cohort_counts": {name: len(countries) for name, countries in cohort_members(flags).items()},
        "countries_without_places": left_out,
        "draws": draws,
        "metrics": {name: entry | passes(entry["value"], limits.gates[name]) for name, entry in metrics.items()},
        "ceilings": {name: {"value": value} | passes(value, limits.gates[name]) for name, value in best.items()},
    }
    write_json(earth_scorecard, scorecard)


def cohort_flags(site_locations: list[str], support: pd.DataFrame, cohorts: Cohorts) -> pd.DataFrame:
    """country_iso, site_count, tz_world_support_count and cohort flags from the sites themselves.

    Site counts need no zones, so the scorecard stands also for a seed whose dataset was withheld.
    """
    counted = np.zeros(COUNTRIES, np.int64)
    for batch in batches(SITES, *site_locations, only=["legal_country_iso"]):
        counted += rows_by_country(country_column(batch))
    table = pd.DataFrame(named(counted).items(), columns=["country_iso", "site_count"])
    size = table["country_iso"].map(zone_numbers(support)).fillna(0).astype("int64")
    return add_cohorts(table.assign(tz_world_support_count=size), cohorts)


def passes(value: float | None, gate: Gate) -> dict[str, bool]:
    """Whether a value passes its own gate at both grades."""
    return {f"passes_{grade}": gate.holds(value, grade) for grade in GRADES}


def zones_of_places(index: ZoneIndex, places: pd.DataFrame, support: pd.DataFrame) -> tuple[np.ndarray, dict[str, int]]:
    """tzid per place, object [n], from our own lookup, and how many were ambiguous or uncovered.

    Where several zones cover a place its country's own zone wins, then the smaller name; where none does, the
    gazetteer's zone stands.
    """
    own = set(zip(support["country_iso"], support["tzid"], strict=True))
    found = lookup(index, places["lon_deg"].to_numpy(), places["lat_deg"].to_numpy())
    size = index.set_sizes[found]
    zone = np.array([*index.tzids, ""], dtype=object)[np.where(size == 1, found - 1, -1)]
    for row in np.flatnonzero(size > 1).tolist():
        names = set_members(index, int(found[row]))
        mine = [name for name in names if (places["country_iso"].iat[row], name) in own]
        zone[row] = (mine or names)[0]
    zone[size == 0] = places["tzid"].to_numpy()[size == 0]
    return zone, {"places": len(places), "ambiguous": int((size > 1).sum()), "uncovered": int((size == 0).sum())}


def draw_counts(people: pd.DataFrame, sites: Mapping[str, int], seed: int, draws: int) -> pd.DataFrame:
    """`draws` multinomial samples of each country's sites over its zones: country_iso, draw, tzid, sites.

    `people` has country_iso, tzid, sites (inhabitants). Philox keyed by (seed, country): a country's draws do not
    depend on the others or on the order of rows.
    """
    parts = [pd.DataFrame(columns=["country_iso", "draw", "tzid", "sites"])]
    for country, part in people.sort_values(ZONES).groupby("country_iso"):
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


def earth(
    places: pd.DataFrame, support: pd.DataFrame, flags: pd.DataFrame, *, seed: int, draws: int
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """The metrics of the seed's cohorts if sites lay where people live, and countries left out for want of places.

    A metric has its mean over the draws, their 95 % interval and the limit of many sites. `places` has country_iso,
    tzid, population; `flags` has `FLAGS` and site_count.
    """
    asked = flags[gated(flags)]
    people = summed(places.rename(columns={"population": "sites"}), ZONES)
    people = people[people["sites"].gt(0) & people["country_iso"].isin(asked["country_iso"])]
    known = asked[asked["country_iso"].isin(people["country_iso"])]
    drawn = draw_counts(people, dict(zip(known["country_iso"], known["site_count"], strict=True)), seed, draws)
    by_draw = [cohort_metrics(table) for _, table in _draw_tables(drawn, support, known).groupby("draw")]
    limits = cohort_metrics(country_table(people, support).merge(known[FLAGS], on="country_iso"))
    metrics = {name: _over_draws(limits[name], [found[name].value for found in by_draw]) for name in NAMES}
    return metrics, sorted(set(asked["country_iso"]) - set(known["country_iso"]))


def _over_draws(limit: MetricValue, values: list[float | None]) -> dict[str, Any]:
    known = [value for value in values if value is not None]
    if not known:
        return limit.to_json() | {"interval": None, "limit": limit.value}
    low, high = np.quantile(known, [0.025, 0.975])
    mean = available(float(np.mean(known)), limit.n)
    return mean.to_json() | {"interval": [float(low), float(high)], "limit": limit.value}


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
    asked = flags[gated(flags)]
    best = country_table(even_counts(asked, support), support).merge(asked[FLAGS], on="country_iso")
    # With three zones or more the two largest can always be equal: the rest takes the odd site.
    best.loc[best["tz_world_support_count"] >= 3, "top2_sites"] = best["top1_sites"]
    realism = {name: metric.value for name, metric in cohort_metrics(best).items()}
    return {name: realism.get(name, 0.0) for name in gates}


def even_counts(flags: pd.DataFrame, support: pd.DataFrame) -> pd.DataFrame:
    """Each country's sites (`site_count`) spread evenly over its own zones: country_iso, tzid, sites."""
    zones = support.merge(flags[["country_iso", "site_count"]], on="country_iso").sort_values(ZONES)
    by_country = zones.groupby("country_iso")["tzid"]
    size = by_country.transform("size")
    zones["sites"] = zones["site_count"] // size + (by_country.cumcount() < zones["site_count"] % size)
    return zones[zones["sites"] > 0][[*ZONES, "sites"]]


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
