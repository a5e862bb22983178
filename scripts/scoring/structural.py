"""Structural checks of one seed (certification.md §5): rows are counted, the bundle's digest is computed again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow.parquet as pq

from scripts.lib.errors import Abort
from scripts.lib.published import is_withheld
from scripts.scoring.metric_value import MetricValue
from scripts.states.bundle import verify_bundle

Reports = Mapping[str, dict[str, Any]]  # run reports by state, S0 to S5


class SiteTables(NamedTuple):
    """Paths of the three tables that hold one row a site, one or many of the first."""

    site_locations: list[str]
    s1_tz_lookup: str
    site_timezones: str


def structural_checks(reports: Reports, bundle: Path, tables: SiteTables) -> dict[str, bool]:
    """Every check by name; one that cannot be made, as a state did not run, is false."""
    published = not is_withheld(tables.site_timezones)
    passed = {name: report["status"] == "pass" for name, report in reports.items()}
    return {
        "complete_2a_chain": published and all(passed.values()),
        **{f"{name.lower()}_status_pass": ok for name, ok in passed.items()},
        "s1_s2_sites_total_match": published and _rows_match(reports, tables),
        "s4_missing_tzids_zero": reports["S4"].get("coverage", {}).get("missing_tzids_count") == 0,
        **_bundle_checks(reports["S5"], bundle),
        **_key_checks("s1", reports["S1"]),
        **_key_checks("s2", reports["S2"]),
    }


def realism_preconditions(metrics: Mapping[str, MetricValue], table: pd.DataFrame) -> dict[str, bool]:
    """Whether realism could be measured: `metrics` are those of the cohorts, `table` has their flags."""
    return {
        "cohort_metrics_available": all(entry.value is not None for entry in metrics.values()),
        "c_multi_nonempty": bool(table["is_c_multi"].any()),
        "c_large_nonempty": bool(table["is_c_large"].any()),
    }


def _rows_match(reports: Reports, tables: SiteTables) -> bool:
    sites = sum(pq.read_metadata(path).num_rows for path in tables.site_locations)
    rows = {sites, *(pq.read_metadata(path).num_rows for path in (tables.s1_tz_lookup, tables.site_timezones))}
    return rows == {_counts(reports[name]).get("sites_total") for name in ("S1", "S2")} and len(rows) == 1


def _bundle_checks(s5: dict[str, Any], bundle: Path) -> dict[str, bool]:
    try:
        digest = verify_bundle(bundle).digest
    except Abort:
        return dict.fromkeys(("s5_digest_matches_flag", "s5_flag_format_exact", "s5_index_root_scoped"), False)
    return {
        "s5_digest_matches_flag": digest == s5.get("digest", {}).get("computed_sha256"),
        "s5_flag_format_exact": s5.get("flag", {}).get("format_exact") is True,
        "s5_index_root_scoped": s5.get("bundle", {}).get("index_path_root_scoped") is True,
    }


def _key_checks(name: str, report: dict[str, Any]) -> dict[str, bool]:
    counts = _counts(report)
    total = counts.get("sites_total")
    return {
        f"{name}_pk_duplicates_zero": report.get("checks", {}).get("pk_duplicates") == 0,
        f"{name}_row_parity": total is not None and counts.get("rows_emitted") == total,
    }


def _counts(report: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = report.get("counts", {})
    return found
