"""The tzdb release as one tar.gz: the `tzdata` package's TZif tree, or the user's own IANA archive as it is."""

import io
import struct
import tarfile
import zlib
from importlib import metadata, resources
from pathlib import Path

from scripts.lib.errors import Abort, UsageError
from scripts.lib.files import sha256_file, write_bytes, write_json
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
    root = Path(str(resources.files("tzdata"))) / "zoneinfo"
    files = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
    return {
        f"zoneinfo/{name}": path.read_bytes()
        for name, path in files.items()
        if path.suffix not in (".py", ".pyc") and "__pycache__" not in name
    }


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
        write_bytes(tzdb, pack(packaged_files(release)))
        upstream = {"primary_url": "package tzdata " + metadata.version("tzdata"), "fallback_urls_attempted": []}
    else:
        check_own(source, sha256)
        write_bytes(tzdb, Path(source).read_bytes())
        upstream = {"primary_url": Path(source).name, "fallback_urls_attempted": []}
    digest = sha256_file(tzdb)
    write_json(meta, {"release_tag": release, "archive_sha256": digest})
    raw = {"filename": Path(tzdb).name, "bytes": Path(tzdb).stat().st_size, "sha256": digest}
    write_json(
        provenance,
        {
            "artefact_id": "tzdb_release",
            "release_tag": release,
            "upstream": upstream,
            "retrieved_at_utc": RETRIEVED if source == PACKAGE else None,
            "raw": raw,
            "licence_note": "Public domain (IANA tz database)",
        },
    )


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
