"""One seed of an upstream authority: a deterministic replica of segment 1B in its contract layout, checked by pins."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from scripts.lib.contracts import arrow_schema
from scripts.lib.errors import UsageError
from scripts.lib.files import write_json
from scripts.lib.pins import read_pins
from scripts.lib.tables import write_table
from scripts.reference.tz_world import read_tz_world
from scripts.upstream import replica as rep
from scripts.upstream.authority import check_pins
from scripts.upstream.bundle_1b import bundle_members, write_bundle
from scripts.upstream.facts import Facts, read_facts

SCHEMA = "schemas.1B.yaml#/egress/site_locations"
Points = dict[str, np.ndarray]  # country -> lon, lat (2, N)


def collapsed(facts: Facts, seed: int, tzids: np.ndarray, geoms: np.ndarray) -> Points:
    """Country -> (lon, lat) of its sites under the published posture, from zone polygons `tzids`, `geoms` (P,)."""
    bounds = shapely.bounds(geoms)
    planned = facts.seeds[seed].spots
    points = {}
    for country, total in rep.country_counts(facts, seed).items():
        spots = {name: count for name, count in planned.items() if facts.spots[name].country == country}
        rng = rep.generator(seed, country, rep.PLACE)
        parts = []
        for clump, counts in rep.split(facts, seed, country, total - sum(spots.values())):
            near = rep.window(tzids, geoms, bounds, clump.box)
            placed = [rep.place(rng, near, clump, [zone], count, 0.0) for zone, count in counts.items() if count]
            sites = np.hstack([np.empty((2, 0)), *placed])
            rep.stretch(near, sites, clump.box)
            parts.append(sites)
        for name, count in spots.items():
            spot = facts.spots[name]
            near = rep.window(tzids, geoms, bounds, spot.box)
            parts.append(rep.place(rng, near, spot, spot.zones, count, facts.nudge_deg))
        points[country] = np.hstack(parts)
    return points


def reopened(facts: Facts, seed: int, places: pa.Table) -> Points:
    """Country -> (lon, lat): the same counts, each site near a populated place drawn in proportion to population."""
    country_of = places["country_iso"].to_numpy()
    population = places["population"].to_numpy().astype(np.float64)
    lon, lat = places["lon_deg"].to_numpy(), places["lat_deg"].to_numpy()
    points = {}
    for country, total in rep.country_counts(facts, seed).items():
        rows = np.flatnonzero(country_of == country)
        if not population[rows].sum():
            raise UsageError(f"populated places: none with a population in {country}, so no site can be drawn there")
        rng = rep.generator(seed, country, rep.REOPEN)
        share = np.cumsum(population[rows]) / population[rows].sum()
        drawn = rows[np.searchsorted(share[:-1], rng.random(total), side="right")]
        jitter = facts.jitter_deg * (2 * rng.random((2, total)) - 1)
        moved = [(lon[drawn] + jitter[0] + 180) % 360 - 180, np.clip(lat[drawn] + jitter[1], -90, 90)]
        points[country] = np.round(moved, rep.DECIMALS)
    return points


def site_table(facts: Facts, seed: int, points: Points) -> pa.Table:
    """`site_locations`: sites shared out to merchants, in key order."""
    columns: dict[str, list[np.ndarray]] = {name: [] for name in arrow_schema(SCHEMA).names}
    for country, (lon, lat) in sorted(points.items()):
        merchant, order = rep.merchant_keys(facts.merchants, seed, country, len(lon))
        block = (merchant, np.full(len(lon), country), order, lon, lat)
        for column, parts in zip(block, columns.values(), strict=True):
            parts.append(column)
    merged = {name: np.concatenate(parts) for name, parts in columns.items()}
    order = np.lexsort((merged["site_order"], merged["legal_country_iso"], merged["merchant_id"]))
    return pa.table({name: values[order] for name, values in merged.items()}, schema=arrow_schema(SCHEMA))


def describe(facts: Facts, authority: str, seed: int) -> dict[str, Any]:
    """What was built and what was assumed for it: counts and grades of every country, spots, assumptions in words."""
    wanted, posture = facts.seeds[seed], facts.authorities[authority].posture
    countries = {}
    for country, sites in rep.country_counts(facts, seed).items():
        entry = facts.countries[country]
        scaled = "M" if country in wanted.fixed else "A"
        countries[country] = {
            "sites": sites,
            "count_grade": entry.count if seed == facts.base_seed else scaled,
            "place_grade": entry.place if posture == "collapsed" else "A",
        }
    return {
        "kind": "replica",
        "authority": authority,
        "posture": posture,
        "seed": seed,
        "rows": wanted.sites,
        "rows_grade": wanted.grade,
        "facts_sha256": facts.digest,
        "countries": countries,
        "planned_ambiguous_sites": wanted.spots if posture == "collapsed" else {},
        "assumptions": list(facts.assumptions),
        "grades": {"M": "stated", "R": "read off a plot", "D": "derived", "A": "assumed"},
    }


def build(
    tz_world: str, places: str, facts: str, authority: str, receipt: dict[str, Any], outputs: dict[str, str]
) -> None:
    """Write one seed's root: `outputs` as named by `authority.root_paths`, `receipt` as the run receipt."""
    stated, seed = read_facts(facts), receipt["seed"]
    if stated.authorities[authority].posture == "reopened":
        points = reopened(stated, seed, pq.read_table(places))
    else:
        points = collapsed(stated, seed, *read_tz_world(tz_world))
    table = site_table(stated, seed, points)
    write_table(outputs["site_locations"], table)
    rng = {"generator": "philox", "keyed_by": ["seed", "country", "purpose"]}
    members = bundle_members(receipt, table.num_rows, len(points), rng, outputs["site_locations"])
    write_bundle(Path(outputs["bundle_index"]).parent, members)
    write_json(outputs["run_receipt"], receipt)
    write_json(outputs["replica_manifest"], describe(stated, authority, seed))


def main(*, tz_world: str, places: str, facts: str, pins: str, authority: str, **outputs: str) -> list[str]:
    """`outputs` as named by `authority.root_paths`; returns the other files of the root."""
    pinned, root = read_pins(pins), Path(outputs["run_receipt"]).parent
    build(tz_world, places, facts, authority, pinned.receipt, outputs)
    check_pins(root, pinned)
    return sorted({str(root / name) for name in pinned.files} - set(outputs.values()))


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
