"""Earth scorecard and feasibility of one seed: what reality would score, and what the cohort can reach (design §6)."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from scripts.lib.files import write_json
from scripts.lib.records import plain, plain_fields
from scripts.scoring.cohorts import Cohorts, add_cohorts, cohort_members, read_cohorts
from scripts.scoring.country_table import zone_numbers
from scripts.scoring.earth import ceilings, earth, zones_of_places
from scripts.scoring.gates import GRADES, Gate, read_limits
from scripts.states.receipt import check_sealed, open_receipt
from scripts.states.site_key import COUNTRIES, country_column, named, rows_by_country
from scripts.states.sites import Table, batches
from scripts.zone_index.index import open_index

SITES = Table("site_locations", "schemas.1B.yaml#/egress/site_locations")


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
    gated = flags.loc[flags["is_c_multi"] | flags["is_c_large"], "country_iso"]
    people = pq.read_table(places).to_pandas()
    people = people[people["country_iso"].isin(gated) & (people["population"] > 0)].reset_index(drop=True)
    zone, lookups = zones_of_places(open_index(lookup_index), people, support)
    found = earth(people.assign(tzid=zone), support, flags, seed=seed, draws=int(limits.earth_draws.value))
    best = ceilings(flags, support, limits.gates)
    scorecard = {
        "seed": seed,
        "what": "population of the same countries by our own zone lookup, with as many sites, drawn by population",
        "lookup": lookups,
        "cohort_counts": {name: len(countries) for name, countries in cohort_members(flags).items()},
        **plain_fields(found),
        "metrics": {
            name: plain(entry) | passes(entry.metric.value, limits.gates[name]) for name, entry in found.metrics.items()
        },
        "ceilings": {name: {"value": value} | passes(value, limits.gates[name]) for name, value in best.items()},
    }
    write_json(earth_scorecard, scorecard)


def cohort_flags(site_locations: list[str], support: pd.DataFrame, cohorts: Cohorts) -> pd.DataFrame:
    """country_iso, site_count, tz_world_support_count and cohort flags from the sites themselves.

    Site counts need no zones, so the scorecard stands also for a seed whose dataset was withheld.
    """
    counted = np.zeros(COUNTRIES, np.int64)
    for batch in batches(SITES, *site_locations):
        counted += rows_by_country(country_column(batch))
    table = pd.DataFrame(named(counted).items(), columns=["country_iso", "site_count"])
    size = table["country_iso"].map(zone_numbers(support)).fillna(0).astype("int64")
    table = table.assign(tz_world_support_count=size).sort_values("country_iso", ignore_index=True)
    return add_cohorts(table, cohorts)


def passes(value: float | None, gate: Gate) -> dict[str, bool]:
    """Whether a value passes its own gate at both grades."""
    return {f"passes_{grade}": gate.holds(value, grade) for grade in GRADES}


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
