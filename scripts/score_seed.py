"""Score one seed: structural checks, governance, cohort metrics, verdict (certification.md §2-5, §8)."""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from scripts.lib.bundle import verify_bundle
from scripts.lib.contracts import catalog_path, load_yaml
from scripts.lib.errors import Abort
from scripts.lib.files import read_json, staged, write_json
from scripts.lib.gates import failing, seed_checks, seed_verdict
from scripts.lib.governance import country_violations
from scripts.lib.metrics import add_cohorts, available, cohort_metrics, count_sites, country_table, unavailable
from scripts.lib.state import is_withheld

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
    gates: str,
    cohorts: str,
    seed_metrics: str,
    country_diagnostics: str,
    seed: int,
    fingerprint: str,
) -> None:
    state = dict(zip(STATES, (read_json(path) for path in reports), strict=True))
    run_id = read_json(run_receipt)["run_id"]
    gate_config, cohort_config = load_yaml(gates), load_yaml(cohorts)
    receipt_root = Path(reports[0].split("/reports/layer1/")[0])
    bundle = receipt_root / catalog_path("validation_bundle_2A", manifest_fingerprint=fingerprint)

    table = score_countries(site_timezones, country_zones, cohort_config, state["S1"], state["S2"])
    metrics = realism(table) | governance(state, gate_config)
    structural = structural_checks(state, bundle, site_locations, s1_tz_lookup, site_timezones)
    structural |= {
        "cohort_metrics_available": all(metrics[name]["status"] == "ok" for name in metrics if name.startswith("c_")),
        "c_multi_nonempty": bool(len(table)) and bool(table["is_c_multi"].any()),
        "c_large_nonempty": bool(len(table)) and bool(table["is_c_large"].any()),
    }
    checks = seed_checks(metrics, structural, gate_config)
    write_json(
        seed_metrics,
        {
            "seed": seed,
            "run_id": run_id,
            "manifest_fingerprint": fingerprint,
            "cohort_definitions": cohort_config,
            "cohort_counts": table["cohort"].value_counts().sort_index().to_dict()
            | {"C_large": int(table["is_c_large"].sum())},
            "sites_total": int(table["site_count"].sum()),
            "state_status": {name: report["status"] for name, report in state.items()},
            "error_codes": {name: [error["code"] for error in report["errors"]] for name, report in state.items()},
            "warning_codes": {name: [item["code"] for item in report["warnings"]] for name, report in state.items()},
            "metrics": metrics,
            "checks": checks,
            "failing_gates": failing(checks),
            "verdict": seed_verdict(checks),
        },
    )
    with staged(country_diagnostics) as stage:
        rows = table.assign(seed=seed, run_id=run_id)[COUNTRY_COLUMNS]
        rows.to_csv(stage, index=False, lineterminator="\n", float_format="%.17g")


def score_countries(site_timezones, country_zones, cohorts, s1_report, s2_report) -> pd.DataFrame:
    """The country table with cohorts and governance columns; empty when the dataset was withheld."""
    counts = count_sites(site_timezones)
    table = add_cohorts(country_table(counts, pq.read_table(country_zones).to_pandas()), cohorts)
    fallback = s1_report.get("governance", {}).get("fallback_by_country", {})
    override = s2_report.get("governance", {}).get("override_by_country", {})
    for name, source, field in (("fallback", fallback, "fallback_total"), ("override", override, "overrides_total")):
        counted = {country: entry[field] for country, entry in source.items()}
        table[f"{name}_count"] = table["country_iso"].map(counted).fillna(0).astype("int64")
        table[f"{name}_rate"] = table[f"{name}_count"] / table["site_count"]
    return table


def realism(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """The cohort metrics, or why there are none."""
    if len(table):
        return cohort_metrics(table)
    names = cohort_metrics(table.assign(is_c_multi=False, is_c_large=False))
    return {name: unavailable("no rows: site_timezones was withheld or is empty") for name in names}


def governance(state: dict[str, dict], gates: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Rates and violations as S1 and S2 reported them; the scorer recomputes nothing by hand."""
    s1, s2 = state["S1"].get("governance"), state["S2"].get("governance")
    missing_s1, missing_s2 = unavailable("S1 reported no governance"), unavailable("S2 reported no governance")
    rows = state["S1"].get("counts", {}).get("sites_total", 0)
    found = {
        "fallback_rate": available(s1["rates"]["fallback_rate"], rows) if s1 else missing_s1,
        "override_rate": available(s2["rates"]["override_rate"], rows) if s2 else missing_s2,
        "provenance_missing": available(state["S2"]["counts"]["provenance_missing"], rows) if s2 else missing_s2,
    }
    for grade, cap in (("b", None), ("bplus", gates["fallback_country_cap_bplus"]["value"])):
        name = f"fallback_country_violations_{grade}"
        if not s1:
            found[name] = missing_s1
            continue
        limit = s1["caps"]["fallback_country_cap"] if cap is None else cap
        found[name] = available(len(country_violations(s1["fallback_by_country"], s1["caps"], limit)), rows)
    return found


def structural_checks(
    state, bundle: Path, site_locations: str, s1_tz_lookup: str, site_timezones: str
) -> dict[str, bool]:
    """certification.md §5; the S5 digest is recomputed, row parity is counted in the three tables."""
    counts = {name: state[name].get("counts", {}) for name in ("S1", "S2")}
    checks = {name: state[name].get("checks", {}) for name in ("S1", "S2")}
    rows = [pq.read_metadata(path).num_rows for path in (site_locations, s1_tz_lookup, site_timezones)]
    published = not is_withheld(site_timezones)
    try:
        digest = verify_bundle(bundle)
    except Abort:
        digest = None
    s5 = state["S5"]
    found = {
        "complete_2a_chain": published and all(report["status"] == "pass" for report in state.values()),
        **{f"{name.lower()}_status_pass": report["status"] == "pass" for name, report in state.items()},
        "s1_s2_sites_total_match": published
        and rows[0] == rows[1] == rows[2] == counts["S1"].get("sites_total") == counts["S2"].get("sites_total"),
        "s4_missing_tzids_zero": state["S4"].get("coverage", {}).get("missing_tzids_count") == 0,
        "s5_digest_matches_flag": digest is not None and digest == s5.get("digest", {}).get("computed_sha256"),
        "s5_flag_format_exact": digest is not None and s5.get("flag", {}).get("format_exact") is True,
        "s5_index_root_scoped": digest is not None and s5.get("bundle", {}).get("index_path_root_scoped") is True,
    }
    for name in ("S1", "S2"):
        found[f"{name.lower()}_pk_duplicates_zero"] = checks[name].get("pk_duplicates") == 0
        total = counts[name].get("sites_total")
        found[f"{name.lower()}_row_parity"] = total is not None and counts[name].get("rows_emitted") == total
    return found


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main, snakemake)
