"""S3: compile the sealed tzdb into one transition cache; no site data, no host zone data (states.md §5)."""

from pathlib import Path
from typing import Any

import numpy as np

from scripts.lib.contracts import catalog_path
from scripts.lib.errors import Abort, Breach, Codes, Fault, raise_all
from scripts.lib.files import read_json, write_json
from scripts.lib.logs import event
from scripts.lib.records import plain
from scripts.reference import tzif
from scripts.reference.tz_world import zones_of_world
from scripts.reference.tzdb import read_zones
from scripts.states.receipt import Receipt, SealedAsset, check_sealed, open_receipt
from scripts.states.state import Body, Stages, Tokens, run_state
from scripts.states.timetable import MANIFEST, PAYLOAD, CacheManifest

META, ADJUSTMENTS = "tzdb_release_meta", "tz_offset_adjustments"
DATASETS = ("tzdb_release", META, "tz_world_2025a", MANIFEST, PAYLOAD, ADJUSTMENTS)
SAMPLE = 10
CODES: Codes = {
    "2A-S3-001": [Breach.RECEIPT],
    "2A-S3-010": [Breach.MISSING, (Breach.CONTENT, META)],
    "2A-S3-012": ["tz_world_2025a"],
    "2A-S3-013": [Breach.SEAL],
    "2A-S3-030": [Breach.OUTPUT],
    "2A-S3-040": [Breach.EMBED],
    "2A-S3-041": [Breach.OVERWRITE],
    "2A-S3-042": [Breach.TIMESTAMP],
    "2A-S3-080": [Breach.CONTRACTS],
}


def main(
    *,
    receipt: str,
    inventory: str,
    tzdb: str,
    tzdb_meta: str,
    tz_world: str,
    manifest: str,
    payload: str,
    adjustments: str,
    report: str,
    manifest_fingerprint: str,
    horizon_year: int,
) -> None:
    def compute(stages: Stages) -> Body:
        s0 = open_receipt(receipt, inventory, manifest_fingerprint, DATASETS)
        release, stated = bind_tzdb(s0, tzdb, tzdb_meta)
        sealed_world = check_sealed(s0, "tz_world_2025a", tz_world)
        world = zones_of_world(tz_world)
        event("INPUTS", release=release.version_tag)

        zones, rounded = compile_zones(tzdb, horizon_year)
        check_zones(zones)
        coverage = check_coverage(zones, world, tzdb)
        data = tzif.encode(zones)
        stages[PAYLOAD].write_bytes(data)
        check_payload(stages[PAYLOAD], data)
        cache = CacheManifest.of(s0, stages[PAYLOAD])
        write_json(stages[MANIFEST], plain(cache))
        log = {"created_utc": s0.verified_at_utc, "count": len(rounded), "adjustments": rounded}
        write_json(stages[ADJUSTMENTS], {"manifest_fingerprint": manifest_fingerprint, **log})
        event("VALIDATION", id="2A-S3", result="pass", tz_index_digest=cache.tz_index_digest)
        return {
            "s0": s0.report(),
            "tzdb": {
                "release_tag": release.version_tag,
                "archive_sha256": release.sha256_hex,
                "digest_verified": stated == release.sha256_hex,
            },
            "tz_world": {"id": "tz_world_2025a", "license": sealed_world.license_class},
            "compiled": compiled_block(zones, cache, horizon_year),
            "coverage": coverage,
            "output": {
                "path": str(Path(catalog_path(MANIFEST, manifest_fingerprint=manifest_fingerprint)).parent),
                "created_utc": s0.verified_at_utc,
                "files": [{"name": Path(payload).name, "bytes": len(data)}],
            },
            "adjustments": {"count": len(rounded), "sample": rounded[:SAMPLE]},
        }

    header: Tokens = {"manifest_fingerprint": manifest_fingerprint}
    outputs = {MANIFEST: manifest, PAYLOAD: payload, ADJUSTMENTS: adjustments}
    run_state("S3", CODES, compute, header=header, outputs=outputs, report=report)


def bind_tzdb(s0: Receipt, tzdb: str, tzdb_meta: str) -> tuple[SealedAsset, str]:
    """Step 1: the sealed archive, checked offline, and the digest that its release file states (2A-S3-010..013)."""
    if not Path(tzdb).is_file() or not Path(tzdb_meta).is_file():
        raise Fault(Breach.MISSING, META, "tzdb archive or tzdb_release.json is missing", path=tzdb)
    release = check_sealed(s0, "tzdb_release", tzdb)
    try:
        meta = read_json(tzdb_meta)
    except ValueError as problem:
        raise Fault(Breach.CONTENT, META, f"tzdb_release.json unreadable: {problem}", path=tzdb_meta) from None
    if not isinstance(meta, dict):
        raise Fault(Breach.CONTENT, META, "tzdb_release.json is not an object", path=tzdb_meta)
    if (tag := meta.get("release_tag")) != release.version_tag:
        raise Abort("2A-S3-011", f"release tag {tag!r} differs from the sealed one", path=tzdb_meta)
    if meta.get("archive_sha256") != release.sha256_hex:
        raise Fault(Breach.SEAL, META, "tzdb_release.json names another archive digest", path=tzdb_meta)
    return release, meta["archive_sha256"]


def compile_zones(tzdb: str, horizon_year: int) -> tuple[tzif.Timetables, list[dict[str, Any]]]:
    """Steps 2-7: the timetables, and the log of rounded offsets (2A-S3-020, -021)."""
    try:
        raw = read_zones(tzdb)
        event("TZDB_PARSE", zones=len(raw))
        parsed = {tzid: tzif.parse_tzif(data, horizon_year) for tzid, data in sorted(raw.items())}
    except (ValueError, OverflowError, OSError) as problem:  # times beyond the calendar raise the latter two
        raise Abort("2A-S3-020", str(problem), path=tzdb) from None
    if not parsed:
        raise Abort("2A-S3-021", "no zone in the archive", path=tzdb)
    zones: tzif.Timetables = {}
    rounded: list[dict[str, Any]] = []
    for tzid, zone in parsed.items():
        instants, minutes, changed = tzif.to_minutes(zone)
        zones[tzid] = (instants, minutes)
        rounded += [
            {
                "tzid": tzid,
                "transition_unix_utc": int(zone.instants[number]),
                "raw_seconds": int(zone.offsets[number]),
                "adjusted_minutes": adjusted,
                "reasons": ["round_to_minutes"],
            }
            for number, adjusted in changed.items()
        ]
    event("COMPILE", zones=len(zones))
    event("CANONICALISE", adjustments=len(rounded))
    return zones, rounded


def check_zones(zones: tzif.Timetables) -> None:
    """Strictly rising instants, offsets within bounds but for the sentinel's, all finite (2A-S3-051, -052, -055)."""
    breaches = []
    for tzid, (instants, minutes) in zones.items():
        if instants[0] != tzif.SENTINEL or (instants[1:] <= instants[:-1]).any():
            breaches.append(Abort("2A-S3-051", f"{tzid}: transitions do not rise", tzid=tzid))
        if (np.abs(minutes[1:]) > tzif.LIMIT).any():
            breaches.append(Abort("2A-S3-052", f"{tzid}: offset beyond {tzif.LIMIT} minutes", tzid=tzid))
        if not (np.isfinite(instants).all() and np.isfinite(minutes).all()):
            breaches.append(Abort("2A-S3-055", f"{tzid}: an instant or offset is not finite", tzid=tzid))
    raise_all(breaches)


def check_coverage(zones: tzif.Timetables, world: list[str], tzdb: str) -> Body:
    """The `coverage` block: every zone with a polygon has a timetable (2A-S3-053)."""
    missing = sorted(set(world) - set(zones))
    event("COVERAGE", world_tzids=len(world), missing=len(missing))
    coverage = {
        "world_tzids": len(world),
        "cache_tzids": len(zones),
        "missing_count": len(missing),
        "missing_sample": missing[:SAMPLE],
    }
    if missing:
        message = f"{len(missing)} zones without timetable: {', '.join(missing[:SAMPLE])}"
        raise Abort("2A-S3-053", message, path=tzdb, report={"coverage": coverage})
    return coverage


def check_payload(path: Path, data: bytes) -> None:
    """The bytes on disk are those that were meant (2A-S3-050, -060..062)."""
    if not path.is_file():
        raise Abort("2A-S3-061", "payload file is missing after the write", path=path.name)
    size = path.stat().st_size
    if not size:
        raise Abort("2A-S3-060", "payload is empty", path=path.name)
    if size != len(data):
        raise Abort("2A-S3-062", f"{size} bytes on disk, {len(data)} encoded", path=path.name)
    if path.read_bytes() != data:
        raise Abort("2A-S3-050", "payload on disk is not the index that was encoded", path=path.name)


def compiled_block(zones: tzif.Timetables, cache: CacheManifest, horizon_year: int) -> Body:
    """The `compiled` block; transitions_total excludes sentinels, minima and maxima are given with and without them."""
    every = np.concatenate([minutes for _, minutes in zones.values()])
    proper = np.concatenate([minutes[1:] for _, minutes in zones.values()])
    return {
        "tzid_count": len(zones),
        "transitions_total": len(proper),
        "offset_minutes_min": int(every.min()),
        "offset_minutes_max": int(every.max()),
        "offset_minutes_min_without_sentinels": int(proper.min()) if len(proper) else None,
        "offset_minutes_max_without_sentinels": int(proper.max()) if len(proper) else None,
        "horizon_year": horizon_year,
        "tz_index_digest": cache.tz_index_digest,
        "rle_cache_bytes": cache.rle_cache_bytes,
    }


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
