"""Diagnostics and governance audit of one seed, written also when the seed failed (certification.md §7, §9)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scripts.lib.contracts import load_yaml
from scripts.lib.files import read_json, write_json
from scripts.lib.text_tables import read_csv, write_csv
from scripts.scoring import diagnostics
from scripts.scoring.gates import GRADES
from scripts.scoring.metrics import unavailable
from scripts.states.countries import country_codes
from scripts.states.overrides import active, load_overrides
from scripts.states.site_key import country_column
from scripts.states.sites import Table, batches

SITES = Table("site_locations", "schemas.1B.yaml#/egress/site_locations")
AUDIT_COLUMNS = [
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
]


def main(
    *,
    s1_report: str,
    s2_report: str,
    site_locations: str,
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
    withheld = "no rows: site_timezones was withheld or is empty"
    found: dict[str, Any] = {"seed": seed}
    rho = load_yaml(gates)["expected_rho"]
    if len(table):
        table = add_dispersion(table, site_locations)
        matrix = diagnostics.share_matrix(counts)
        found |= {
            "share_matrix": {"status": "ok", "countries": len(matrix), "path": Path(share_matrix).name},
            "spatial_coupling": diagnostics.coupling(table, {grade.upper(): rho[grade] for grade in GRADES}),
            "concentration": diagnostics.concentration(table),
            "dispersion_km": dict(zip(table["country_iso"], table["dispersion_km"], strict=True)),
        }
    else:
        matrix = pd.DataFrame(columns=["country_iso", "site_count", "OTHER"])
        found |= {name: unavailable(withheld) for name in ("share_matrix", "spatial_coupling", "concentration")}
    state = {"S1": read_json(s1_report), "S2": read_json(s2_report)}
    cutoff = state["S1"].get("s0", {}).get("verified_at_utc", "")[:10]
    overrides = active(load_overrides(tz_overrides), cutoff)
    rows = diagnostics.audit_rows(state, overrides, load_yaml(triage)["governance_owner"])
    audit = pd.DataFrame([{"seed": seed} | row for row in rows], columns=AUDIT_COLUMNS)
    write_csv(share_matrix, matrix)
    write_csv(governance_audit, audit)
    write_json(seed_diagnostics, found)


def add_dispersion(table: pd.DataFrame, site_locations: str) -> pd.DataFrame:
    """The country table with `dispersion_km` of its 1B coordinates and `entropy_nats`."""
    number, centroid = diagnostics.centroids(stream(site_locations))
    spread = diagnostics.dispersion_km(stream(site_locations), number, centroid)
    return table.assign(dispersion_km=spread[country_codes(table["country_iso"].tolist())])


def stream(path: str) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(country code uint16, lon, lat) of site_locations, batch by batch."""
    for batch in batches(SITES, path):
        yield country_column(batch), batch["lon_deg"].to_numpy(), batch["lat_deg"].to_numpy()


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
