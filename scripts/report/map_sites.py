"""Where the sites of one seed stand, as counts by cell, country and zone: what the maps of the verdict page draw."""

from collections.abc import Iterator

import pandas as pd

from scripts.lib.errors import UsageError
from scripts.lib.files import read_json
from scripts.lib.tables import open_table
from scripts.report.bins import write_bins

ROWS = 1 << 18
KEY = ["merchant_id", "legal_country_iso", "site_order"]


def main(*, seed_metrics: str, s1_tz_lookup: str, site_timezones: str, site_map: str) -> None:
    published = bool(read_json(seed_metrics)["sites_total"])  # a withheld seed has no zones to draw
    write_bins(site_map, lambda: points(s1_tz_lookup, site_timezones) if published else (), "sites")


def points(s1_tz_lookup: str, site_timezones: str) -> Iterator[pd.DataFrame]:
    """Sites in batches: place as S1 read it, zone as S2 published it. Both are in the order of the key."""
    with open_table(s1_tz_lookup) as places, open_table(site_timezones) as zones:
        pairs = zip(
            places.iter_batches(ROWS, columns=[*KEY, "lon_deg", "lat_deg"]),
            zones.iter_batches(ROWS, columns=[*KEY, "tzid"]),
            strict=True,
        )
        for place, zone in pairs:
            if any(not place[name].equals(zone[name]) for name in (KEY[0], KEY[2])):
                raise UsageError(
                    "s1_tz_lookup and site_timezones hold different sites",
                    where=site_timezones,
                    action="Run S1 and S2 of this seed again; `snakemake verify` names what changed.",
                )
            cells = place.select([KEY[1], "lon_deg", "lat_deg"]).to_pandas()
            yield cells.rename(columns={KEY[1]: "country_iso"}).assign(tzid=zone["tzid"].to_pandas(), weight=1)


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
