"""S4: count the gap and fold windows of the zones in use; evidence only (states.md §6)."""

from pathlib import Path
from typing import Any

import numpy as np

from scripts.lib.contracts import catalog_path, contract_path
from scripts.lib.errors import Abort, Breach, Codes
from scripts.lib.files import write_json
from scripts.lib.logs import event
from scripts.lib.tables import values_of
from scripts.reference import tzif
from scripts.states.receipt import check_partition, check_published, open_receipt
from scripts.states.sites import Table, batches
from scripts.states.state import Body, Stages, Tokens, run_state
from scripts.states.timetable import CacheManifest, read_manifest, read_timetables

SITES = Table("site_timezones", "schemas.2A.yaml#/egress/site_timezones")
DATASETS = ("site_timezones", "tz_timetable_cache", "tz_timetable_payload", "s4_legality_report")
SAMPLE = 10
CODES: Codes = {
    "2A-S4-001": [Breach.RECEIPT],
    "2A-S4-010": [Breach.MISSING, Breach.SEAL, Breach.CONTENT],
    "2A-S4-011": [Breach.PARTITION],
    "2A-S4-020": [(Breach.SEAL, "tz_timetable_cache"), (Breach.CONTENT, "tz_timetable_cache")],
    "2A-S4-030": [Breach.OUTPUT],
    "2A-S4-040": [Breach.EMBED],
    "2A-S4-041": [Breach.OVERWRITE],
    "2A-S4-042": [Breach.TIMESTAMP],
    "2A-S4-080": [Breach.CONTRACTS],
}


def main(
    *,
    receipt: str,
    inventory: str,
    s2_report: str,
    s3_report: str,
    site_timezones: str,
    manifest: str,
    payload: str,
    dataset: str,
    report: str,
    seed: int,
    manifest_fingerprint: str,
) -> None:
    tokens: Tokens = {"seed": seed, "manifest_fingerprint": manifest_fingerprint}

    def compute(stages: Stages) -> Body:
        s0 = open_receipt(receipt, inventory, manifest_fingerprint, DATASETS)
        check_partition("site_timezones", site_timezones, **tokens)
        s2 = check_published(s2_report, "site_timezones", site_timezones)
        cache = open_cache(manifest, s3_report, manifest_fingerprint)
        check_payload_size(payload, cache)
        zones = read_timetables(payload, cache)
        sites_total, used = zones_in_use(site_timezones)
        event("INPUTS", tzids=len(used))

        missing = sorted(used - set(zones))
        coverage = {"missing_tzids_count": len(missing), "missing_tzids_sample": missing[:SAMPLE]}
        if missing:
            body = {"coverage": coverage, "missing_tzids": missing}
            raise Abort("2A-S4-024", f"no timetable for {', '.join(missing[:SAMPLE])}", seed=seed, report=body)
        check_counts(sites_total, len(used), s2["counts"])
        gaps, folds = count_windows({tzid: zones[tzid] for tzid in sorted(used)})
        event("CHECK", gaps=gaps, folds=folds)
        counts = {
            "sites_total": sites_total,
            "tzids_total": len(used),
            "gap_windows_total": gaps,
            "fold_windows_total": folds,
        }
        stamp = {"generated_utc": s0.verified_at_utc}
        write_json(stages["s4_legality_report"], {**tokens, **stamp, "status": "PASS", "counts": counts})
        event("VALIDATION", id="2A-S4", result="pass")
        return {
            "s0": s0.report(),
            "inputs": {
                "site_timezones": {
                    "path": contract_path("site_timezones", **tokens),
                    "sha256_hex": s2["published"]["site_timezones"]["sha256_hex"],
                },
                "cache": cache.report(),
            },
            "counts": counts,
            "coverage": coverage,
            "output": {"path": catalog_path("s4_legality_report", **tokens), **stamp},
        }

    outputs, previous = {"s4_legality_report": dataset}, [s2_report, s3_report]
    run_state("S4", CODES, compute, header=tokens, outputs=outputs, report=report, previous=previous)


def open_cache(path: str, s3_report: str, fingerprint: str) -> CacheManifest:
    """The manifest of this fingerprint (2A-S4-021), as S3 published it: its digest is what the payload is held to."""
    found = read_manifest(path)
    expected = catalog_path("tz_timetable_cache", manifest_fingerprint=found.manifest_fingerprint)
    if not path.endswith(expected) or found.manifest_fingerprint != fingerprint:
        raise Abort("2A-S4-021", "cache belongs to another fingerprint", path=path)
    check_published(s3_report, "tz_timetable_cache", path)
    return found


def check_payload_size(path: str, cache: CacheManifest) -> None:
    """The payload is there (2A-S4-023) with all bytes that the manifest counts (2A-S4-022)."""
    if not Path(path).is_file():
        raise Abort("2A-S4-023", "the payload of the timetable cache is missing", path=path)
    size = Path(path).stat().st_size
    if size < cache.rle_cache_bytes:
        raise Abort("2A-S4-022", f"{size} of {cache.rle_cache_bytes} bytes of the payload are there", path=path)


def zones_in_use(path: str) -> tuple[int, set[str]]:
    """Rows and distinct tzids of site_timezones, streamed."""
    rows = 0
    used: set[str] = set()
    for batch in batches(SITES, path):
        rows += len(batch)
        names = batch["tzid"].dictionary.to_pylist()
        used.update(names[number] for number in np.unique(values_of(batch["tzid"].indices)).tolist())
    return rows, used


def count_windows(zones: tzif.Timetables) -> tuple[int, int]:
    """Gaps (offset rises) and folds (offset falls), once per zone; the step from the sentinel counts like any other.

    Raises 2A-S4-050 for an offset out of range, -061 for entries that are not strictly rising and coalesced.
    """
    gaps = folds = 0
    for tzid, (instants, minutes) in zones.items():
        if (np.abs(minutes[1:]) > tzif.LIMIT).any():
            raise Abort("2A-S4-050", f"{tzid}: offset beyond {tzif.LIMIT} minutes", tzid=tzid)
        step = np.diff(minutes)
        if (step == 0).any() or (instants[1:] <= instants[:-1]).any():
            raise Abort("2A-S4-061", f"{tzid}: entries are not rising and coalesced", tzid=tzid)
        gaps += int((step > 0).sum())
        folds += int((step < 0).sum())
    return gaps, folds


def check_counts(sites_total: int, tzids_total: int, s2_counts: dict[str, Any]) -> None:
    """Rows and zones as S2 counted them when it wrote the table (2A-S4-060)."""
    found = {"rows_emitted": sites_total, "distinct_tzids": tzids_total}
    other = [f"{name} {value}, S2 says {s2_counts[name]}" for name, value in found.items() if value != s2_counts[name]]
    if other:
        raise Abort("2A-S4-060", "; ".join(other), dataset="site_timezones")


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
