"""The zone polygons as a table: one GeoParquet file, one row a polygon, sorted by `(tzid, polygon_id)`."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scripts.lib.contracts import arrow_schema
from scripts.lib.errors import Breach, Fault
from scripts.lib.tables import write_table

# What a file that is no table of polygons can raise while it is read.
UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, pa.ArrowException)
# Authority codes that mean "WGS84 longitude and latitude in degrees"; GeoParquet stores x, y = lon, lat for both.
WGS84 = {("OGC", "CRS84"), ("EPSG", "4326")}
CRS84 = {
    "$schema": "https://proj.org/schemas/v0.7/projjson.schema.json",
    "type": "GeographicCRS",
    "name": "WGS 84 (CRS84)",
    "datum": {
        "type": "GeodeticReferenceFrame",
        "name": "World Geodetic System 1984",
        "ellipsoid": {"name": "WGS 84", "semi_major_axis": 6378137, "inverse_flattening": 298.257223563},
    },
    "coordinate_system": {
        "subtype": "ellipsoidal",
        "axis": [
            {"name": "Geodetic longitude", "abbreviation": "Lon", "direction": "east", "unit": "degree"},
            {"name": "Geodetic latitude", "abbreviation": "Lat", "direction": "north", "unit": "degree"},
        ],
    },
    "scope": "Not known.",
    "area": "World.",
    "bbox": {"south_latitude": -90, "west_longitude": -180, "north_latitude": 90, "east_longitude": 180},
    "id": {"authority": "OGC", "code": "CRS84"},
}


def write_tz_world(path: str | Path, tzids: np.ndarray, geoms: np.ndarray, release: str) -> None:
    """Publish polygons `geoms` (P,) of zones `tzids` (P,) as GeoParquet 1.1, ordered by tzid, then as given."""
    import shapely

    tzids = np.asarray(tzids, dtype=str)
    order = np.argsort(tzids, kind="stable")
    tzids, geoms = tzids[order], geoms[order]
    first = np.searchsorted(tzids, tzids)
    table = pa.table(
        [
            pa.array(tzids.tolist(), pa.string()),
            pa.array((np.arange(len(tzids)) - first).astype(np.int32)),
            pa.array(shapely.to_wkb(geoms, byte_order=1).tolist(), pa.binary()),
        ],
        schema=arrow_schema("schemas.ingress.layer1.yaml#/tz_world_2025a"),
    )
    column = {
        "encoding": "WKB",
        "geometry_types": ["Polygon"],
        "crs": CRS84,
        "edges": "planar",
        "bbox": shapely.total_bounds(geoms).tolist(),
    }
    geo = {"version": "1.1.0", "primary_column": "geom", "columns": {"geom": column}}
    write_table(path, table, geo=json.dumps(geo, sort_keys=True), release=release)


def geometry_column(metadata: dict[bytes, bytes] | None) -> tuple[str, str]:
    """Primary geometry column of a GeoParquet schema and its CRS as `AUTHORITY:CODE`; `ValueError` unless it is WGS84.

    The message of that error starts with `crs`.
    """
    if not metadata or b"geo" not in metadata:
        raise ValueError("crs unknown: the file has no GeoParquet metadata")
    geo = json.loads(metadata[b"geo"])
    name = geo["primary_column"]
    column: dict[str, Any] = geo["columns"][name]
    # GeoParquet: an absent crs means OGC:CRS84, an explicit null means unknown.
    crs = column.get("crs", CRS84)
    identity = (crs or {}).get("id") or {}
    found = identity.get("authority"), str(identity.get("code"))
    if found not in WGS84:
        raise ValueError(f"crs is not WGS84: {identity or crs}")
    return name, ":".join(found)


class TzWorldInfo(NamedTuple):
    """What a table of polygons says of itself: sorted distinct zones, polygons, release, CRS as `AUTHORITY:CODE`."""

    tzids: list[str]
    rows: int
    release: str
    crs: str


def tz_world_info(path: str | Path) -> TzWorldInfo:
    """What the table at `path` says of itself, without decoding a polygon.

    Raises `ValueError("crs ...")` when the CRS is not WGS84 and `ValueError("no rows")` when the table is empty.
    """
    schema = pq.read_schema(path)
    _, crs = geometry_column(schema.metadata)
    with pq.ParquetFile(path) as file:  # `pq.read_table` imports pandas and costs a job a quarter of a second
        tzids = file.read(columns=["tzid"])["tzid"].to_pylist()
    if not tzids:
        raise ValueError("no rows: the table of zone polygons is empty")
    release = schema.metadata.get(b"release", b"").decode()
    return TzWorldInfo(sorted(set(tzids)), len(tzids), release, crs)


def zones_of_world(path: str) -> list[str]:
    """Sorted tzids of the sealed polygons at `path`; raises `Fault` CONTENT where they cannot be read."""
    try:
        return tz_world_info(path).tzids
    except UNREADABLE as problem:
        message = f"zone polygons unreadable: {problem}"[:200]
        raise Fault(Breach.CONTENT, "tz_world_2025a", message, path=path) from None


def read_tz_world(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Zone ids (P,) str and polygons (P,) of shapely objects, in file order; errors as `tz_world_info`."""
    # Only the index builder decodes polygons: S0 and S1 use this module without paying for the import.
    import shapely

    column, _ = geometry_column(pq.read_schema(path).metadata)
    table = pq.read_table(path, columns=["tzid", column])
    if not table.num_rows:
        raise ValueError("no rows: the table of zone polygons is empty")
    return np.array(table["tzid"].to_pylist()), shapely.from_wkb(table[column].to_numpy())
