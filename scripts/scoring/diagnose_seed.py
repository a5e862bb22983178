"""Diagnostics and governance audit of one seed, written also when the seed failed (certification.md §7, §9)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scripts.lib.contracts import load_yaml
from scripts.lib.files import read_json, write_json
from scripts.lib.records import plain
from scripts.lib.text_tables import read_csv, write_csv
from scripts.scoring import diagnostics
from scripts.scoring.gates import read_limits
from scripts.scoring.metric_value import WITHHELD
from scripts.states.overrides import OverrideRow, active, load_overrides
from scripts.states.site_key import country_codes, country_column
from scripts.states.sites import Table, batches

SITES = Table("site_locations", "schemas.1B.yaml#/egress/site_locations")


@dataclass(frozen=True)
class AuditRow:
    """Sites of one country that one rule of one mechanism decided."""

    country_iso: str
    mechanism: str
    rule: str
    count: int
    rate: float
    reason_code: str
    owner: str
    approved_by: str | None = None
    expiry: str | None = None


def main(
    *,
    s1_report: str,
    s2_report: str,
    site_locations: list[str],
    country_diagnostics: str,
    zone_counts: str,
    tz_overrides: str,
    triage: str,
    gates: str,
    share_matrix: str,
    seed_diagnostics: str,
    governance_audit: str,
    seed: int,
) -> None:
    table, counts = read_csv(country_diagnostics), read_csv(zone_counts)
    if len(table):
        table, matrix = add_dispersion(table, site_locations), diagnostics.share_matrix(counts)
        found: dict[str, Any] = {
            "share_matrix": {"status": "ok", "countries": len(matrix), "path": Path(share_matrix).name},
            "spatial_coupling": diagnostics.coupling(table, read_limits(gates).expected_rho),
            "concentration": diagnostics.concentration(table),
            "dispersion_km": dict(zip(table["country_iso"], table["dispersion_km"], strict=True)),
        }
    else:
        matrix = pd.DataFrame(columns=["country_iso", "site_count", "OTHER"])
        found = dict.fromkeys(("share_matrix", "spatial_coupling", "concentration"), WITHHELD)
    write_json(seed_diagnostics, plain({"seed": seed, **found}))
    write_csv(share_matrix, matrix)

    s1, s2 = read_json(s1_report), read_json(s2_report)
    # Overrides that S1 refused decided nothing, and are not read again.
    used = s1.get("governance", {}).get("override_by_country")
    overrides = active(load_overrides(tz_overrides), s1["s0"]["verified_at_utc"][:10]) if used else []
    rows = audit_rows(s1, s2, overrides, load_yaml(triage)["governance_owner"])
    audit = pd.DataFrame(rows, columns=[field.name for field in fields(AuditRow)])
    audit.insert(0, "seed", seed)
    write_csv(governance_audit, audit)


def add_dispersion(table: pd.DataFrame, site_locations: list[str]) -> pd.DataFrame:
    """The country table with `dispersion_km` of its 1B coordinates."""
    number, centroid = diagnostics.centroids(stream(site_locations))
    spread = diagnostics.dispersion_km(stream(site_locations), number, centroid)
    return table.assign(dispersion_km=spread[country_codes(table["country_iso"].tolist())])


def stream(parts: list[str]) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(country code uint16, lon, lat) of site_locations, batch by batch."""
    for batch in batches(SITES, *parts, only=["legal_country_iso", "lon_deg", "lat_deg"]):
        yield country_column(batch), batch["lon_deg"].to_numpy(), batch["lat_deg"].to_numpy()


def audit_rows(
    s1_report: dict[str, Any], s2_report: dict[str, Any], overrides: list[OverrideRow], owner: str
) -> list[AuditRow]:
    """Per affected country, mechanism and rule, in that order; S1's counts stand also when the seed failed.

    `overrides` are the active policy rows, `owner` is who owns what no override says.
    """
    governance = s1_report.get("governance", {})
    by_rule = s2_report.get("governance", {}).get("override_by_rule", [])
    rows = []
    for country, entry in governance.get("fallback_by_country", {}).items():
        for mechanism in ("fallback_within_threshold", "fallback_outside_threshold"):
            if count := entry[mechanism]:
                rule, rate = "nearest polygon of the country", count / entry["sites_total"]
                rows.append(AuditRow(country, mechanism, rule, count, rate, "BORDER_AMBIGUOUS", owner))
    for country, entry in governance.get("preferred_by_country", {}).items():
        rule, count, rate = "the one covering zone of the country", entry["preferred_total"], entry["preferred_rate"]
        rows.append(AuditRow(country, "border_preference", rule, count, rate, "BORDER_OVERLAP", owner))
    for country, entry in governance.get("override_by_country", {}).items():
        touching = [row for row in overrides if _touches(row, country)]
        counted = {rule["rule"]: rule["count"] for rule in by_rule if rule["country_iso"] == country}
        parts = [([row], counted[row.rule]) for row in touching if row.rule in counted]
        # Without a count by rule, as S2 did not run, one row says which rules it can have been.
        for rules, count in parts or [(touching, entry["overrides_total"])]:
            rows.append(_override_row(country, rules, count, count / entry["sites_total"]))
    return sorted(rows, key=lambda row: (row.country_iso, row.mechanism, row.rule))


def _override_row(country: str, rules: list[OverrideRow], count: int, rate: float) -> AuditRow:
    return AuditRow(
        country_iso=country,
        mechanism="override",
        rule=" or ".join(row.rule for row in rules),
        count=count,
        rate=rate,
        reason_code=_joined(row.reason_code for row in rules),
        owner=_joined(row.owner for row in rules),
        approved_by=_joined(row.approved_by for row in rules),
        expiry=_joined(row.expiry_yyyy_mm_dd or "none" for row in rules),
    )


def _touches(row: OverrideRow, country: str) -> bool:
    return row.scope == "mcc" or country == (row.target if row.scope == "country" else row.target.split("|")[1])


def _joined(values: Iterable[str | None]) -> str:
    return ";".join(dict.fromkeys(value for value in values if value))


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
