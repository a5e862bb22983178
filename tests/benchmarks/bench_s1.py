"""What S1 costs as a whole process, from 31,257 sites to 100 million: seconds, memory, and how both grow."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import tzdata

from scripts.lib.contracts import catalog_path
from scripts.lib.files import read_json
from scripts.reference import build_country_zones, build_tzdb_release
from tests.benchmarks import s1_job, synthetic

ROOT = Path(__file__).parents[2]
SMALL = 1_000_000  # up to here the best of several runs counts, as one is over before the machine is quiet
REPEATS = 5


def reference_files(folder: Path, tz_world: str, lookup_index: str) -> dict[str, str]:
    """The reference inputs of S1, by asset; country zones come from the installed tzdata."""
    tzdb, zones = folder / "tzdata.tar.gz", folder / "country_zones.parquet"
    tzdb.write_bytes(build_tzdb_release.pack(build_tzdb_release.packaged_files(tzdata.IANA_VERSION)))
    build_country_zones.main(tzdb=str(tzdb), country_zones=str(zones))
    return {"tz_world_2025a": tz_world, "country_zones": str(zones), "lookup_index": lookup_index}


def measure_sizes(folder: Path, reference: dict[str, str], sizes: list[int], unsorted: int) -> list[dict[str, Any]]:
    """One entry per size in `sizes` for sites in key order, then one for `unsorted` sites in no order (0: none)."""
    found = []
    for rows, shuffled in [*((rows, False) for rows in sizes), *([(unsorted, True)] if unsorted else [])]:
        root = folder / f"{rows}-{shuffled}"
        sites = root / catalog_path("site_locations", **s1_job.TOKENS)
        synthetic.write_sites(sites, rows, shuffled)
        s1_job.prepare(root, reference, sites)
        runs = [measure(root) for _ in range(REPEATS if rows <= SMALL else 1)]
        report = read_json(root / catalog_path("s1_run_report", **s1_job.TOKENS))
        assert report["status"] == "pass" and report["counts"]["rows_emitted"] == rows, report["errors"]
        output = root / catalog_path("s1_tz_lookup", **s1_job.TOKENS)
        best = min(runs, key=lambda run: run["wall_s"])
        entry = {
            "sites": rows,
            "sorted": not shuffled,
            **best,
            "runs": len(runs),
            "peak_rss_mb": max(run["peak_rss_mb"] for run in runs),
            "sites_per_s": round(rows / best["wall_s"]),
            "sites_per_cpu_s": round(rows / best["cpu_s"]),
            "input_mb": round(sites.stat().st_size / 1e6, 1),
            "output_mb": round(output.stat().st_size / 1e6, 1),
        }
        found.append(entry)
        shutil.rmtree(root)
    return found


def measure(root: Path) -> dict[str, float]:
    """Run the job prepared at `root` in a new process: seconds by the clock and of the processor, and peak memory."""
    shutil.rmtree(root / "data/layer1/2A/s1_tz_lookup", ignore_errors=True)
    command = [sys.executable, "-m", "tests.benchmarks.s1_job", str(root)]
    start = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        printed, problem = process.communicate()
        wall = time.perf_counter() - start
    if process.returncode:
        raise RuntimeError(f"S1 failed:\n{problem}")
    inside = json.loads(printed)
    return {"wall_s": round(wall, 3), **{name: round(value, 3) for name, value in inside.items()}}
