"""Speed, size and exactness of the zone index beside its peers."""

import platform
import resource
import time
from collections.abc import Callable
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from scripts.reference import build_lookup_index
from scripts.zone_index.index import ZoneIndex, lookup, open_index
from tests.benchmarks import peers
from tests.benchmarks.synthetic import population_weighted
from tests.unit.zone_index.brute_zones import BruteZones, differing_points, points_near_edges

BATCH = 250_000


def throughput(find: Callable, lon: np.ndarray, lat: np.ndarray, repeats: int) -> dict[str, float]:
    """Million points a second: best and median of `repeats` runs, after a warm-up on a tenth of the points."""
    find(lon[: len(lon) // 10], lat[: len(lat) // 10])
    rates = []
    for _ in range(repeats):
        start = time.perf_counter()
        find(lon, lat)
        rates.append(len(lon) / (time.perf_counter() - start) / 1e6)
    return {"best": round(max(rates), 3), "median": round(float(np.median(rates)), 3), "runs": repeats}


def measure_build(tz_world: str, path: str) -> dict[str, float]:
    """Seconds, size and peak memory of the index build, in a process of its own, and seconds to open the file."""
    with get_context("spawn").Pool(1) as pool:
        seconds, rss = pool.apply(_build, (tz_world, path))
    start = time.perf_counter()
    open_index(path)
    opened = time.perf_counter() - start
    return {
        "build_s": round(seconds, 2),
        "build_peak_rss_mb": round(rss / 1e6),
        "size_mb": round(Path(path).stat().st_size / 1e6, 1),
        "open_s": round(opened, 5),
    }


def _build(tz_world: str, path: str) -> tuple[float, float]:
    start = time.perf_counter()
    build_lookup_index.main(tz_world=tz_world, lookup_index=path)
    unit = 1 if platform.system() == "Darwin" else 1024
    return time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def measure_speed(index: ZoneIndex, geoms: np.ndarray, count: int) -> dict[str, dict[str, float]]:
    """Throughput of the kernel and of each peer on the same points, one core."""
    lon, lat = population_weighted(count, np.random.default_rng(1))
    finders = {
        "this index (exact, all zones)": (lambda x, y: lookup(index, x, y), 9),
        "its raster alone (not exact)": (peers.raster_only(index), 9),
        "timezonefinder batch": (peers.timezonefinder_batch(), 3),
        "STRtree, pieces <= 128 vertices": (peers.subdivided_tree(geoms), 2),
    }
    if find_spec("tzfpy"):  # no part of the locked environment
        finders["tzfpy scalar"] = (peers.tzfpy_scalar(), 3)
    return {name: throughput(find, lon, lat, repeats) for name, (find, repeats) in finders.items()}


def measure_exactness(index: ZoneIndex, tzids: np.ndarray, geoms: np.ndarray, count: int) -> dict[str, dict[str, int]]:
    """Points of each kind, and how many of them the index answers differently from whole-polygon shapely."""
    brute, random, result = BruteZones(tzids, geoms), np.random.default_rng(2), {}

    def uniform(size: int) -> tuple[np.ndarray, np.ndarray]:
        return random.uniform(-180, 180, size), random.uniform(-90, 90, size)

    kinds = {
        "population-weighted": lambda size: population_weighted(size, random),
        "uniform": uniform,
        "within 1 km of an edge": lambda size: points_near_edges(index, size, random, 0.01),
        "within 1e-9 degrees of an edge": lambda size: points_near_edges(index, size, random, 1e-9),
        "on edges and vertices": lambda size: points_near_edges(index, size, random, 0.0),
    }
    for name, draw in kinds.items():
        total = differing = 0
        while total < count / len(kinds):
            points = draw(BATCH)
            total, differing = total + BATCH, differing + len(differing_points(index, brute, *points))
        result[name] = {"points": total, "differences": differing}
    return result
