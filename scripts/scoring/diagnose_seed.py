"""Diagnostics and governance audit of one seed, written also when the seed failed (certification.md §7, §9)."""

from collections.abc import Iterator
from dataclasses import fields
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
from scripts.scoring.governance_audit import AuditRow, audit_rows
from scripts.scoring.metric_value import WITHHELD
from scripts.states.overrides import active, load_overrides
from scripts.states.site_key import country_codes, country_column
from scripts.states.sites import Table, batches

SITES = Table("site_locations", "schemas.1B.yaml#/egress/site_locations")


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
    """The country table with `dispersion_km` of its 1B coordinates and `entropy_nats`."""
    number, centroid = diagnostics.centroids(stream(site_locations))
    spread = diagnostics.dispersion_km(stream(site_locations), number, centroid)
    return table.assign(dispersion_km=spread[country_codes(table["country_iso"].tolist())])


def stream(parts: list[str]) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(country code uint16, lon, lat) of site_locations, batch by batch."""
    for batch in batches(SITES, *parts):
        yield country_column(batch), batch["lon_deg"].to_numpy(), batch["lat_deg"].to_numpy()


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
