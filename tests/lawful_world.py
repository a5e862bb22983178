"""The reference data of the lawful house: a world of seven squares under real zone names."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely
import tzdata

from scripts.lib.contracts import arrow_schema
from scripts.lib.files import sha256_file, write_bytes, write_json
from scripts.lib.tables import write_table
from scripts.reference import build_lookup_index
from scripts.reference.build_tzdb_release import pack
from scripts.reference.tz_world import write_tz_world

RELEASE = "2026c"
SQUARES = {
    "Asia/Shanghai": (100, 30, 110, 40),
    "Asia/Urumqi": (105, 30, 115, 40),  # overlaps Shanghai: 105..110 is ambiguous
    "Atlantic/Bermuda": (-65, 32, -64, 33),
    "Europe/Berlin": (10, 40, 20, 50),
    "Europe/Paris": (0, 40, 10, 50),
    "Pacific/Auckland": (170, -45, 180, -35),
    "Pacific/Chatham": (-180, -45, -175, -40),
}
COUNTRIES = [
    ("BM", "Atlantic/Bermuda"),
    ("CN", "Asia/Shanghai"),
    ("CN", "Asia/Urumqi"),
    ("DE", "Europe/Berlin"),
    ("FR", "Europe/Paris"),
    ("KG", "Asia/Urumqi"),  # where Shanghai overlaps, the one zone of its own
    ("NZ", "Pacific/Auckland"),
    ("NZ", "Pacific/Chatham"),
]


def table_of(schema: pa.Schema, rows: Sequence[tuple]) -> pa.Table:
    """Rows as a table of this schema."""
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    return pa.table([pa.array(list(c), f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


def tzif_tree(zones: list[str]) -> dict[str, bytes]:
    """`zoneinfo/...` members of the installed tzdata package."""
    root = Path(tzdata.__file__).parent / "zoneinfo"
    return {f"zoneinfo/{zone}": (root / zone).read_bytes() for zone in zones}


def archive_of(members: dict[str, bytes]) -> bytes:
    """A gzip'd tar that S0 accepts: incompressible filler lifts it above the 50 KB that a real archive has."""
    filler = np.random.Generator(np.random.Philox(key=1)).bytes(60_000)
    return pack({**members, "filler": filler})


def reference(folder: Path) -> Path:
    """Build the reference data of the squares in `folder`."""
    boxes = np.array([shapely.box(*bounds) for bounds in SQUARES.values()])
    write_tz_world(folder / "tz_world.parquet", np.array(list(SQUARES)), boxes, RELEASE)
    build_lookup_index.main(tz_world=str(folder / "tz_world.parquet"), lookup_index=str(folder / "lookup_index.bin"))
    write_bytes(folder / "tzdata.tar.gz", archive_of(tzif_tree(list(SQUARES))))
    write_release(folder)
    schema = arrow_schema("schemas.ingress.layer1.yaml#/country_zones")
    write_table(folder / "country_zones.parquet", table_of(schema, COUNTRIES))
    return folder


def write_release(folder: Path, tag: str = RELEASE) -> None:
    """tzdb_release.json for the archive as it lies."""
    write_json(
        folder / "tzdb_release.json", {"release_tag": tag, "archive_sha256": sha256_file(folder / "tzdata.tar.gz")}
    )
