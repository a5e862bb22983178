"""Score one seed: structural checks, governance, cohort metrics, verdict (certification.md §2-5, §8)."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from scripts.lib.contracts import catalog_path
from scripts.lib.files import read_json, sha256_file, write_json
from scripts.lib.records import plain
from scripts.lib.text_tables import write_csv
from scripts.reference.identify_reference import read_identity
from scripts.scoring.cohorts import add_cohorts, cohort_counts, cohort_members, read_cohorts
from scripts.scoring.country_table import count_sites, country_table, in_support
from scripts.scoring.gates import read_limits, seed_checks
from scripts.scoring.governance_metrics import Held, parts_of, raised_by_exceptions, seed_governance
from scripts.scoring.seed_metrics import SeedMetrics
from scripts.scoring.structural import (
    Reports,
    coverage,
    coverage_checks,
    realism_preconditions,
    site_rows,
    structural_checks,
)
from scripts.scoring.variants import Counted, realism, realism_caveats, untouched_checks
from scripts.states.policy import load_caps
from scripts.states.receipt import check_sealed, check_shown, open_receipt

STATES = ("S0", "S1", "S2", "S3", "S4", "S5")
SEALED_AS = {"tz_world": "tz_world_2025a", "tzdb": "tzdb_release"}
COUNTED_BY = {"fallback": "S1", "override": "S2", "preferred": "S1"}  # the report that has these rows by country
COUNTRY_COLUMNS = [
    *("seed", "run_id", "country_iso", "site_count", "tz_world_support_count", "distinct_tzid_count"),
    *("top1_tzid", "top1_share", "top1_top2_gap", "entropy_norm", "entropy_nats", "hhi", "out_of_support_share"),
    *("cohort", "is_c_multi", "is_c_large"),
    *(f"{rows}_{what}" for rows in COUNTED_BY for what in ("count", "rate")),
    "fallback_exempt_by",
]


def main(
    *,
    reports: list[str],
    receipt: str,
    inventory: str,
    run_receipt: str,
    site_locations: list[str],
    s1_tz_lookup: str,
    site_timezones: str,
    country_zones: str,
    polygon_zones: str,
    reference_identity: str,
    governance: str,
    gates: str,
    cohorts: str,
    seed_metrics: str,
    country_diagnostics: str,
    zone_counts: str,
    seed: int,
    manifest_fingerprint: str,
) -> None:
    s0 = open_receipt(receipt, inventory, manifest_fingerprint, ("site_timezones",))
    check_sealed(s0, "site_locations", *site_locations)
    check_sealed(s0, "country_zones", country_zones)
    check_sealed(s0, "governance", governance)
    check_shown(reports[1], "s1_tz_lookup", s1_tz_lookup)
    check_shown(reports[2], "site_timezones", site_timezones)
    by_state = dict(zip(STATES, map(read_json, reports), strict=True))
    reference = read_identity(reference_identity)
    structural = structural_checks(
        by_state, bundle_of(reports[0], manifest_fingerprint), site_locations, s1_tz_lookup, site_timezones
    )
    structural["reference_as_sealed"] = all(
        s0.sealed[asset].sha256_hex == reference[name].sha256 for name, asset in SEALED_AS.items()
    )

    caps = load_caps(governance, by_state["S0"]["upstream"]["verified_at_utc"][:10])
    held = raised_by_exceptions(read_limits(gates), caps.exceptions)
    support, polygons = (pq.read_table(path).to_pandas() for path in (country_zones, polygon_zones))
    counts, rules = count_sites(site_timezones), read_cohorts(cohorts)
    counted = Counted(add_cohorts(country_table(counts, support), rules), counts, support, rules)
    scored = score(
        counted,
        polygons,
        by_state,
        held,
        structural,
        seed=seed,
        run_id=read_json(run_receipt)["run_id"],
        manifest_fingerprint=manifest_fingerprint,
        site_locations_sha256=sha256_file(*site_locations),
        site_rows=None if counted.table.empty else site_rows(s1_tz_lookup),
        reference=reference,
    )
    write_json(seed_metrics, plain(scored))
    write_csv(country_diagnostics, country_rows(scored, counted.table, decided_rows(by_state)))
    write_csv(zone_counts, counts.assign(in_support=in_support(counts, support)))


def bundle_of(report: str, fingerprint: str) -> Path:
    """The validation bundle in the run root of a run report."""
    root = Path(report.partition("/reports/layer1/")[0])
    return root / catalog_path("validation_bundle_2A", manifest_fingerprint=fingerprint)


def score(
    counted: Counted,
    polygons: pd.DataFrame,
    reports: Reports,
    held: Held,
    structural: dict[str, bool],
    **identity: Any,
) -> SeedMetrics:
    """The whole of a seed's metrics; `identity` are the fields that say which seed and which sites it is of."""
    table, limits, rows = counted.table, held.limits, decided_rows(reports)
    realistic = realism(counted, rows["fallback"], rows["preferred"], polygons)
    governed, caveats = seed_governance(reports["S1"], reports["S2"], held)
    covered = coverage(table, {*counted.support["country_iso"], *polygons["country_iso"]})
    metrics = realistic.metrics | governed
    checks = (
        structural
        | realism_preconditions(realistic.metrics, table)
        | coverage_checks(covered, table, counted.cohorts, limits)
        | untouched_checks(realistic.variants, limits)
    )
    return SeedMetrics(
        **identity,
        state_status={name: report["status"] for name, report in reports.items()},
        error_codes={name: [error["code"] for error in report["errors"]] for name, report in reports.items()},
        warning_codes={name: [item["code"] for item in report["warnings"]] for name, report in reports.items()},
        s1_governance=reports["S1"].get("governance"),
        s1_sites_total=reports["S1"].get("counts", {}).get("sites_total"),
        sites_total=int(table["site_count"].sum()),
        cohort_definitions=counted.cohorts,
        cohort_counts=cohort_counts(table),
        cohort_members=cohort_members(table),
        coverage=covered,
        reported_cohorts={name: reported_cohort(table[table["cohort"] == name]) for name in ("C_single", "C_small")},
        **vars(replace(realistic, metrics=metrics)),
        thresholds=limits.thresholds(),
        caveats=realism_caveats(realistic, table, limits) + caveats,
        checks=seed_checks(metrics, checks, limits),
    )


def decided_rows(reports: Reports) -> dict[str, dict[str, int]]:
    """Rows by country that a guess or policy decided, as run reports count them; none where one has no such block."""
    found = {}
    for what, state in COUNTED_BY.items():
        parts = parts_of(reports[state].get("governance", {}), what)
        found[what] = {country: part.rows for country, part in parts.items()}
    return found


def reported_cohort(part: pd.DataFrame) -> dict[str, Any]:
    """What is shown of the countries of a cohort that does not gate."""
    return {
        "countries": len(part),
        "sites": int(part["site_count"].sum()),
        "median_top1_share": float(part["top1_share"].median()) if len(part) else None,
        "countries_with_leaked_rows": part.loc[part["out_of_support_share"] > 0, "country_iso"].tolist(),
    }


def country_rows(scored: SeedMetrics, table: pd.DataFrame, rows: dict[str, dict[str, int]]) -> pd.DataFrame:
    """The country table as published: with count and rate of each kind of `rows`, and what exempts from the cap."""
    for name, by_country in rows.items():
        count = table["country_iso"].map(by_country).fillna(0).astype("int64")
        table = table.assign(**{f"{name}_count": count, f"{name}_rate": count / table["site_count"]})
    exempt = {country: ";".join(entry.exempt_by) for country, entry in scored.fallback_exempt.items()}
    table = table.assign(fallback_exempt_by=table["country_iso"].map(exempt), seed=scored.seed, run_id=scored.run_id)
    return table[COUNTRY_COLUMNS]


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
