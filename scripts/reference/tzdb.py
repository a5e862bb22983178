"""The sealed tzdb archive: TZif data by zone, as packed or compiled by `zic` from IANA sources (states.md §5)."""

import subprocess
import tempfile
from pathlib import Path

from scripts.reference.tzdb_archive import read_members

# `backzone` is left out: it would change history before 1970 and add zones.
SOURCES = [
    *("africa", "antarctica", "asia", "australasia", "backward"),
    *("etcetera", "europe", "factory", "northamerica", "southamerica"),
]
COMPACT = "tzdata.zi"  # the same sources in one file, as some distributions ship them
SKIPPED = {"posix", "right", "localtime", "posixrules"}


def read_zones(tzdb: str | Path) -> dict[str, bytes]:
    """TZif bytes by tzid of the sealed tzdb archive; raises ValueError when it is unreadable or cannot be compiled."""
    members = read_members(tzdb)
    compiled = {name.removeprefix("zoneinfo/"): data for name, data in members.items() if data[:4] == b"TZif"}
    sources = {name: members[name] for name in SOURCES if name in members}
    if not sources and COMPACT in members:
        sources = {COMPACT: members[COMPACT]}
    if sources and not compiled:
        compiled = compile_sources(sources)
    return {name: data for name, data in compiled.items() if name.split("/")[0] not in SKIPPED}


def compile_sources(sources: dict[str, bytes]) -> dict[str, bytes]:
    """TZif data by zone from zone sources, by `zic -b fat` without leap seconds; raises ValueError."""
    with tempfile.TemporaryDirectory(prefix="segment2a-zic-") as folder:
        paths = [Path(folder) / name for name in sources]
        for path, text in zip(paths, sources.values(), strict=True):
            path.write_bytes(text)
        out = Path(folder) / "compiled"
        command = ["zic", "-b", "fat", "-d", str(out), *map(str, paths)]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except FileNotFoundError:
            raise ValueError("the compiler `zic` is not installed") from None
        except subprocess.CalledProcessError as problem:
            raise ValueError(f"zic failed: {problem.stderr.strip()[:200].replace(folder, '')}") from None
        zones = (path for path in sorted(out.rglob("*")) if path.is_file())
        return {path.relative_to(out).as_posix(): path.read_bytes() for path in zones}
