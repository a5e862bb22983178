"""The tzdb release as one sealed archive: the `tzdata` package's TZif tree, or the user's own IANA archive as it is."""

import gzip
import io
import tarfile
from importlib import metadata, resources
from pathlib import Path

from scripts.lib.errors import UsageError
from scripts.lib.files import sha256_file, write_bytes, write_json

RETRIEVED = "2026-11-24T00:00:00.000000Z"  # the day on which the environment lock was made; a package has no other


def pack(files: dict[str, bytes]) -> bytes:
    """A gzip'd tar whose bytes depend on the files alone: sorted names, no times, no owners."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(files):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(files[name]), 0o644
            tar.addfile(member, io.BytesIO(files[name]))
    return gzip.compress(raw.getvalue(), compresslevel=9, mtime=0)


def packaged_files(release: str) -> dict[str, bytes]:
    """`zoneinfo/...` and `zone.tab` of the installed `tzdata` package, which must be the release asked for."""
    import tzdata

    if release != tzdata.IANA_VERSION:
        raise UsageError(
            f"config.yaml reference.tzdb.release is {release}, the tzdata package holds {tzdata.IANA_VERSION}.\n"
            "  next:  install the environment lock again, or correct the release."
        )
    root = Path(str(resources.files("tzdata"))) / "zoneinfo"
    files = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
    return {
        f"zoneinfo/{name}": path.read_bytes()
        for name, path in files.items()
        if path.suffix not in (".py", ".pyc") and "__pycache__" not in name
    }


def main(*, archive: str, meta: str, provenance: str, release: str, source: str, sha256: str) -> None:
    if source == "package":
        write_bytes(archive, pack(packaged_files(release)))
        upstream = {"primary_url": "package tzdata " + metadata.version("tzdata"), "fallback_urls_attempted": []}
    else:
        if not Path(source).is_file() or sha256_file(source) != sha256:
            raise UsageError(
                f"reference.tzdb.source {source} is missing or its SHA-256 is not the one in config.yaml.\n"
                "  next:  correct source and sha256."
            )
        write_bytes(archive, Path(source).read_bytes())
        upstream = {"primary_url": Path(source).name, "fallback_urls_attempted": []}
    digest = sha256_file(archive)
    write_json(meta, {"release_tag": release, "archive_sha256": digest})
    raw = {"filename": Path(archive).name, "bytes": Path(archive).stat().st_size, "sha256": digest}
    write_json(
        provenance,
        {
            "artefact_id": "tzdb_release",
            "release_tag": release,
            "upstream": upstream,
            "retrieved_at_utc": RETRIEVED,
            "raw": raw,
            "licence_note": "Public domain (IANA tz database)",
        },
    )


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main, snakemake)
