"""Score one seed: structural checks, governance, cohort metrics, verdict (certification.md §2-5, §8)."""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from scripts.lib.contracts import catalog_path, load_yaml
from scripts.lib.errors import Abort
from scripts.lib.files import read_json, sha256_file, write_json
from scripts.lib.text_tables import write_csv
from scripts.scoring.gates import GRADES, failing, seed_checks, seed_verdict
from scripts.scoring.governance_metrics import (
    bought_with_overrides,
    governance_metrics,
    policy_caveats,
    raised_override_gate,
    used_exceptions,
)
from scripts.scoring.metrics import add_cohorts, cohort_metrics, count_sites, country_table, unavailable
from scripts.scoring.variants import (
    c_large_readings,
    caveats,
    in_support,
    reachable,
    variant_metrics,
    variant_tables,
)
from scripts.states.bundle import verify_bundle
from scripts.states.outputs import is_withheld

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
    state = dict(zip(STATES, (read_json(path) for path in reports), strict=True))
    run_id = read_json(run_receipt)["run_id"]
    cutoff = state["S0"]["upstream"]["verified_at_utc"][:10]
    cohort_config = load_yaml(cohorts)
    contract = load_yaml(gates)
    gate_config, exceptions = raised_override_gate(contract, load_yaml(governance)["exceptions"], cutoff)
    receipt_root = Path(reports[0].split("/reports/layer1/")[0])
    bundle = receipt_root / catalog_path("validation_bundle_2A", manifest_fingerprint=manifest_fingerprint)

    counts, support = count_sites(site_timezones), pq.read_table(country_zones).to_pandas()
    table = score_countries(counts, support, cohort_config, state["S1"], state["S2"])
    scored = realism(table, counts, support, cohort_config, gate_config, state["S1"])
    metrics = scored["metrics"] | governance_metrics(state, gate_config)
    structural = structural_checks(state, bundle, site_locations, s1_tz_lookup, site_timezones)
    structural |= {
        "cohort_metrics_available": all(entry["status"] == "ok" for entry in scored["metrics"].values()),
        "c_multi_nonempty": bool(len(table)) and bool(table["is_c_multi"].any()),
        "c_large_nonempty": bool(len(table)) and bool(table["is_c_large"].any()),
    }
    checks = seed_checks(metrics, structural, gate_config)
    checks["BPLUS"]["fallback_not_bought_with_overrides"] = not bought_with_overrides(state, metrics, gate_config)
    write_json(
        seed_metrics,
        {
            "seed": seed,
            "run_id": run_id,
            "manifest_fingerprint": manifest_fingerprint,
            "site_locations_sha256": sha256_file(site_locations),
            "cohort_definitions": cohort_config,
            **cohort_facts(table),
            **state_facts(state),
            **scored,
            "metrics": metrics,
            "thresholds": {
                name: {grade: gate[grade] for grade in GRADES} for name, gate in gate_config["gates"].items()
            },
            "caveats": scored["caveats"]
            + used_exceptions(metrics, contract, exceptions)
            + policy_caveats(state, metrics, gate_config),
            "checks": checks,
            "failing_gates": failing(checks),
            "verdict": seed_verdict(checks),
        },
    )
    write_csv(country_diagnostics, table.assign(seed=seed, run_id=run_id)[COUNTRY_COLUMNS])
    write_csv(zone_counts, counts.assign(in_support=in_support(counts, support)))


def cohort_facts(table: pd.DataFrame) -> dict[str, Any]:
    """Sizes and members of the cohorts of the country table."""
    return {
        "cohort_counts": table["cohort"].value_counts().sort_index().to_dict()
        | {"C_large": int(table["is_c_large"].sum())},
        "cohort_members": {
            "C_multi": table.loc[table["is_c_multi"], "country_iso"].tolist(),
            "C_large": table.loc[table["is_c_large"], "country_iso"].tolist(),
        },
        "reported_cohorts": reported_cohorts(table),
        "sites_total": int(table["site_count"].sum()),
    }


def state_facts(state: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What the run reports of the states say, as far as certification reads it."""
    return {
        "state_status": {name: report["status"] for name, report in state.items()},
        "error_codes": {name: [error["code"] for error in report["errors"]] for name, report in state.items()},
        "warning_codes": {name: [item["code"] for item in report["warnings"]] for name, report in state.items()},
        "s1_governance": state["S1"].get("governance"),
        "s1_sites_total": state["S1"].get("counts", {}).get("sites_total"),
    }


def score_countries(counts: pd.DataFrame, support: pd.DataFrame, cohorts, s1_report, s2_report) -> pd.DataFrame:
    """The country table with cohorts and governance columns; empty when the dataset was withheld."""
    table = add_cohorts(country_table(counts, support), cohorts)
    fallback = s1_report.get("governance", {}).get("fallback_by_country", {})
    override = s2_report.get("governance", {}).get("override_by_country", {})
    for name, source, field in (("fallback", fallback, "fallback_total"), ("override", override, "overrides_total")):
        counted = {country: entry[field] for country, entry in source.items()}
        table[f"{name}_count"] = table["country_iso"].map(counted).fillna(0).astype("int64")
        table[f"{name}_rate"] = table[f"{name}_count"] / table["site_count"]
    return table


def realism(table, counts, support, cohorts, gates, s1_report) -> dict[str, Any]:
    """Cohort metrics with their variants, readings of C_large, the reach of 2A policy and caveats, or why none."""
    if not len(table):
        reason = unavailable("no rows: site_timezones was withheld or is empty")
        names = cohort_metrics(table.assign(is_c_multi=False, is_c_large=False))
        nothing = dict.fromkeys(names, reason)
        return {"metrics": nothing, "variants": {}, "c_large_readings": {}, "reach_2a": nothing, "caveats": []}
    by_country = s1_report.get("governance", {}).get("fallback_by_country", {})
    fallback = {country: entry["fallback_total"] for country, entry in by_country.items()}
    variants = variant_metrics(variant_tables(table, counts, support, fallback, cohorts))
    return {
        "metrics": cohort_metrics(table),
        "variants": variants,
        "c_large_readings": c_large_readings(table, cohorts),
        "reach_2a": cohort_metrics(reachable(table, counts)),
        "caveats": caveats(variants, gates) + entropy_flags(table),
    }


def entropy_flags(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Countries with H / ln K above 1, which only leakage can do: flagged, not clipped (certification.md A4)."""
    odd = table.loc[table["is_c_multi"] & (table["entropy_norm"] > 1), "country_iso"].tolist()
    entry = {"caveat": "entropy_above_one", "gate": "c_multi_median_entropy_norm", "grade": "B", "countries": odd}
    return [entry] if odd else []


def reported_cohorts(table: pd.DataFrame) -> dict[str, Any]:
    """C_single and C_small, which are reported and never gated."""
    found = {}
    for name in ("C_single", "C_small"):
        part = table[table["cohort"] == name]
        found[name] = {
            "countries": len(part),
            "sites": int(part["site_count"].sum()),
            "median_top1_share": float(part["top1_share"].median()) if len(part) else None,
            "countries_with_leaked_rows": part.loc[part["out_of_support_share"] > 0, "country_iso"].tolist(),
        }
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
        digest = verify_bundle(bundle).digest
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

    run_job(main)
