"""Structural checks of one seed (certification.md §5, §16): rows are counted, digests are computed again."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from scripts.lib.errors import Abort
from scripts.lib.published import is_withheld
from scripts.lib.tables import values_of
from scripts.scoring.cohorts import Cohorts, gated
from scripts.scoring.gates import Limits
from scripts.scoring.metric_value import MetricValue, exact, quotient
from scripts.scoring.seed_metrics import Coverage, SiteRows
from scripts.states.bundle import verify_bundle
from scripts.states.site_key import KEY, key_columns
from scripts.states.sites import Table, batches

LOOKUP = Table("s1_tz_lookup", "schemas.2A.yaml#/plan/s1_tz_lookup")
Reports = Mapping[str, dict[str, Any]]  # run reports by state, S0 to S5


def structural_checks(
    reports: Reports, bundle: Path, site_locations: Iterable[str], s1_tz_lookup: str, site_timezones: str
) -> dict[str, bool]:
    """Every check by name; one that cannot be made, as a state did not run, is false."""
    published = not is_withheld(site_timezones)
    passed = {name: report["status"] == "pass" for name, report in reports.items()}
    return {
        "complete_2a_chain": published and all(passed.values()),
        **{f"{name.lower()}_status_pass": ok for name, ok in passed.items()},
        "s1_s2_sites_total_match": published and _rows_match(reports, site_locations, s1_tz_lookup, site_timezones),
        "s4_missing_tzids_zero": reports["S4"].get("coverage", {}).get("missing_tzids_count") == 0,
        **_bundle_checks(reports["S5"], bundle),
        **_key_checks("s1", reports["S1"]),
        **_key_checks("s2", reports["S2"]),
    }


def _rows_match(reports: Reports, site_locations: Iterable[str], *tables: str) -> bool:
    """Whether the site tables have as many rows as each other and as S1 and S2 say."""
    sites = sum(pq.read_metadata(path).num_rows for path in site_locations)
    said = [reports[name].get("counts", {}).get("sites_total") for name in ("S1", "S2")]
    return {sites} == {*said, *(pq.read_metadata(path).num_rows for path in tables)}


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
    counts = report.get("counts", {})
    total = counts.get("sites_total")
    return {
        f"{name}_pk_duplicates_zero": report.get("checks", {}).get("pk_duplicates") == 0,
        f"{name}_row_parity": total is not None and counts.get("rows_emitted") == total,
    }


def realism_preconditions(metrics: Mapping[str, MetricValue], table: pd.DataFrame) -> dict[str, bool]:
    """Whether realism could be measured: `metrics` are those of the cohorts, `table` has their flags."""
    return {
        "cohort_metrics_available": all(entry.value is not None for entry in metrics.values()),
        "c_multi_nonempty": bool(table["is_c_multi"].any()),
        "c_large_nonempty": bool(table["is_c_large"].any()),
    }


def coverage(table: pd.DataFrame, known: Iterable[str]) -> Coverage:
    """From a country table with cohort flags; `known` are the country codes of zone.tab and of the populated places."""
    sites, is_known, is_gated = table["site_count"], table["country_iso"].isin(set(known)), gated(table)
    unknown = zip(table.loc[~is_known, "country_iso"], sites[~is_known].tolist(), strict=True)
    return Coverage(int(sites[is_known & is_gated].sum()), int(sites[is_known & ~is_gated].sum()), dict(unknown))


def coverage_checks(found: Coverage, table: pd.DataFrame, cohorts: Cohorts, limits: Limits) -> dict[str, bool]:
    """Whether cohorts have enough countries, and gates speak for enough sites; all false for a seed without rows."""
    unknown = quotient(sum(found.unknown.values()), found.total)
    return {
        "c_multi_enough_countries": int(table["is_c_multi"].sum()) >= cohorts.c_multi.min_countries.value,
        "c_large_enough_countries": int(table["is_c_large"].sum()) >= cohorts.c_large.min_countries.value,
        "gated_share_enough": quotient(found.gated, found.total) >= exact(limits.gated_share.value),
        "unknown_countries_bounded": found.total > 0 and unknown <= exact(limits.unknown_country_share.value),
    }


def site_rows(path: str) -> SiteRows:
    """Of an s1_tz_lookup, which lies in key order; streamed, so that memory does not grow with rows."""
    columns = [hashlib.sha256() for _ in range(5)]  # merchant, country, order, lon, lat: each over all of its values
    merchants, last = hashlib.sha256(), None
    for batch in batches(LOOKUP, path, only=[*KEY, "lon_deg", "lat_deg"]):
        keys = key_columns(batch)
        found = (*keys, values_of(batch["lon_deg"]), values_of(batch["lat_deg"]))
        for column, values in zip(columns, found, strict=True):
            column.update(np.ascontiguousarray(values).data)
        new = np.flatnonzero(np.diff(keys.merchant, prepend=keys.merchant[:1])).tolist()
        first = [0] if keys.merchant[0] != last else []
        merchants.update(np.ascontiguousarray(keys.merchant[first + new]).data)
        last = keys.merchant[-1]
    whole = hashlib.sha256(b"".join(column.digest() for column in columns))
    return SiteRows(whole.hexdigest(), merchants.hexdigest())
