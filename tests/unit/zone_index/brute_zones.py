"""Zones by brute force: shapely's `intersects_xy` on whole, unsimplified polygons. The yardstick of the zone index."""

from pathlib import Path

import numpy as np
import shapely

from scripts.zone_index.build import build_index
from scripts.zone_index.file import ZoneIndex, open_index, write_index
from scripts.zone_index.index import lookup


class BruteZones:
    """Polygons `geoms` (P,) of zones `tzids` (P,), prepared."""

    def __init__(self, tzids: np.ndarray, geoms: np.ndarray):
        self.tzids, self.zone = np.unique(tzids, return_inverse=True)
        self.geoms, self.bounds = geoms, shapely.bounds(geoms)
        shapely.prepare(geoms)

    def pairs(self, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        """Sorted `point * zones + zone` of every zone that covers a point, boundaries included."""
        order = np.argsort(lon, kind="stable")
        x, y = lon[order], lat[order]
        found = [np.empty(0, dtype=np.int64)]
        for geom, zone, (west, south, east, north) in zip(self.geoms, self.zone, self.bounds, strict=True):
            first, last = np.searchsorted(x, west, "left"), np.searchsorted(x, east, "right")
            near = first + np.flatnonzero((y[first:last] >= south) & (y[first:last] <= north))
            if len(near):
                hit = near[shapely.intersects_xy(geom, x[near], y[near])]
                found.append(order[hit] * len(self.tzids) + zone)
        return np.unique(np.concatenate(found))


def make(path: Path, tzids: np.ndarray, geoms: np.ndarray, **params: int) -> tuple[ZoneIndex, BruteZones]:
    """An index of polygons `geoms` (P,) of zones `tzids` (P,), built at `path`, and its yardstick."""
    params = {"blocks_per_degree": 10, "split": 8, **params}
    write_index(path, build_index(tzids, geoms, **params), {**params, "tzids": sorted(set(tzids))})
    return open_index(path), BruteZones(tzids, geoms)


def index_pairs(index: ZoneIndex, ids: np.ndarray) -> np.ndarray:
    """Set ids (N,) of points in the form of `BruteZones.pairs`."""
    first, member = index.arrays["set_first"][ids], index.arrays["set_zone"]
    size = index.set_sizes[ids].astype(np.int64)
    point = np.repeat(np.arange(len(ids)), size)
    offset = np.cumsum(size) - size
    return point * len(index.tzids) + member[first[point] + np.arange(len(point)) - offset[point]]


def differing_points(index: ZoneIndex, brute: BruteZones, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Numbers of the points for which index and brute force disagree on any zone."""
    pairs = np.setxor1d(index_pairs(index, lookup(index, lon, lat)), brute.pairs(lon, lat))
    return np.unique(pairs // len(index.tzids))


def points_near_edges(
    index: ZoneIndex, count: int, random: np.random.Generator, reach: float
) -> tuple[np.ndarray, np.ndarray]:
    """Points on edges (as near as doubles get), moved by up to `reach` degrees in both directions."""
    x, y = index.arrays["x"], index.arrays["y"]
    edge = random.integers(0, len(x) - 1, count)
    along = np.where(random.random(count) < 0.5, random.random(count), random.choice([0.0, 0.25, 0.5, 1.0], count))
    lon = x[edge] + along * (x[edge + 1] - x[edge]) + random.uniform(-reach, reach, count)
    lat = y[edge] + along * (y[edge + 1] - y[edge]) + random.uniform(-reach, reach, count)
    return np.clip(lon, -180, 180), np.clip(lat, -90, 90)
