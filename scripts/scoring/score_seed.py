"""Score one seed: structural checks, governance, cohort metrics, verdict (certification.md §2-5, §8)."""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from scripts.lib.contracts import catalog_path
from scripts.lib.files import read_json, sha256_file, write_json
from scripts.lib.records import plain
from scripts.lib.text_tables import write_csv
from scripts.reference.identify_reference import read_identity
from scripts.scoring.checks import seed_checks
from scripts.scoring.cohorts import add_cohorts, cohort_counts, cohort_members, read_cohorts
from scripts.scoring.country_table import count_sites, country_table, in_support
from scripts.scoring.coverage import coverage, coverage_checks
from scripts.scoring.gates import read_limits
from scripts.scoring.governance_metrics import raised_by_exceptions, seed_governance
from scripts.scoring.realism import realism, realism_caveats
from scripts.scoring.seed_metrics import ReportedCohort, SeedMetrics
from scripts.scoring.site_rows import site_rows
from scripts.scoring.structural import Reports, SiteTables, realism_preconditions, structural_checks
from scripts.scoring.variants import Counted, GuessedRows, untouched_checks
from scripts.states.policy import load_caps
from scripts.states.receipt import check_sealed, check_shown, open_receipt

STATES = ("S0", "S1", "S2", "S3", "S4", "S5")
SEALED_AS = {"tz_world": "tz_world_2025a", "tzdb": "tzdb_release"}
COUNTRY_COLUMNS = [
    "seed",
    "run_id",
    "country_iso",
    "site_count",
    "tz_world_support_count",
    "distinct_tzid_count",
    "top1_tzid",
    "top1_share",
    "top1_top2_gap",
    "entropy_norm",
    "entropy_nats",
    "hhi",
    "out_of_support_share",
    "cohort",
    "is_c_multi",
    "is_c_large",
    "fallback_count",
    "fallback_rate",
    "override_count",
    "override_rate",
    "preferred_count",
    "preferred_rate",
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
    sealed = open_receipt(receipt, inventory, manifest_fingerprint, ("site_timezones",))
    check_sealed(sealed, "site_locations", *site_locations)
    check_sealed(sealed, "country_zones", country_zones)
    check_sealed(sealed, "governance", governance)
    check_shown(reports[1], "s1_tz_lookup", s1_tz_lookup)
    check_shown(reports[2], "site_timezones", site_timezones)
    by_state = dict(zip(STATES, map(read_json, reports), strict=True))
    verified_at = by_state["S0"]["upstream"]["verified_at_utc"]
    held = raised_by_exceptions(read_limits(gates), load_caps(governance, verified_at[:10]).exceptions)
    rules, reference = read_cohorts(cohorts), read_identity(reference_identity)
    support, polygons = (pq.read_table(path).to_pandas() for path in (country_zones, polygon_zones))
    counts = count_sites(site_timezones)
    table = add_cohorts(country_table(counts, support), rules)
    fallback = rows_by_country(by_state["S1"], "fallback_by_country", "fallback_total")
    preferred = rows_by_country(by_state["S1"], "preferred_by_country", "preferred_total")
    overridden = rows_by_country(by_state["S2"], "override_by_country", "overrides_total")
    preferred = rows_by_country(by_state["S1"], "preferred_by_country", "preferred_total")

    realistic = realism(Counted(table, counts, support, rules), GuessedRows(fallback, preferred), polygons)
    covered = coverage(table, {*support["country_iso"], *polygons["country_iso"]})
    governed = seed_governance(by_state["S1"], by_state["S2"], held)
    metrics = realistic.metrics | governed.metrics
    tables = SiteTables(site_locations, s1_tz_lookup, site_timezones)
    structural = structural_checks(by_state, bundle_of(reports[0], manifest_fingerprint), tables)
    structural |= realism_preconditions(realistic.metrics, table)
    structural |= coverage_checks(covered, table, rules, held.limits)
    structural |= {
        "reference_as_sealed": all(
            sealed.sealed[SEALED_AS[name]].sha256_hex == reference[name].sha256 for name in SEALED_AS
        )
    }
    scored = SeedMetrics(
        seed=seed,
        run_id=read_json(run_receipt)["run_id"],
        manifest_fingerprint=manifest_fingerprint,
        site_locations_sha256=sha256_file(*site_locations),
        site_rows=None if table.empty else site_rows(s1_tz_lookup),
        reference=reference,
        sites_total=int(table["site_count"].sum()),
        **state_facts(by_state),
        cohort_definitions=rules,
        cohort_counts=cohort_counts(table),
        cohort_members=cohort_members(table),
        coverage=covered,
        reported_cohorts={name: reported_cohort(table[table["cohort"] == name]) for name in ("C_single", "C_small")},
        metrics=metrics,
        variants=realistic.variants,
        c_large_readings=realistic.c_large_readings,
        polygon_support=realistic.polygon_support,
        reach_2a=realistic.reach_2a,
        thresholds=held.limits.thresholds(),
        caveats=realism_caveats(realistic, table, held.limits) + governed.caveats,
        checks=seed_checks(metrics, structural | untouched_checks(realistic.variants, held.limits), held.limits),
    )
    write_json(seed_metrics, plain(scored))
    table = add_rows(table, fallback=fallback, override=overridden, preferred=preferred)
    exempt = {country: ";".join(entry.exempt_by) for country, entry in scored.fallback_exempt.items()}
    table = table.assign(seed=seed, run_id=scored.run_id, fallback_exempt_by=table["country_iso"].map(exempt))
    write_csv(country_diagnostics, table[COUNTRY_COLUMNS])
    write_csv(zone_counts, counts.assign(in_support=in_support(counts, support)))


def rows_by_country(report: dict[str, Any], block: str, field: str) -> dict[str, int]:
    """Rows by country as a run report counts them; none where it has no governance block."""
    return {country: entry[field] for country, entry in report.get("governance", {}).get(block, {}).items()}


def bundle_of(report: str, fingerprint: str) -> Path:
    """The validation bundle in the run root of a run report."""
    root = Path(report.partition("/reports/layer1/")[0])
    return root / catalog_path("validation_bundle_2A", manifest_fingerprint=fingerprint)


def state_facts(reports: Reports) -> dict[str, Any]:
    """What the run reports of the states say, as far as certification reads it."""
    return {
        "state_status": {name: report["status"] for name, report in reports.items()},
        "error_codes": {name: [error["code"] for error in report["errors"]] for name, report in reports.items()},
        "warning_codes": {name: [item["code"] for item in report["warnings"]] for name, report in reports.items()},
        "s1_governance": reports["S1"].get("governance"),
        "s1_sites_total": reports["S1"].get("counts", {}).get("sites_total"),
    }


def reported_cohort(part: pd.DataFrame) -> ReportedCohort:
    """What is shown of the countries of a cohort that does not gate."""
    return ReportedCohort(
        countries=len(part),
        sites=int(part["site_count"].sum()),
        median_top1_share=float(part["top1_share"].median()) if len(part) else None,
        countries_with_leaked_rows=part.loc[part["out_of_support_share"] > 0, "country_iso"].tolist(),
    )


def add_rows(table: pd.DataFrame, **rows: dict[str, int]) -> pd.DataFrame:
    """The country table with the count and the rate of each kind of rows; `rows` are counts by country."""
    for name, counted in rows.items():
        count = table["country_iso"].map(counted).fillna(0).astype("int64")
        table = table.assign(**{f"{name}_count": count, f"{name}_rate": count / table["site_count"]})
    return table


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
