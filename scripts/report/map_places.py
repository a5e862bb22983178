"""Where people live, as population by cell, country and zone: what the maps set beside the sites of a run."""

import pyarrow.parquet as pq

from scripts.report.bins import write_bins
from scripts.scoring.score_earth import zones_of_places
from scripts.zone_index.index import open_index


def main(*, places: str, lookup_index: str, country_zones: str, map_places: str) -> None:
    people = pq.read_table(places).to_pandas()
    people = people[people["population"] > 0].reset_index(drop=True)
    zone, _ = zones_of_places(open_index(lookup_index), people, pq.read_table(country_zones).to_pandas())
    points = people.assign(tzid=zone, weight=people["population"])
    write_bins(map_places, lambda: [points], "population")


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
