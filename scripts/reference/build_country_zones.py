"""Country -> zones from the sealed tzdb's `zone.tab`: the source of K_c (decisions.md §5, decision 1)."""

import pyarrow as pa

from scripts.lib.contracts import arrow_schema
from scripts.lib.tables import write_table
from scripts.reference.tzdb_archive import read_zone_tab


def parse_zone_tab(text: str) -> list[tuple[str, str]]:
    """Sorted `(country_iso, tzid)` pairs of a `zone.tab` text."""
    lines = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return sorted((country, tzid) for country, _, tzid, *_ in lines)


def main(*, tzdb: str, country_zones: str) -> None:
    rows = [{"country_iso": country, "tzid": tzid} for country, tzid in parse_zone_tab(read_zone_tab(tzdb))]
    schema = arrow_schema("schemas.ingress.layer1.yaml#/country_zones")
    write_table(country_zones, pa.Table.from_pylist(rows, schema=schema))


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
