"""Earth scorecard and feasibility of one seed: what reality would score, what a cohort can reach (decisions.md §6)."""

from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from scripts.lib.contracts import load_yaml
from scripts.lib.files import write_json
from scripts.scoring.earth import ceilings, population_shares, scorecard, zones_of_places
from scripts.scoring.gates import GRADES, holds
from scripts.scoring.metrics import add_cohorts
from scripts.zone_index.index import open_index


def main(
    *,
    site_locations: str,
    places: str,
    lookup_index: str,
    country_zones: str,
    gates: str,
    cohorts: str,
    earth_scorecard: str,
    seed: int,
) -> None:
    support = pq.read_table(country_zones).to_pandas()
    limits = load_yaml(gates)
    flags = cohort_flags(site_locations, support, load_yaml(cohorts))
    gated = flags.loc[flags["is_c_multi"] | flags["is_c_large"], "country_iso"]
    people = pq.read_table(places).to_pandas()
    people = people[people["country_iso"].isin(gated) & (people["population"] > 0)].reset_index(drop=True)
    zone, lookups = zones_of_places(open_index(lookup_index), people, support)
    found = scorecard(population_shares(people.assign(tzid=zone)), support, flags, seed, limits["earth_draws"]["value"])
    found["metrics"] = {
        name: entry | verdicts(entry, limits["gates"][name]) for name, entry in found["metrics"].items()
    }
    ceiling = ceilings(flags, limits)
    write_json(
        earth_scorecard,
        {
            "seed": seed,
            "what": "population of the same countries by our own zone lookup, with as many sites, drawn by population",
            "lookup": lookups,
            "cohort_counts": {"C_multi": int(flags["is_c_multi"].sum()), "C_large": int(flags["is_c_large"].sum())},
            **found,
            "ceilings": {
                name: {"value": value} | verdicts({"value": value}, limits["gates"][name])
                for name, value in ceiling.items()
            },
        },
    )


def cohort_flags(site_locations: str, support: pd.DataFrame, cohorts: dict[str, Any]) -> pd.DataFrame:
    """country_iso, site_count, tz_world_support_count and cohort flags from the sites themselves.

    Site counts need no zones, so the scorecard stands also for a seed whose dataset was withheld.
    """
    counted = pd.Series(pq.read_table(site_locations, columns=["legal_country_iso"])[0].to_pandas()).value_counts()
    table = pd.DataFrame({"country_iso": counted.index.astype(str), "site_count": counted.to_numpy("int64")})
    size = support.drop_duplicates().groupby("country_iso")["tzid"].nunique()
    table["tz_world_support_count"] = table["country_iso"].map(size).fillna(0).astype("int64")
    return add_cohorts(table.sort_values("country_iso", ignore_index=True), cohorts)


def verdicts(entry: dict[str, Any], gate: dict[str, Any]) -> dict[str, bool]:
    """Whether a value passes its own gate at both grades."""
    return {f"passes_{grade}": holds(entry["value"], gate["op"], gate[grade]) for grade in GRADES}


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
