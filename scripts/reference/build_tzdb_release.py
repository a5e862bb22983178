"""The tzdb release as one tar.gz: the `tzdata` package's TZif tree, or the user's own IANA archive as it is."""

import hashlib
import io
import struct
import tarfile
import zlib
from importlib import metadata, resources
from pathlib import Path

from scripts.lib.errors import Abort, UsageError
from scripts.lib.files import write_bytes, write_json
from scripts.reference.release_file import PACKAGE, check_pinned
from scripts.reference.tzdb_archive import check_gzip, read_zone_tab

GZIP_HEADER = bytes.fromhex("1f8b08 00 00000000 00 ff")  # no name, no time, no level, operating system unknown
STORED = 0xFFFF  # most bytes of a block that is stored as it is
RETRIEVED = "2026-11-24T00:00:00.000000Z"  # the day on which the environment lock was made; a package has no other


def pack(files: dict[str, bytes]) -> bytes:
    """A gzip'd tar whose bytes depend on the files alone: sorted names, no times, no owners, no compression."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(files):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(files[name]), 0o644
            tar.addfile(member, io.BytesIO(files[name]))
    return stored_gzip(raw.getvalue())


def stored_gzip(data: bytes) -> bytes:
    """`data` as gzip without compression (RFC 1951 §3.2.4, RFC 1952).

    Compressed bytes and the header's operating system follow the zlib and the Python of a machine; these follow `data`.
    """
    blocks = [data[at : at + STORED] for at in range(0, len(data), STORED)]
    last = len(blocks) - 1
    framed = (struct.pack("<BHH", at == last, len(part), len(part) ^ 0xFFFF) + part for at, part in enumerate(blocks))
    return GZIP_HEADER + b"".join(framed) + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)


def packaged_files(release: str) -> dict[str, bytes]:
    """`zoneinfo/...` and `zone.tab` of the installed `tzdata` package, which must be the release asked for."""
    import tzdata

    if release != tzdata.IANA_VERSION:
        raise UsageError(
            f"the tzdata package holds release {tzdata.IANA_VERSION}, the config asks for {release}",
            where="reference.tzdb.release in config/config.yaml",
            action="Install the environment lock again, or correct the release.",
        )
    root = Path(str(resources.files("tzdata")))
    files = (path for path in (root / "zoneinfo").rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc"))
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def check_own(source: str, sha256: str) -> None:
    """Raises 2A-S0-010, -015 or -023 unless `source` is the pinned file and a tzdb that can be read."""
    check_pinned("tzdb", source, sha256)
    try:
        check_gzip(source)
        read_zone_tab(source)
    except (Abort, ValueError) as problem:
        action = "Name an IANA tzdata*.tar.gz as reference.tzdb.source in config/config.yaml, with its sha256."
        raise Abort("2A-S0-023", getattr(problem, "message", str(problem)), action=action, path=source) from None


def main(*, tzdb: str, meta: str, provenance: str, release: str, source: str, sha256: str) -> None:
    if source == PACKAGE:
        archive, origin = pack(packaged_files(release)), "package tzdata " + metadata.version("tzdata")
    else:
        check_own(source, sha256)
        archive, origin = Path(source).read_bytes(), Path(source).name
    write_bytes(tzdb, archive)
    digest = hashlib.sha256(archive).hexdigest()
    write_json(meta, {"release_tag": release, "archive_sha256": digest})
    record = {
        "artefact_id": "tzdb_release",
        "release_tag": release,
        "upstream": {"primary_url": origin, "fallback_urls_attempted": []},
        "retrieved_at_utc": RETRIEVED if source == PACKAGE else None,
        "raw": {"filename": Path(tzdb).name, "bytes": len(archive), "sha256": digest},
        "licence_note": "Public domain (IANA tz database)",
    }
    write_json(provenance, record)


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
