"""Score one seed: structural checks, governance, cohort metrics, verdict (certification.md §2-5, §8)."""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from scripts.lib.contracts import catalog_path, load_yaml
from scripts.lib.files import read_json, sha256_file, write_json
from scripts.lib.records import plain
from scripts.lib.text_tables import write_csv
from scripts.scoring.checks import seed_checks
from scripts.scoring.cohorts import add_cohorts, cohort_counts, cohort_members, read_cohorts
from scripts.scoring.country_table import count_sites, country_table, in_support
from scripts.scoring.gates import read_limits
from scripts.scoring.governance_metrics import (
    bought_with_overrides,
    cap_caveats,
    exception_caveats,
    governance_metrics,
    policy_caveats,
    raised_by_exceptions,
)
from scripts.scoring.policy_rows import policy_rows, row_counts
from scripts.scoring.realism import realism, realism_caveats
from scripts.scoring.seed_metrics import ReportedCohort, SeedMetrics
from scripts.scoring.structural import Reports, SiteTables, realism_preconditions, structural_checks
from scripts.scoring.variants import Counted

STATES = ("S0", "S1", "S2", "S3", "S4", "S5")
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
]


def main(
    *,
    reports: list[str],
    run_receipt: str,
    site_locations: str,
    s1_tz_lookup: str,
    site_timezones: str,
    country_zones: str,
    governance: str,
    gates: str,
    cohorts: str,
    seed_metrics: str,
    country_diagnostics: str,
    zone_counts: str,
    seed: int,
    manifest_fingerprint: str,
) -> None:
    by_state = dict(zip(STATES, map(read_json, reports), strict=True))
    facts = state_facts(by_state)
    contract, rules = read_limits(gates), read_cohorts(cohorts)
    cutoff = by_state["S0"]["upstream"]["verified_at_utc"][:10]
    limits, exceptions = raised_by_exceptions(contract, load_yaml(governance)["exceptions"], cutoff)

    counts, support = count_sites(site_timezones), pq.read_table(country_zones).to_pandas()
    counted = Counted(add_cohorts(country_table(counts, support), rules), counts, support, rules)
    table = counted.table
    rows = policy_rows(facts["s1_governance"], facts["s1_sites_total"])
    found = realism(counted, row_counts(rows.fallback) if rows else {})
    metrics = found.metrics | governance_metrics(rows, by_state["S2"], limits)
    policy = policy_caveats(rows, metrics, limits) if rows else []
    tables = SiteTables(site_locations, s1_tz_lookup, site_timezones)
    structural = structural_checks(by_state, bundle_of(reports[0], manifest_fingerprint), tables)
    structural |= realism_preconditions(found.metrics, table)
    bought = rows is not None and bought_with_overrides(rows, policy, limits)
    scored = SeedMetrics(
        seed=seed,
        run_id=read_json(run_receipt)["run_id"],
        manifest_fingerprint=manifest_fingerprint,
        site_locations_sha256=sha256_file(site_locations),
        sites_total=int(table["site_count"].sum()),
        **facts,
        cohort_definitions=rules,
        cohort_counts=cohort_counts(table),
        cohort_members=cohort_members(table),
        reported_cohorts={name: reported_cohort(table[table["cohort"] == name]) for name in ("C_single", "C_small")},
        metrics=metrics,
        variants=found.variants,
        c_large_readings=found.c_large_readings,
        reach_2a=found.reach_2a,
        thresholds=limits.thresholds(),
        caveats=[
            *realism_caveats(found, table, limits),
            *exception_caveats(metrics, contract, exceptions),
            *policy,
            *cap_caveats(facts["s1_governance"], limits),
        ],
        checks=seed_checks(metrics, structural, limits, bplus={"fallback_not_bought_with_overrides": not bought}),
    )
    write_json(seed_metrics, plain(scored))
    overrides = by_state["S2"].get("governance", {}).get("override_by_country", {})
    overridden = {country: entry["overrides_total"] for country, entry in overrides.items()}
    table = add_rows(table, fallback=row_counts(rows.fallback) if rows else {}, override=overridden)
    write_csv(country_diagnostics, table.assign(seed=seed, run_id=scored.run_id)[COUNTRY_COLUMNS])
    write_csv(zone_counts, counts.assign(in_support=in_support(counts, support)))


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
