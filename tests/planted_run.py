"""Finished runs of a small world of squares, without the workflow: all that the verdict page reads, in its place.

`plant(folder, kind)` writes a run that passes, fails, is stopped on a seed, lacks a seed, has an empty cohort, or fails
one gate that Earth fails too; certifies it by the rule's own function and builds its page.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from scripts.certification import certify_run
from scripts.lib.files import read_json, write_json
from scripts.lib.records import plain
from scripts.lib.tables import write_table
from scripts.lib.text_tables import write_csv
from scripts.report import build_report
from scripts.report.bins import bins
from scripts.scoring.metric_value import MetricValue, unavailable
from scripts.scoring.seed_metrics import Reading, SeedMetrics
from tests.lawful_world import COUNTRIES, SQUARES
from tests.unit.certification.nouns import LIMITS, SEEDS, seed_metrics

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
SMALL = {"BM": {"Atlantic/Bermuda": 60}, "FR": {"Europe/Paris": 40}}
KINDS = ("passing", "failing", "blocked", "missing", "empty", "threshold", "bare", "few", "touched", "never", "beyond")
FAILING = {"few": ("c_multi_enough_countries",), "touched": ("c_multi_median_top1_share_on_untouched_rows",)}
VARIANTS = ("literal", "in_support", "polygon", "without_nudged", "without_fallback", "half_floor")
METRICS = (
    "c_multi_share_distinct_ge2",
    "c_multi_median_top1_share",
    "c_multi_median_top1_top2_gap",
    "c_multi_median_entropy_norm",
    "c_large_share_top1_lt_095",
)
EARTH = dict(zip(METRICS, ((1.0, 1.0), (0.62, 0.68), (0.25, 0.35), (0.85, 0.95), (1.0, 1.0)), strict=True))


def plant(folder: Path, kind: str, run: str = "planted") -> Path:
    """A finished run of this kind below `folder`; the path of its page, relative to it."""
    plans = dict.fromkeys(SEEDS, COLLAPSED if kind in ("failing", "bare") else SPREAD)
    if kind in ("missing", "bare"):  # bare: a seed is missing, and the others collapse
        plans = {seed: plans[seed] for seed in SEEDS[:3]}
    if kind == "empty":
        plans = dict.fromkeys(SEEDS, SMALL)
    if kind == "threshold":  # NZ falls below the size that C_large asks for; only China counts, and Earth fails it too
        plans = dict.fromkeys(SEEDS, SPREAD | {"CN": {"Asia/Shanghai": 500, "Asia/Urumqi": 20}})
    with inside(folder):
        shared = _shared()
        files = [
            _seed(
                run,
                seed,
                plan,
                stopped=kind == "blocked" and seed == 202,
                earth_fails=kind in ("threshold", "beyond"),
                failing=FAILING.get(kind, ()),
            )
            for seed, plan in plans.items()
        ]
        Path(f"config/candidates/{run}.yaml").write_text(f"name: {run}\n")
        at = Path(f"results/runs/{run}/certification")
        _certify(run, at, files, "a test says so" if kind == "never" else None)
        build_report.main(**_inputs(at, files, shared))
    return folder / at / "report.html"


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


def points_in(zone: str, count: int) -> np.ndarray:
    """`count` points (lon, lat) in the middle of a zone's square."""
    west, south, east, north = SQUARES[zone]
    generator = np.random.Generator(np.random.Philox(key=len(zone)))
    return np.column_stack(
        [
            generator.uniform(west * 0.8 + east * 0.2, west * 0.2 + east * 0.8, count),
            generator.uniform(south + 1e-3, north - 1e-3, count),
        ]
    )


def _shared() -> dict[str, str]:
    folder = Path("results/reference")
    folder.mkdir(parents=True, exist_ok=True)
    boxes = shapely.to_wkb(np.array([shapely.box(*bounds) for bounds in SQUARES.values()]))
    write_table(
        folder / "zones.parquet", pa.table({"tzid": pa.array(list(SQUARES)), "geom": pa.array(boxes, pa.binary())})
    )
    support = pa.table([pa.array(column) for column in zip(*COUNTRIES, strict=True)], names=["country_iso", "tzid"])
    write_table(folder / "country_zones.parquet", support)
    parts = []
    for iso, zone in COUNTRIES:
        lon, lat = points_in(zone, PLACES).T
        weight = LIVED.get(iso, {zone: 1.0})[zone] * 1000
        parts.append(pd.DataFrame({"country_iso": iso, "tzid": zone, "lon_deg": lon, "lat_deg": lat, "weight": weight}))
    cells = bins(lambda: [pd.concat(parts)] if parts else []).rename(columns={"weight": "population"})
    write_table(folder / "places.parquet", pa.Table.from_pandas(cells, preserve_index=False))
    return {name: str(folder / f"{name}.parquet") for name in ("zones", "places", "country_zones")}


def _seed(
    run: str, seed: int, plan: Plan, *, stopped: bool, earth_fails: bool, failing: tuple[str, ...]
) -> dict[str, str]:
    """Every file of one seed; paths by kind."""
    folder = Path(f"results/runs/{run}/seed={seed}")
    folder.mkdir(parents=True, exist_ok=True)
    support = pd.DataFrame(COUNTRIES, columns=["country_iso", "tzid"])
    shown = {} if stopped else plan
    counts = pd.DataFrame(
        [
            (iso, zone, "polygon", False, n, (iso, zone) in COUNTRIES)
            for iso, zones in shown.items()
            for zone, n in zones.items()
        ],
        columns=["country_iso", "tzid", "tzid_source", "ambiguous", "sites", "in_support"],
    )
    table = _country_table(counts, support)
    metrics = _metrics(table)
    paths = {
        name: str(folder / f"{name}.json")
        for name in ("seed_metrics", "seed_diagnostics", "earth_scorecard", "s4_reports", "sealed_inputs")
    }
    paths |= {
        name: str(folder / f"{name}.csv")
        for name in ("country_diagnostics", "zone_counts", "share_matrix", "governance_audit")
    }
    paths["site_maps"] = str(folder / "site_map.parquet")
    write_csv(paths["country_diagnostics"], table)
    write_csv(paths["zone_counts"], counts)
    write_csv(paths["share_matrix"], _matrix(counts))
    audit = pd.DataFrame(
        [
            (
                seed,
                "CN",
                "override",
                "country:CN",
                3,
                0.0058,
                "BORDER_OVERLAP",
                "segment-2A",
                "data-engine-governance",
                "none",
            )
        ],
        columns=[
            "seed",
            "country_iso",
            "mechanism",
            "rule",
            "count",
            "rate",
            "reason_code",
            "owner",
            "approved_by",
            "expiry",
        ],
    )
    write_csv(paths["governance_audit"], audit.head(0 if stopped else 1))
    write_json(
        paths["seed_metrics"], plain(_seed_metrics(seed, table, metrics, plan, stopped=stopped, failing=failing))
    )
    write_json(paths["earth_scorecard"], _earth(seed, metrics, earth_fails))
    write_json(paths["seed_diagnostics"], _diagnostics(seed, table))
    tallies = {"tzids_total": 7, "gap_windows_total": 300 + seed, "fold_windows_total": 200 + seed}
    write_json(
        paths["s4_reports"],
        {"seed": seed} if stopped else {"seed": seed, "counts": tallies, "coverage": {"missing_tzids_count": 0}},
    )
    write_json(
        paths["sealed_inputs"],
        [{"asset_id": "tz_world_2025a", "version_tag": "2026c", "license_class": "ODbL-1.0", "sha256_hex": "ab" * 32}],
    )
    parts = []
    for iso, zone, sites in counts[["country_iso", "tzid", "sites"]].itertuples(index=False):
        lon, lat = points_in(zone, sites).T
        parts.append(pd.DataFrame({"country_iso": iso, "tzid": zone, "lon_deg": lon, "lat_deg": lat, "weight": 1}))
    cells = bins(lambda: [pd.concat(parts)] if parts else []).rename(columns={"weight": "sites"})
    write_table(paths["site_maps"], pa.Table.from_pandas(cells, preserve_index=False))
    return paths


def _country_table(counts: pd.DataFrame, support: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for iso, part in counts.groupby("country_iso"):
        share = np.sort((part["sites"] / part["sites"].sum()).to_numpy())[::-1]
        zones = int((support["country_iso"] == iso).sum())
        nats = float(-(share * np.log(share)).sum())
        multi = part["sites"].sum() >= 100 and zones >= 2
        rows.append(
            {
                "country_iso": iso,
                "site_count": int(part["sites"].sum()),
                "tz_world_support_count": zones,
                "distinct_tzid_count": len(part),
                "top1_tzid": part.loc[part["sites"].idxmax(), "tzid"],
                "top1_share": float(share[0]),
                "top1_top2_gap": float(share[0] - (share[1] if len(share) > 1 else 0.0)),
                "entropy_norm": nats / np.log(zones) if zones > 1 else 0.0,
                "entropy_nats": nats,
                "out_of_support_share": float(part.loc[~part["in_support"], "sites"].sum() / part["sites"].sum()),
                "cohort": "C_multi" if multi else "C_single" if zones < 2 else "C_small",
                "is_c_multi": bool(multi),
                "is_c_large": bool(part["sites"].sum() >= 500 and zones >= 2),
            }
        )
    columns = ["country_iso", "site_count", "tz_world_support_count", "distinct_tzid_count", "top1_tzid", "top1_share"]
    columns += [
        "top1_top2_gap",
        "entropy_norm",
        "entropy_nats",
        "out_of_support_share",
        "cohort",
        "is_c_multi",
        "is_c_large",
    ]
    return pd.DataFrame(rows, columns=columns)


def _metrics(table: pd.DataFrame) -> dict[str, MetricValue]:
    multi, large = (table[table[name].astype(bool)] for name in ("is_c_multi", "is_c_large"))
    if not len(multi) or not len(large):
        return dict.fromkeys(METRICS, unavailable("no country in the cohort"))
    values = [
        float((multi["distinct_tzid_count"] >= 2).mean()),
        *(float(multi[name].median()) for name in ("top1_share", "top1_top2_gap", "entropy_norm")),
        float((large["top1_share"] < 0.95).mean()),
    ]
    return {name: MetricValue(value, len(multi)) for name, value in zip(METRICS, values, strict=True)}


def _seed_metrics(
    seed: int,
    table: pd.DataFrame,
    realism: dict[str, MetricValue],
    plan: Plan,
    *,
    stopped: bool,
    failing: tuple[str, ...],
) -> SeedMetrics:
    """Everything holds but the realism that the plan has, and the chain of a stopped seed."""
    computed = all(metric.value is not None for metric in realism.values())
    failing += () if computed else ("cohort_metrics_available", "c_multi_nonempty", "c_large_nonempty")
    values: dict[str, float | None] = {name: metric.value for name, metric in realism.items()}
    values |= {name: 0.0 for name, gate in LIMITS.gates.items() if gate.axis == "governance"}
    sites = sum(sum(zones.values()) for zones in plan.values())
    good = seed_metrics(
        seed,
        failing=(*failing, *(("complete_2a_chain", "s5_digest_matches_flag") if stopped else ())),
        values=values | ({"fallback_country_violations_b": 1.0} if stopped else {}),
        sites_total=0 if stopped else sites,
        s1_sites_total=sites,
        cohort_counts={"C_multi": int(table["is_c_multi"].sum()), "C_large": int(table["is_c_large"].sum())},
        cohort_members={"C_multi": list(table.loc[table["is_c_multi"].astype(bool), "country_iso"]), "C_large": []},
        reach_2a=realism if computed else {},
        variants={name: dict.fromkeys(VARIANTS, metric) for name, metric in realism.items()} if computed else {},
        c_large_readings={}
        if stopped
        else dict.fromkeys(("eligible", "literal", "top_decile"), Reading(0.5, 4, ceiling=1.0, countries=("CN",))),
    )
    if not stopped:
        return good
    status = {name: "pass" if name == "S0" else "fail" if name == "S1" else "blocked" for name in good.state_status}
    return replace(good, state_status=status, error_codes=good.error_codes | {"S1": ["2A-S1-091"]})


def _earth(seed: int, metrics: dict[str, MetricValue], fails: bool) -> dict[str, Any]:
    """Earth passes, or fails C_large; of a seed without a value it says nothing."""
    found: dict[str, Any] = {"seed": seed, "metrics": {}, "ceilings": {}}
    spans = EARTH | ({"c_large_share_top1_lt_095": (0.5, 0.7)} if fails else {})
    for name, span in spans.items():
        value = None if metrics[name].value is None else sum(span) / 2
        passes = value is not None and not (fails and name == "c_large_share_top1_lt_095")
        found["metrics"][name] = {
            "value": value,
            "interval": list(span) if value is not None else None,
            "passes_b": passes,
            "passes_bplus": passes,
        }
        found["ceilings"][name] = {
            "value": 1.0 if LIMITS.gates[name].op == ">=" else 0.1,
            "passes_b": True,
            "passes_bplus": True,
        }
    return found


def _diagnostics(seed: int, table: pd.DataFrame) -> dict[str, Any]:
    if not len(table):
        return {
            "seed": seed,
            "concentration": {"status": "not_computable"},
            "dispersion_km": {},
            "spatial_coupling": {"status": "not_computable"},
        }
    value = {"status": "ok", "value": 0.25, "n": 4}
    return {
        "seed": seed,
        "concentration": {"C_multi": {"gini_top1_share": value, "mean_hhi": value}},
        "dispersion_km": dict.fromkeys(table["country_iso"], 12.5),
        "spatial_coupling": {"expected_rho": {"B": 0.15, "BPLUS": 0.25}, "rho": {"all:entropy_nats": value}},
    }


def _matrix(counts: pd.DataFrame) -> pd.DataFrame:
    if not len(counts):
        return pd.DataFrame(columns=["country_iso", "site_count", "OTHER"])
    sites = counts.groupby(["country_iso", "tzid"])["sites"].sum().unstack(fill_value=0)
    total = sites.sum(axis=1)
    columns = sites.sum().nlargest(3).index
    matrix = sites[columns].assign(OTHER=total - sites[columns].sum(axis=1)).div(total, axis=0)
    matrix.insert(0, "site_count", total)
    return matrix.rename_axis(columns=None).reset_index()


def _certify(run: str, at: Path, files: list[dict[str, str]], not_certifiable: str | None) -> None:
    at.mkdir(parents=True, exist_ok=True)
    names = {
        "certification": "certification.json",
        "gate_table": "gate_table.csv",
        "freeze_record": "p4_freeze_record.json",
    }
    write_json(
        at / "segment2a_p3_comparison.json", {"run": run, "p0": None, "against": {}, "status": "ok", "reason": None}
    )
    (at / "segment2a_p3_watchlist.csv").write_text("rank,country_iso,mechanism\n")
    write_json(at / "segment2a_p3_correction_budget.json", {})
    certify_run.main(
        seed_metrics=[found["seed_metrics"] for found in files],
        earth=[found["earth_scorecard"] for found in files],
        zone_counts=[found["zone_counts"] for found in files],
        diagnostics=[found["country_diagnostics"] for found in files],
        comparison=str(at / "segment2a_p3_comparison.json"),
        governance="config/policy/governance.yaml",
        facts="config/authority/facts.yaml",
        correction_budget=str(at / "segment2a_p3_correction_budget.json"),
        reopen_record=[],
        progression=[],
        **{name: f"config/certification/{name}.yaml" for name in ("plan", "gates", "cohorts", "triage", "metrics")},
        **{name: str(at / f"segment2a_{file}") for name, file in names.items()},
        verdict=str(at / "verdict.txt"),
        run=run,
        authority="frozen",
        required_seeds=SEEDS,
        not_certifiable=not_certifiable,
        retained={},
    )


def _inputs(at: Path, files: list[dict[str, str]], shared: dict[str, str]) -> dict[str, Any]:
    certificate = at / "segment2a_certification.json"
    return {
        "certification": str(certificate),
        "freeze_record": str(at / "segment2a_p4_freeze_record.json"),
        "comparison": str(at / "segment2a_p3_comparison.json"),
        "watchlist": str(at / "segment2a_p3_watchlist.csv"),
        **{name: [found[name] for found in files] for name in files[0]},
        "p0_countries": [],
        "p0_diagnostics": [],
        "map_zones": shared["zones"],
        "map_places": shared["places"],
        "country_zones": shared["country_zones"],
        "metrics": "config/certification/metrics.yaml",
        "captions": sorted(path.as_posix() for path in Path("docs/captions").glob("*.txt")),
        "project": "pyproject.toml",
        "report": str(at / "report.html"),
        "report_data": str(at / "segment2a_report_data.json"),
        "world_map": str(at / "world_map.svg"),
        "country_maps": str(at / "country_maps.svg"),
        "releases": {"tz_world": "2026c", "tzdb": "2026c", "places": "planted"},
    }


def certificate(page: Path) -> dict[str, Any]:
    """The certificate beside a page."""
    return read_json(page.parent / "segment2a_certification.json")
