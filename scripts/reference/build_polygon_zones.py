"""Country -> zones by polygons: those that cover a populated place of the country (certification.md A1, A2).

Beside zone.tab's it shows what K_c the polygons would give: larger along borders that cut through towns.
"""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scripts.lib.contracts import arrow_schema
from scripts.lib.tables import write_table
from scripts.zone_index.index import ZoneIndex, lookup, open_index, set_members

SCHEMA = "schemas.ingress.layer1.yaml#/polygon_zones"


def zones_of_countries(
    index: ZoneIndex, country: np.ndarray, lon: np.ndarray, lat: np.ndarray
) -> dict[tuple[str, str], int]:
    """Places by (country, tzid); all arrays [N], a place in several polygons counts for each."""
    names, number = np.unique(country.astype(str), return_inverse=True)
    pairs, places = np.unique(np.stack([number, lookup(index, lon, lat)], axis=1), axis=0, return_counts=True)
    found: dict[tuple[str, str], int] = {}
    for (iso, covering), count in zip(pairs.tolist(), places.tolist(), strict=True):
        for tzid in set_members(index, covering):
            found[str(names[iso]), tzid] = found.get((str(names[iso]), tzid), 0) + count
    return found


def main(*, lookup_index: str, places: str, polygon_zones: str) -> None:
    table = pq.read_table(places, columns=["country_iso", "lon_deg", "lat_deg"])
    country, lon, lat = (table[name].to_numpy() for name in ("country_iso", "lon_deg", "lat_deg"))
    found = sorted(zones_of_countries(open_index(lookup_index), country, lon, lat).items())
    rows = [(iso, tzid, count) for (iso, tzid), count in found]
    columns = list(zip(*rows, strict=True)) if rows else [(), (), ()]
    schema = arrow_schema(SCHEMA)
    arrays = [pa.array(list(column), field.type) for column, field in zip(columns, schema, strict=True)]
    write_table(polygon_zones, pa.table(arrays, schema=schema))


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
