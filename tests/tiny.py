"""A tiny but real project: the repository's own code on the real polygons of a few countries and some hundred sites.

`make_tiny(folder)` copies the project, cuts the zone polygons, plants an upstream for four seeds, pins it, and names a
candidate `tiny`. Tests run the workflow there: nothing of the checkout is touched.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
import yaml

from scripts.lib.contracts import arrow_schema
from scripts.lib.files import sha256_file, sha256_text, write_json
from scripts.lib.published import part_name
from scripts.lib.tables import write_table
from scripts.reference.build_tz_world import read_packaged
from scripts.reference.tz_world import write_tz_world
from scripts.upstream.authority import authority_digest, root_paths, write_authority
from scripts.upstream.bundle_1b import bundle_members, write_bundle
from scripts.upstream.pin_authority import import_authority
from tests.lawful_world import table_of

ROOT = Path(__file__).parents[1]
COPIED = ("Snakefile", "pyproject.toml", "rules", "scripts", "config", "envs", "profiles", "docs")
COPIED += ("LICENSE", "NOTICE", "CITATION.cff")
SEEDS = (42, 7, 101, 202)
ZONES = [
    *("Africa/Ceuta", "Asia/Shanghai", "Asia/Urumqi", "Asia/Singapore", "Atlantic/Azores", "Atlantic/Bermuda"),
    *("Atlantic/Canary", "Atlantic/Madeira", "Europe/Lisbon", "Europe/Madrid", "Pacific/Auckland", "Pacific/Chatham"),
]
OVERLAP = "Asia/Shanghai&Asia/Urumqi"  # both polygons cover Xinjiang: geometry alone cannot decide
# country -> zone (or overlap of zones) -> sites; a collapsed world in which large countries show one zone
COLLAPSED = {
    "BM": {"Atlantic/Bermuda": 40},
    "CN": {"Asia/Shanghai": 110},
    "ES": {"Europe/Madrid": 520, "Atlantic/Canary": 4},
    "NZ": {"Pacific/Auckland": 100},
    "PT": {"Europe/Lisbon": 118, "Atlantic/Madeira": 2},
    "SG": {"Asia/Singapore": 60},
}
Plan = dict[str, dict[str, int]]
# what passes every band of B+: sites spread over the zones that exist
SPREAD = {
    "BM": {"Atlantic/Bermuda": 40},
    "CN": {"Asia/Shanghai": 40},
    "ES": {"Europe/Madrid": 300, "Atlantic/Canary": 180, "Africa/Ceuta": 60},
    "NZ": {"Pacific/Auckland": 325, "Pacific/Chatham": 185},
    "PT": {"Europe/Lisbon": 240, "Atlantic/Madeira": 140, "Atlantic/Azores": 140},
    "SG": {"Asia/Singapore": 60},
}
# what passes the bands of B alone
LEAN = SPREAD | {
    "ES": {"Europe/Madrid": 470, "Atlantic/Canary": 60, "Africa/Ceuta": 20},
    "NZ": {"Pacific/Auckland": 440, "Pacific/Chatham": 70},
    "PT": {"Europe/Lisbon": 440, "Atlantic/Madeira": 60, "Atlantic/Azores": 20},
}


@cache
def polygons() -> tuple[np.ndarray, np.ndarray]:
    """Zone names (P,) and real polygons (P,) of the tiny world."""
    tzids, geoms = read_packaged()
    wanted = np.isin(tzids, ZONES)
    return np.array(tzids)[wanted], geoms[wanted]


@cache
def _area(tzid: str) -> shapely.Geometry:
    tzids, geoms = polygons()
    area = shapely.multipolygons(list(geoms[tzids == tzid]))
    shapely.prepare(area)
    return area


@cache
def points_in(zones: str, count: int, seed: int) -> np.ndarray:
    """`count` points (lon, lat) that exactly the zones of `A&B` cover, drawn by a generator keyed by the arguments."""
    inside = [_area(zone) for zone in zones.split("&")]
    others = [_area(zone) for zone in ZONES if zone not in zones.split("&")]
    key = int.from_bytes(hashlib.sha256(f"{zones}|{seed}".encode()).digest()[:8], "big")
    generator = np.random.Generator(np.random.Philox(key=key))
    tzids, geoms = polygons()
    parts = geoms[tzids == min(zones.split("&"), key=lambda zone: _area(zone).area)]
    west, south, east, north = shapely.bounds(max(parts, key=lambda part: part.area))
    found = np.empty((0, 2))
    while len(found) < count:
        lon, lat = generator.uniform(west, east, 4096), generator.uniform(south, north, 4096)
        # a margin of the nudge keeps ordinary sites away from borders
        keep = np.ones(len(lon), bool)
        for shift in (0.0, 0.003, -0.003):
            for area in inside:
                keep &= shapely.contains_xy(area, lon + shift, lat + shift)
            for area in others:
                keep &= ~shapely.intersects_xy(area, lon + shift, lat + shift)
        found = np.concatenate([found, np.column_stack([lon[keep], lat[keep]])])
    return found[:count]


def seeded(plan: Plan) -> dict[int, Plan]:
    """The plan for each seed, with 4 % more sites from seed to seed: four drawings, not one drawn four times."""
    return {
        seed: {
            country: {zone: count + count * number // 25 for zone, count in zones.items()}
            for country, zones in plan.items()
        }
        for number, seed in enumerate(SEEDS)
    }


def sites(plan: Plan, seed: int) -> pa.Table:
    """site_locations of one seed: one merchant per country and zone, in key order."""
    rows = []
    for number, (country, zones) in enumerate(sorted(plan.items())):
        merchant = 2**63 + number if number % 2 else 1000 + number
        places = np.concatenate([points_in(zone, count, seed) for zone, count in sorted(zones.items())])
        rows += [(merchant, country, order, lon, lat) for order, (lon, lat) in enumerate(places, 1)]
    return table_of(arrow_schema("schemas.1B.yaml#/egress/site_locations"), sorted(rows))


def write_seed_root(root: Path, seed: int, table: pa.Table, part_rows: int = 0) -> None:
    """One seed's upstream root by the 1B law; sites in one part, or in parts of `part_rows`."""
    fingerprint = sha256_text(f"tiny {seed}")
    paths = {name: root / path for name, path in root_paths(seed, fingerprint).items()}
    receipt = {
        "run_id": sha256_text(f"run {seed}")[:32],
        "seed": seed,
        "parameter_hash": sha256_text("tiny parameters"),
        "manifest_fingerprint": fingerprint,
        "created_utc": "2026-02-15T00:00:00.000000Z",
    }
    part_rows = part_rows or table.num_rows or 1
    slices = [table.slice(start, part_rows) for start in range(0, table.num_rows, part_rows)] or [table]
    parts = [paths["site_locations"].with_name(part_name(number)) for number in range(len(slices))]
    for path, rows in zip(parts, slices, strict=True):
        write_table(path, rows)
    write_bundle(paths["bundle_index"].parent, bundle_members(receipt, len(table), 1, {}, *map(str, parts)))
    write_json(paths["run_receipt"], receipt)


def copy_project(folder: Path, *more: str) -> Path:
    """The project's own files, as an archive has them."""
    for name in (*COPIED, *more):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "mine*"))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def make_tiny(folder: Path, plans: dict[int, Plan] | Plan = COLLAPSED, part_rows: int = 0) -> Path:
    """A project in `folder` ready for `snakemake certify`; `plans` is one plan for all seeds or one per seed."""
    copy_project(folder)
    by_seed = plans if 42 in plans else dict.fromkeys(SEEDS, plans)
    for seed, plan in by_seed.items():
        write_seed_root(folder / f"inputs/upstream/seed={seed}", seed, sites(plan, seed), part_rows)
    (folder / "config/policy/tz_overrides.yaml").write_text("[]\n")
    for path in (folder / "config/candidates").glob("*.yaml"):
        path.unlink()
    entry = {"name": "tiny", "parent": None, "lane": "P0", "authority": "tiny", "about": "Test world.", "policy": {}}
    (folder / "config/candidates/tiny.yaml").write_text(yaml.safe_dump(entry | {"seeds": sorted(by_seed)}))
    with configured(folder) as config:
        config |= {"candidate": "tiny", "baselines": []}
        config["frozen_authorities"].append("tiny")
    repin(folder)
    write_tz_world(folder / "inputs/tz_world.parquet", *polygons(), "2026c")
    name_source(folder, "tz_world", "inputs/tz_world.parquet")
    return folder


@contextmanager
def configured(folder: Path) -> Iterator[dict[str, Any]]:
    """The project's config to change in place."""
    path = folder / "config/config.yaml"
    config = yaml.safe_load(path.read_text())
    yield config
    path.write_text(yaml.safe_dump(config))


def name_source(folder: Path, reference: str, path: str) -> None:
    """Let a reference of the project be this file of it."""
    with configured(folder) as config:
        config["reference"][reference] |= {"source": path, "sha256": sha256_file(folder / path)}


def repin(folder: Path) -> None:
    """Pin the planted upstream as it lies on disk."""
    roots = sorted(str(path.relative_to(folder)) for path in (folder / "inputs/upstream").iterdir())
    before = Path.cwd()
    os.chdir(folder)
    try:
        write_authority(import_authority("tiny", roots, "Planted upstream of a test."))
    finally:
        os.chdir(before)
    with configured(folder) as config:
        config["frozen_pins"]["tiny"] = authority_digest("tiny", folder)


def snakemake(folder: Path, *arguments: str, cores: int = 2, check: bool = True) -> subprocess.CompletedProcess:
    """Run Snakemake in `folder` with this interpreter; output is captured."""
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done


def result_bytes(folder: Path) -> dict[str, str]:
    """Digest of every result file but logs, benchmarks, archives and what was handed over, by relative path."""
    root = folder / "results"
    return {
        path.relative_to(root).as_posix(): sha256_file(path)
        for path in sorted(root.rglob("*"))
        if path.is_file() and not {"logs", "benchmarks", "archive", "handover"} & set(path.relative_to(root).parts)
    }
