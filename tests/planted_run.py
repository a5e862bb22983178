"""Finished runs of a small world of squares, without the workflow: all that the verdict page reads, in its place.

`plant(folder, kind)` writes a run that passes, fails, is stopped on a seed, lacks a seed, has an empty cohort, or fails
one gate that Earth fails too; certifies it by the rule's own function and builds its page.
"""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from scripts.lib.contracts import dataset_path
from scripts.lib.files import read_json, write_json, write_text
from scripts.lib.records import plain
from scripts.lib.tables import write_table
from scripts.lib.text_tables import write_csv
from scripts.report import build_report
from scripts.report.bins import write_bins
from scripts.scoring.cohorts import C_LARGE, add_cohorts, cohort_counts, cohort_members
from scripts.scoring.country_table import COUNT_KEYS, country_table, in_support
from scripts.scoring.diagnostics import share_matrix
from scripts.scoring.gates import GRADES
from scripts.scoring.metric_value import MetricValue
from scripts.scoring.seed_metrics import SeedMetrics
from scripts.scoring.structural import realism_preconditions
from scripts.scoring.variants import Counted, realism
from tests.lawful_world import COUNTRIES, SQUARES
from tests.planted import FILES, call_rule
from tests.unit.certification.nouns import COHORTS, LIMITS, SEEDS, seed_metrics

ROOT = Path(__file__).parents[1]
PLACES = 40  # populated places in every square
# country -> zone -> sites
Plan = dict[str, dict[str, int]]
COLLAPSED: Plan = {
    "BM": {"Atlantic/Bermuda": 60},
    "CN": {"Asia/Shanghai": 520},
    "DE": {"Europe/Berlin": 500, "Europe/Paris": 40},
    "FR": {"Europe/Paris": 400},
    "NZ": {"Pacific/Auckland": 198, "Pacific/Chatham": 2},
}
SPREAD = COLLAPSED | {
    "CN": {"Asia/Shanghai": 330, "Asia/Urumqi": 190},
    "NZ": {"Pacific/Auckland": 130, "Pacific/Chatham": 70},
}
LIVED = {"CN": {"Asia/Shanghai": 0.7, "Asia/Urumqi": 0.3}, "NZ": {"Pacific/Auckland": 0.6, "Pacific/Chatham": 0.4}}
PLANS = {
    **{"failing": COLLAPSED, "bare": COLLAPSED},  # bare: a seed is missing, and the others collapse
    "empty": {"BM": {"Atlantic/Bermuda": 60}, "FR": {"Europe/Paris": 40}},
    # NZ falls below the size that C_large asks for; only China counts, and Earth fails it too
    "threshold": SPREAD | {"CN": {"Asia/Shanghai": 500, "Asia/Urumqi": 20}},
}
KINDS = ("passing", "failing", "blocked", "missing", "empty", "threshold", "bare", "few", "touched", "never", "beyond")
FAILING = {"few": ("c_multi_enough_countries",), "touched": ("c_multi_median_top1_share_on_untouched_rows",)}
SUPPORT = pd.DataFrame(COUNTRIES, columns=["country_iso", "tzid"])
EARTH = dict(zip(LIMITS.realism, ((1.0, 1.0), (0.62, 0.68), (0.25, 0.35), (0.85, 0.95), (1.0, 1.0)), strict=True))
AUDIT = {
    **{"country_iso": "CN", "mechanism": "override", "rule": "country:CN", "count": 3, "rate": 0.0058},
    **{"reason_code": "BORDER_OVERLAP", "owner": "segment-2A", "approved_by": "data-engine-governance"},
    "expiry": "none",
}
# what the page calls the datasets of a seed
OF_SEED = {"s4_reports": "s4_run_report", "site_maps": "site_map", "sealed_inputs": "sealed_inputs_2A"}
OF_SEED |= {name: name for name in ("seed_metrics", "seed_diagnostics", "earth_scorecard", "country_diagnostics")}
OF_SEED |= {name: name for name in ("zone_counts", "share_matrix", "governance_audit")}
OF_PAGE = ("certification", "freeze_record", "comparison", "watchlist")
PAGE = ("report", "report_data", "world_map", "country_maps")


def plant(folder: Path, kind: str, run: str = "planted") -> Path:
    """A finished run of this kind below `folder`; the path of its page, relative to it."""
    seeds = SEEDS[:3] if kind in ("missing", "bare") else SEEDS
    at = {name: dataset_path(name, run=run) for name in (*FILES, *OF_PAGE, *PAGE)}
    with inside(folder):
        shared = _shared()
        of_seeds = [_seed(run, seed, kind) for seed in seeds]
        by_name = {name: [paths[name] for paths in of_seeds] for name in OF_SEED}
        Path(f"config/candidates/{run}.yaml").write_text(f"name: {run}\n")
        write_text(at["watchlist"], "rank,country_iso,mechanism\n")
        call_rule(
            {name: at[name] for name in FILES},
            {"run": run, "p0": None, "against": {}, "status": "ok", "reason": None},
            **{name: by_name[name] for name in ("seed_metrics", "zone_counts")},
            earth=by_name["earth_scorecard"],
            diagnostics=by_name["country_diagnostics"],
            run=run,
            authority="frozen",
            not_certifiable="a test says so" if kind == "never" else None,
        )
        build_report.main(
            **{name: at[name] for name in (*OF_PAGE, *PAGE)},
            **by_name,
            **shared,
            p0_countries=[],
            p0_diagnostics=[],
            captions=sorted(path.as_posix() for path in Path("docs/captions").glob("*.txt")),
            project="pyproject.toml",
            releases={"tz_world": "2026c", "tzdb": "2026c", "places": "planted"},
        )
    return folder / at["report"]


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Work in `folder`, which gets the project's config and docs, so that every link of a page has its target."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("config", "docs", "pyproject.toml"):
        if not (folder / name).exists():
            source = ROOT / name
            shutil.copytree(source, folder / name) if source.is_dir() else shutil.copyfile(source, folder / name)
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _shared() -> dict[str, str]:
    paths = {name: f"results/reference/{name}.parquet" for name in ("map_zones", "map_places", "country_zones")}
    boxes = shapely.to_wkb(np.array([shapely.box(*bounds) for bounds in SQUARES.values()]))
    write_table(paths["map_zones"], pa.table({"tzid": list(SQUARES), "geom": pa.array(boxes, pa.binary())}))
    write_table(paths["country_zones"], pa.Table.from_pandas(SUPPORT, preserve_index=False))
    lived = ((iso, zone, PLACES, LIVED.get(iso, {zone: 1.0})[zone] * 1000) for iso, zone in COUNTRIES)
    _write_cells(paths["map_places"], lived, "population")
    return paths


def _write_cells(path: str, drawn: Iterable[tuple[str, str, int, float]], name: str) -> None:
    """The cells of so many points of each country and zone, each of a weight that the file calls `name`."""
    parts = []
    for iso, zone, count, weight in drawn:
        lon, lat = _points_in(zone, count).T
        parts.append(pd.DataFrame({"country_iso": iso, "tzid": zone, "lon_deg": lon, "lat_deg": lat, "weight": weight}))
    write_bins(path, lambda: parts, name)


def _points_in(zone: str, count: int) -> np.ndarray:
    """`count` points (lon, lat) in the middle of a zone's square."""
    west, south, east, north = SQUARES[zone]
    generator = np.random.Generator(np.random.Philox(key=len(zone)))
    lon = generator.uniform(west * 0.8 + east * 0.2, west * 0.2 + east * 0.8, count)
    return np.column_stack([lon, generator.uniform(south + 1e-3, north - 1e-3, count)])


def _seed(run: str, seed: int, kind: str) -> dict[str, str]:
    """Every file of one seed; paths by what the page calls them."""
    tokens = {"run": run, "seed": seed, "manifest_fingerprint": f"{seed:064x}"}
    at = {name: dataset_path(dataset, **tokens) for name, dataset in OF_SEED.items()}
    plan, stopped = PLANS.get(kind, SPREAD), kind == "blocked" and seed == 202
    sites = [(iso, zone, count) for iso, zones in plan.items() for zone, count in zones.items()]
    shown = [] if stopped else sites
    rows = [(iso, zone, "polygon", False, count) for iso, zone, count in shown]
    counts = pd.DataFrame(rows, columns=[*COUNT_KEYS, "sites"]).astype({"sites": "int64"})
    table = add_cohorts(country_table(counts, SUPPORT), COHORTS)
    scored = _scored(seed, table, counts, sum(count for *_, count in sites), FAILING.get(kind, ()))
    write_json(at["seed_metrics"], plain(scored))
    write_csv(at["country_diagnostics"], table)
    write_csv(at["zone_counts"], counts.assign(in_support=in_support(counts, SUPPORT)))
    empty = pd.DataFrame(columns=["country_iso", "site_count", "OTHER"])
    write_csv(at["share_matrix"], empty if stopped else share_matrix(counts, tzids=3))
    write_csv(at["governance_audit"], pd.DataFrame([{"seed": seed, **AUDIT}]).head(0 if stopped else 1))
    write_json(at["earth_scorecard"], _earth(seed, scored.metrics, fails=kind in ("threshold", "beyond")))
    write_json(at["seed_diagnostics"], _diagnostics(seed, table))
    tallies = {"tzids_total": 7, "gap_windows_total": 300 + seed, "fold_windows_total": 200 + seed}
    legality = {} if stopped else {"counts": tallies, "coverage": {"missing_tzids_count": 0}}
    write_json(at["s4_reports"], {"seed": seed, **legality})
    sealed = {"asset_id": "tz_world_2025a", "version_tag": "2026c", "license_class": "ODbL-1.0"}
    write_json(at["sealed_inputs"], [sealed | {"sha256_hex": "ab" * 32}])
    _write_cells(at["site_maps"], ((*entry, 1) for entry in shown), "sites")
    return at


def _scored(seed: int, table: pd.DataFrame, counts: pd.DataFrame, sites: int, failing: tuple[str, ...]) -> SeedMetrics:
    """Everything holds but the realism that the counts have, what is `failing`, and the chain of a stopped seed."""
    stopped = counts.empty
    found = realism(Counted(table, counts, SUPPORT, COHORTS), {}, {}, SUPPORT)
    failing += tuple(name for name, holds in realism_preconditions(found.metrics, table).items() if not holds)
    failing += ("complete_2a_chain", "s5_digest_matches_flag") if stopped else ()
    values: dict[str, float | None] = {name: metric.value for name, metric in found.metrics.items()}
    values |= {name: 0.0 for name, gate in LIMITS.gates.items() if gate.axis == "governance"}
    good = seed_metrics(
        seed,
        failing=failing,
        values=values | ({"fallback_country_violations_b": 1.0} if stopped else {}),
        sites_total=int(counts["sites"].sum()),
        s1_sites_total=sites,
        cohort_counts=cohort_counts(table),
        cohort_members=cohort_members(table),
        **{name: value for name, value in vars(found).items() if name != "metrics"},
    )
    if not stopped:
        return good
    status = dict.fromkeys(good.state_status, "blocked") | {"S0": "pass", "S1": "fail"}
    return replace(good, state_status=status, error_codes=good.error_codes | {"S1": ["2A-S1-091"]})


def _earth(seed: int, realistic: dict[str, MetricValue], fails: bool) -> dict[str, Any]:
    """Earth passes, or fails C_large; of a seed without a value it says nothing."""
    found: dict[str, Any] = {"seed": seed, "metrics": {}, "ceilings": {}}
    for name, span in (EARTH | ({C_LARGE: (0.5, 0.7)} if fails else {})).items():
        known = realistic[name].value is not None
        passes = known and not (fails and name == C_LARGE)
        value, interval = (sum(span) / 2, list(span)) if known else (None, None)
        best = 1.0 if LIMITS.gates[name].op == ">=" else 0.1
        found["metrics"][name] = {"value": value, "interval": interval, **_graded(passes)}
        found["ceilings"][name] = {"value": best, **_graded(True)}
    return found


def _graded(passes: bool) -> dict[str, bool]:
    return {f"passes_{grade}": passes for grade in GRADES}


def _diagnostics(seed: int, table: pd.DataFrame) -> dict[str, Any]:
    if table.empty:
        nothing = {"status": "not_computable"}
        return {"seed": seed, "concentration": nothing, "dispersion_km": {}, "spatial_coupling": nothing}
    value = {"status": "ok", "value": 0.25, "n": 4}
    return {
        "seed": seed,
        "concentration": {"C_multi": {"gini_top1_share": value, "mean_hhi": value}},
        "dispersion_km": dict.fromkeys(table["country_iso"], 12.5),
        "spatial_coupling": {"expected_rho": {"B": 0.15, "BPLUS": 0.25}, "rho": {"all:entropy_nats": value}},
    }


def certificate(page: Path) -> dict[str, Any]:
    """The certificate beside a page."""
    return read_json(page.parent / "segment2a_certification.json")
