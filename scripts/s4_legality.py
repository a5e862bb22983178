"""S4: count the gap and fold windows of the zones in use; evidence only (states.md §6)."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from scripts.lib import tzif
from scripts.lib.contracts import catalog_path, schema_errors
from scripts.lib.errors import Abort
from scripts.lib.files import read_json, sha256_file, write_json
from scripts.lib.gate import check_partition, open_gate
from scripts.lib.logs import event
from scripts.lib.sites import batches, open_checked
from scripts.lib.state import Stages, is_withheld, run_state

SITES = "schemas.2A.yaml#/egress/site_timezones"
LIMIT = 900
SAMPLE = 10


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
    fingerprint: str,
) -> None:
    tokens = {"seed": seed, "manifest_fingerprint": fingerprint}

    def compute(stages: Stages) -> dict[str, Any]:
        gate = open_gate("S4", receipt, inventory, fingerprint)
        check_partition("2A-S4-011", "site_timezones", site_timezones, **tokens)
        cache, zones = open_cache("S4", manifest, payload, fingerprint)
        sites_total, used = zones_in_use(site_timezones)
        if sites_total != pq.read_metadata(site_timezones).num_rows:
            raise Abort("2A-S4-060", "rows read differ from the rows in the table", path=site_timezones)
        event("INPUTS", tzids=len(used))

        missing = sorted(used - set(zones))
        coverage = {"missing_tzids_count": len(missing), "missing_tzids_sample": missing[:SAMPLE]}
        if missing:
            body = {"coverage": coverage, "missing_tzids": missing}
            raise Abort("2A-S4-024", f"no timetable for {', '.join(missing[:SAMPLE])}", seed=seed, report=body)
        gaps, folds = count_windows({tzid: zones[tzid] for tzid in sorted(used)})
        event("CHECK", gaps=gaps, folds=folds)
        counts = {
            "sites_total": sites_total,
            "tzids_total": len(used),
            "gap_windows_total": gaps,
            "fold_windows_total": folds,
        }
        found = {**tokens, "generated_utc": gate.verified_at_utc, "status": "PASS", "counts": counts}
        check_report(found, dataset, gate.verified_at_utc)
        write_json(stages["s4_legality_report"], found)
        event("VALIDATION", result="pass")
        return {
            "s0": gate.report(fingerprint),
            "inputs": {
                "site_timezones": {"path": catalog_path("site_timezones", **tokens)},
                "cache": {
                    "path": catalog_path("tz_timetable_cache", manifest_fingerprint=fingerprint),
                    **{key: cache[key] for key in ("tzdb_release_tag", "tz_index_digest", "rle_cache_bytes")},
                },
            },
            "counts": counts,
            "coverage": coverage,
            "output": {"path": catalog_path("s4_legality_report", **tokens), "generated_utc": gate.verified_at_utc},
        }

    run_state(
        "S4",
        compute,
        header=tokens,
        outputs={"s4_legality_report": dataset},
        report=report,
        previous=[s2_report, s3_report],
    )


def open_cache(state: str, manifest: str, payload: str, fingerprint: str) -> tuple[dict[str, Any], dict[str, tuple]]:
    """The S3 cache: manifest valid, payload present, its digest the manifest's (2A-S4-010, -020..023)."""
    if not Path(manifest).is_file() or is_withheld(manifest):
        raise Abort("2A-S4-010", "the timetable cache is missing or withheld", path=manifest)
    found = read_json(manifest)
    errors = schema_errors(found, "schemas.2A.yaml#/cache/tz_timetable_cache")
    if errors:
        raise Abort("2A-S4-020", "; ".join(errors[:3]), path=manifest)
    expected = catalog_path("tz_timetable_cache", manifest_fingerprint=found["manifest_fingerprint"])
    if not manifest.endswith(expected) or found["manifest_fingerprint"] != fingerprint:
        raise Abort("2A-S4-021", "cache belongs to another fingerprint", path=manifest)
    if not Path(payload).is_file():
        raise Abort("2A-S4-023", "payload file is missing", path=payload)
    data = Path(payload).read_bytes()
    if not data or sha256_file(payload) != found["tz_index_digest"]:
        raise Abort("2A-S4-022", "payload is empty or its digest is not the manifest's", path=payload)
    try:
        return found, tzif.decode(data)
    except ValueError as problem:
        raise Abort("2A-S4-022", str(problem), path=payload) from None


def zones_in_use(path: str) -> tuple[int, set[str]]:
    """Rows and distinct tzids of site_timezones, streamed."""
    rows, used = 0, set()
    for batch in batches(open_checked(path, SITES, "2A-S4-010"), SITES, "2A-S4-010"):
        rows += len(batch)
        column = batch["tzid"]
        seen = np.unique(column.indices.to_numpy())
        used.update(column.dictionary.take(seen).to_pylist())
    return rows, used


def count_windows(zones: dict[str, tuple[np.ndarray, np.ndarray]]) -> tuple[int, int]:
    """Gaps (offset rises) and folds (offset falls), once per zone; the step from the sentinel counts like any other.

    Raises 2A-S4-050 for an offset out of range, -061 for entries that are not strictly rising and coalesced.
    """
    gaps = folds = 0
    for tzid, (instants, minutes) in zones.items():
        if (np.abs(minutes[1:]) > LIMIT).any():
            raise Abort("2A-S4-050", f"{tzid}: offset beyond {LIMIT} minutes", tzid=tzid)
        step = np.diff(minutes)
        if (step == 0).any() or (instants[1:] <= instants[:-1]).any():
            raise Abort("2A-S4-061", f"{tzid}: entries are not rising and coalesced", tzid=tzid)
        gaps += int((step > 0).sum())
        folds += int((step < 0).sum())
    return gaps, folds


def check_report(found: dict[str, Any], path: str, verified_at_utc: str) -> None:
    """2A-S4-030, -040, -042."""
    errors = schema_errors(found, "schemas.2A.yaml#/validation/s4_legality_report")
    if errors:
        raise Abort("2A-S4-030", "; ".join(errors), path=path)
    tokens = {key: found[key] for key in ("seed", "manifest_fingerprint")}
    if not path.endswith(catalog_path("s4_legality_report", **tokens)):
        raise Abort("2A-S4-040", "report and path name different tokens", path=path)
    if found["generated_utc"] != verified_at_utc:
        raise Abort("2A-S4-042", "generated_utc differs from the receipt", path=path)


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main, snakemake)
