"""Archives that S0 may seal and S3 must refuse, and zone sources that it must compile."""

import gzip
import shutil
import struct
from pathlib import Path

import pytest
import tzdata

from scripts.lib.published import is_withheld
from scripts.reference import tzif
from scripts.reference.build_tzdb_release import pack
from scripts.reference.tzdb import read_zones
from tests.lawful import HORIZON, House
from tests.lawful_world import SQUARES, archive_of, tzif_tree

TREE = tzif_tree(list(SQUARES))
WHOLE = archive_of(TREE)
PARIS = TREE["zoneinfo/Europe/Paris"]
WITHOUT_FOOTER = PARIS[: PARIS.rindex(b"\n", 0, -1)]
SOURCE = Path(tzdata.__file__).parent / "zoneinfo/tzdata.zi"
SOURCES = archive_of({"tzdata.zi": SOURCE.read_bytes()})
needs_zic = pytest.mark.skipif(not shutil.which("zic"), reason="the compiler `zic` is not installed")


def with_paris(data: bytes) -> bytes:
    return archive_of(TREE | {"zoneinfo/Europe/Paris": data})


def second_header(**fields: int) -> bytes:
    """Paris with counts of its 64-bit header replaced."""
    names = ("isutc", "isstd", "leap", "times", "types", "chars")
    start = PARIS.index(b"TZif", 1)
    counts = dict(zip(names, struct.unpack_from(">6I", PARIS, start + 20), strict=True)) | fields
    return PARIS[: start + 20] + struct.pack(">6I", *counts.values()) + PARIS[start + 44 :]


ARCHIVES = {
    "not a tar": ("2A-S3-020", gzip.compress(bytes(range(256)) * 1000, 0)),
    "cut off": ("2A-S3-020", WHOLE[:55_000]),
    "broken deflate stream": ("2A-S3-020", WHOLE[:1000] + bytes(200) + WHOLE[1200:]),
    "zone of version 1": ("2A-S3-020", with_paris(PARIS[:4] + b"\0" + PARIS[5:])),
    "zone cut off": ("2A-S3-020", with_paris(PARIS[:60])),
    "zone without footer": ("2A-S3-020", with_paris(WITHOUT_FOOTER)),
    "zone with a footer of nonsense": ("2A-S3-020", with_paris(WITHOUT_FOOTER + b"\nCET-1CEST,M13.9.9,M1.1.0\n")),
    "zone with leap seconds": ("2A-S3-020", with_paris(second_header(leap=1))),
    "zone without types": ("2A-S3-020", with_paris(second_header(types=0))),
    "zone with a billion transitions": ("2A-S3-020", with_paris(second_header(times=10**9))),
    "no zone": ("2A-S3-021", archive_of({"README": b"hello"})),
    "a zone fewer than polygons": ("2A-S3-053", archive_of({k: v for k, v in TREE.items() if "Paris" not in k})),
    "sources that do not compile": ("2A-S3-020", archive_of({"northamerica": b"Zone nonsense\n"})),
}


def seal(house: House, archive: bytes) -> None:
    house.release(archive)
    house.s0()


@pytest.mark.parametrize("name", ARCHIVES)
def test_archive_refused(name, planted):
    code, archive = ARCHIVES[name]
    seal(planted, archive)
    assert planted.s3() == [code]
    assert planted.report("S3")["status"] == "fail"
    assert all(is_withheld(planted.files[name]) for name in ("tz_timetable_cache", "tz_timetable_payload"))
    assert planted.leftovers() == []


def index_of(zones: dict[str, bytes]) -> bytes:
    return tzif.encode({name: tzif.to_minutes(tzif.parse_tzif(data, HORIZON))[:2] for name, data in zones.items()})


@needs_zic
def test_sources_and_tzif_tree_give_the_same_index(tmp_path):
    """One release by both routes: every zone of the packaged tree, and the same TZC1 bytes."""
    root = SOURCE.parent
    names = [line for line in (root.parent / "zones").read_text().splitlines() if line]
    (tmp_path / "tree.tar.gz").write_bytes(pack({f"zoneinfo/{name}": (root / name).read_bytes() for name in names}))
    (tmp_path / "sources.tar.gz").write_bytes(pack({"tzdata.zi": SOURCE.read_bytes()}))
    tree, compiled = read_zones(tmp_path / "tree.tar.gz"), read_zones(tmp_path / "sources.tar.gz")
    assert sorted(tree) == sorted(compiled) and len(tree) > 500
    differing = [name for name in tree if index_of({name: tree[name]}) != index_of({name: compiled[name]})]
    assert differing == []
    assert index_of(tree) == index_of(compiled)


@needs_zic
def test_sources_pass_all_states(planted):
    seal(planted, SOURCES)
    assert planted.s3() == []
    assert planted.report("S3")["coverage"]["missing_count"] == 0


def test_host_zone_data_are_not_read(planted, monkeypatch):
    """No transition comes from elsewhere: the host's zone data may be missing or wrong."""
    monkeypatch.setenv("PYTHONTZPATH", "/nowhere")
    monkeypatch.setenv("TZDIR", "/nowhere")
    planted.s0()
    assert planted.s3() == []


def test_compiler_missing(planted, monkeypatch):
    seal(planted, SOURCES)
    monkeypatch.setenv("PATH", "/nowhere")
    assert planted.s3() == ["2A-S3-020"]
    assert "`zic` is not installed" in planted.report("S3")["errors"][0]["message"]
