"""Other ways to find a point's zone, each as a function (lon, lat) -> anything of the same length."""

from collections.abc import Callable, Sequence

import numpy as np
import shapely

from scripts.zone_index.index import ZoneIndex

PIECE_VERTICES = 128

Peer = Callable[[np.ndarray, np.ndarray], Sequence]


def timezonefinder_batch() -> Peer:
    """timezonefinder's batch call, data in memory: one zone a point, exact up to its 1e-7 degree grid."""
    from timezonefinder import TimezoneFinder

    finder = TimezoneFinder(in_memory=True)
    return lambda lon, lat: finder.timezone_ids_at(lngs=lon, lats=lat)


def tzfpy_scalar() -> Peer:
    """tzfpy, one call a point (it has no batch call): one zone a point, simplified polygons."""
    import tzfpy

    tzfpy.get_tz(0.0, 0.0)  # loads its data
    return lambda lon, lat: [tzfpy.get_tz(x, y) for x, y in zip(lon.tolist(), lat.tolist(), strict=True)]


def subdivided_tree(geoms: np.ndarray) -> Peer:
    """shapely's STRtree over the polygons cut into pieces of at most 128 vertices: all zones, near-exact."""
    pieces = subdivide(geoms)
    shapely.prepare(pieces)
    tree = shapely.STRtree(pieces)

    def find(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        point, _ = tree.query(shapely.points(lon, lat), predicate="intersects")
        return np.bincount(point, minlength=len(lon))

    return find


def subdivide(geoms: np.ndarray) -> np.ndarray:
    """Polygons halved along their longer side until each has at most `PIECE_VERTICES` vertices."""
    done, left = [], geoms
    while len(left):
        small = shapely.get_num_coordinates(left) <= PIECE_VERTICES
        done.append(left[small])
        left = left[~small]
        west, south, east, north = shapely.bounds(left).T
        wide = east - west > north - south
        middle_x, middle_y = np.where(wide, (west + east) / 2, east), np.where(wide, north, (south + north) / 2)
        one = shapely.box(west, south, middle_x, middle_y)
        other = shapely.box(np.where(wide, middle_x, west), np.where(wide, south, middle_y), east, north)
        halves = shapely.get_parts(np.concatenate([shapely.intersection(left, one), shapely.intersection(left, other)]))
        left = halves[shapely.get_type_id(halves) == shapely.GeometryType.POLYGON]
    return np.concatenate(done)


def raster_only(index: ZoneIndex) -> Peer:
    """The index's first level alone: what the fastest possible answer costs, without the border points."""
    raster, n = index.arrays["raster"], index.header["blocks_per_degree"]

    def find(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        parts = []
        for start in range(0, len(lon), 1 << 15):
            part = slice(start, start + (1 << 15))
            row, column = ((lat[part] + 90.0) * n).astype(np.int32), ((lon[part] + 180.0) * n).astype(np.int32)
            parts.append(raster.reshape(-1).take(row * raster.shape[1] + column))
        return np.concatenate(parts)

    return find
