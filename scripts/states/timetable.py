"""The timetable cache of S3 as the states after it open it: a manifest, and a payload that has its digest."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.lib.contracts import catalog_path, read_document
from scripts.lib.errors import Breach, Fault
from scripts.lib.files import sha256_file
from scripts.lib.published import is_withheld
from scripts.lib.records import record
from scripts.reference import tzif
from scripts.states.receipt import Receipt, check_bytes

MANIFEST, PAYLOAD = "tz_timetable_cache", "tz_timetable_payload"


@dataclass(frozen=True)
class CacheManifest:
    """`tz_timetable_cache`: of which archive the payload was compiled, and which bytes it has."""

    manifest_fingerprint: str
    tzdb_release_tag: str
    tzdb_archive_sha256: str
    tz_index_digest: str
    rle_cache_bytes: int
    created_utc: str

    @classmethod
    def of(cls, s0: Receipt, payload: Path) -> "CacheManifest":
        """What it must say of the bytes at `payload`, compiled of the sealed tzdb."""
        return cls(
            manifest_fingerprint=s0.manifest_fingerprint,
            tzdb_release_tag=s0.sealed["tzdb_release"].version_tag,
            tzdb_archive_sha256=s0.sealed["tzdb_release"].sha256_hex,
            tz_index_digest=sha256_file(payload),
            rle_cache_bytes=payload.stat().st_size,
            created_utc=s0.verified_at_utc,
        )

    def report(self) -> dict[str, Any]:
        """The block `inputs.cache` of a run report."""
        return {
            "path": catalog_path(MANIFEST, manifest_fingerprint=self.manifest_fingerprint),
            "tzdb_release_tag": self.tzdb_release_tag,
            "tz_index_digest": self.tz_index_digest,
            "rle_cache_bytes": self.rle_cache_bytes,
        }


def read_manifest(path: str) -> CacheManifest:
    """MISSING where there is none, CONTENT where it breaks its schema."""
    if not Path(path).is_file() or is_withheld(path):
        raise Fault(Breach.MISSING, MANIFEST, "the timetable cache is missing or withheld", path=path)
    found, errors = read_document(path, "schemas.2A.yaml#/cache/tz_timetable_cache")
    if errors:
        raise Fault(Breach.CONTENT, MANIFEST, "; ".join(errors[:3]), path=path)
    return record(CacheManifest, found)


def read_timetables(path: str, manifest: CacheManifest) -> tzif.Timetables:
    """The payload by tzid: MISSING, SEAL where its digest is not the manifest's, CONTENT where it is no payload."""
    check_bytes(PAYLOAD, manifest.tz_index_digest, "in the manifest", path)
    try:
        return tzif.decode(Path(path).read_bytes())
    except ValueError as problem:
        raise Fault(Breach.CONTENT, PAYLOAD, str(problem), path=path) from None
