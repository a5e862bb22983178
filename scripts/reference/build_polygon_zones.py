"""Country -> zones by polygons: those that cover a populated place of the country (certification.md A1, A2).

Beside zone.tab's it shows what K_c the polygons would give: larger along borders that cut through towns.
"""

from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scripts.lib.contracts import arrow_schema
from scripts.lib.tables import write_table
from scripts.zone_index.index import ZoneIndex, lookup, open_index, set_members


def zones_of_countries(
    index: ZoneIndex, country: np.ndarray, lon: np.ndarray, lat: np.ndarray
) -> dict[tuple[str, str], int]:
    """Places by (country, tzid); all arrays [N], a place in several polygons counts for each."""
    names, number = np.unique(country.astype(str), return_inverse=True)
    pairs, places = np.unique(np.stack([number, lookup(index, lon, lat)], axis=1), axis=0, return_counts=True)
    found = Counter[tuple[str, str]]()
    for (iso, covering), count in zip(pairs.tolist(), places.tolist(), strict=True):
        found.update({(str(names[iso]), tzid): count for tzid in set_members(index, covering)})
    return found


def main(*, lookup_index: str, places: str, polygon_zones: str) -> None:
    table = pq.read_table(places, columns=["country_iso", "lon_deg", "lat_deg"])
    country, lon, lat = (table[name].to_numpy() for name in ("country_iso", "lon_deg", "lat_deg"))
    found = sorted(zones_of_countries(open_index(lookup_index), country, lon, lat).items())
    rows = [{"country_iso": iso, "tzid": tzid, "places": count} for (iso, tzid), count in found]
    schema = arrow_schema("schemas.ingress.layer1.yaml#/polygon_zones")
    write_table(polygon_zones, pa.Table.from_pylist(rows, schema=schema))


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
