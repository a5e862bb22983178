"""Zone borders simplified for drawing only: no lookup, metric or seal ever reads them."""

import numpy as np
import pyarrow as pa
import shapely

from scripts.lib.tables import write_table
from scripts.reference.tz_world import read_tz_world

FINEST, COARSEST = 1e-4, 0.01  # degrees
DETAIL = 400  # a polygon keeps what shows when it is drawn this many pixels wide


def main(*, tz_world: str, map_zones: str) -> None:
    tzids, geoms = read_tz_world(tz_world)
    land = ~np.char.startswith(tzids, "Etc/")  # the zones of the open sea
    tzids, geoms = simplified(tzids[land], geoms[land])
    table = {"tzid": pa.array(tzids.tolist(), pa.string()), "geom": pa.array(shapely.to_wkb(geoms), pa.binary())}
    write_table(map_zones, pa.table(table))


def simplified(tzids: np.ndarray, geoms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Zone ids (P,) and polygons (P,) with a tolerance that follows each polygon's own size."""
    west, south, east, north = shapely.bounds(geoms).T
    tolerance = np.clip(np.maximum(east - west, north - south) / DETAIL, FINEST, COARSEST)
    # Each polygon by itself, not as a coverage: gaps between neighbours stay below what a pixel shows.
    drawn = shapely.simplify(geoms, tolerance, preserve_topology=False)
    parts, row = shapely.get_parts(drawn, return_index=True)
    kept = ~shapely.is_empty(parts)
    return tzids[row[kept]], parts[kept]


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
