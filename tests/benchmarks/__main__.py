"""All benchmarks with one command: `make bench`, or `python -m tests.benchmarks --out figures.json`."""

import argparse
import json
import os
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from scripts.reference import build_tz_world
from scripts.reference.tz_world import read_tz_world
from scripts.zone_index.index import open_index
from tests.benchmarks import bench_lookup, bench_s1

SIZES = [31_257, 1_000_000, 10_000_000, 100_000_000]
UNSORTED = 10_000_000
SOFTWARE = ("numpy", "pyarrow", "shapely", "timezonefinder", "tzfpy")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.benchmarks")
    parser.add_argument("--out", help="write the figures here as JSON")
    parser.add_argument("--tz-world", help="tz_world.parquet to use; default: made from the installed data package")
    parser.add_argument("--folder", help="where the made-up sites go, some 5 GB for 100 million; default: temporary")
    parser.add_argument("--points", type=int, default=1_000_000, help="points for the speed of the lookup")
    parser.add_argument("--check", type=int, default=5_000_000, help="points compared with brute force")
    parser.add_argument("--sites", type=int, nargs="*", default=SIZES, help="numbers of sites for S1")
    parser.add_argument("--unsorted", type=int, default=UNSORTED, help="number of sites for S1 in no order; 0: none")
    options = parser.parse_args()
    if options.folder:
        Path(options.folder).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        tz_world, path = options.tz_world or str(folder / "tz_world.parquet"), str(folder / "lookup_index.bin")
        if not options.tz_world:
            release = build_tz_world.packaged_release()
            build_tz_world.main(tz_world=tz_world, source=build_tz_world.PACKAGE, sha256="", release=release)
        result = {"index": bench_lookup.measure_build(tz_world, path)}
        show("index", [result["index"]])
        reference = bench_s1.reference_files(folder, tz_world, path)
        result["s1"] = bench_s1.measure_sizes(folder, reference, options.sites, options.unsorted)
        show("S1, one process", result["s1"])
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        index, (tzids, geoms) = open_index(path), read_tz_world(tz_world)
        result |= {
            "release": index.header["release"],
            "software": {name: version(name) for name in SOFTWARE if find_spec(name)},
            "speed_mpts_s": bench_lookup.measure_speed(index, geoms, options.points),
        }
        speed = result["speed_mpts_s"]
        ours = next(iter(speed.values()))["median"]
        ratios = [{"by": name, **rate, "this / it": ours / rate["median"]} for name, rate in speed.items()]
        show("lookup, one core, M points/s", ratios)
        result["exactness"] = bench_lookup.measure_exactness(index, tzids, geoms, options.check)
        show("against brute force", [{"points of": name, **entry} for name, entry in result["exactness"].items()])
    if options.out:
        Path(options.out).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def show(title: str, rows: list[dict[str, Any]]) -> None:
    """One table of figures as text, as soon as it is measured."""
    import pandas as pd  # here, as the processes that are measured import this module

    print(f"{title}\n{pd.DataFrame(rows).to_string(index=False)}\n", flush=True)


if __name__ == "__main__":
    main()
