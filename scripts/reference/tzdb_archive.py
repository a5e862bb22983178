"""The tzdb release as an archive of files, whatever these hold: `tzdata*.tar.gz` or the packed TZif tree."""

import gzip
import io
import tarfile
import zlib
from pathlib import Path

from scripts.lib.errors import Abort

GZIP_MAGIC = b"\x1f\x8b"
MIN_BYTES = 50_000


def check_gzip(tzdb: str | Path) -> None:
    """Raises 2A-S0-023 for a file that, by its first bytes and size, is no tzdb archive."""
    with open(tzdb, "rb") as stream:
        magic = stream.read(2)
    if magic != GZIP_MAGIC or Path(tzdb).stat().st_size < MIN_BYTES:
        raise Abort("2A-S0-023", "not a gzip archive of at least 50 KB", path=str(tzdb))


def read_members(tzdb: str | Path) -> dict[str, bytes]:
    """Bytes by name of all files in the tzdb archive, in its order; raises ValueError when it is unreadable."""
    try:
        raw = gzip.decompress(Path(tzdb).read_bytes())  # as a whole, since tarfile stops before the checksum
        with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as tar:
            opened = ((item.name, tar.extractfile(item)) for item in tar if item.isfile())
            return {name.removeprefix("./"): member.read() for name, member in opened if member}
    except (OSError, tarfile.TarError, EOFError, zlib.error) as problem:
        raise ValueError(f"archive unreadable: {problem}") from None


def read_zone_tab(tzdb: str | Path) -> str:
    """The text of `zone.tab`; raises ValueError when the tzdb archive is unreadable or has none."""
    for name, data in read_members(tzdb).items():
        if Path(name).name == "zone.tab":
            return data.decode("utf-8")
    raise ValueError("archive without zone.tab")
