"""Bad input that S0 must refuse: its code, a message of three lines, nothing half-written, no earlier result lost."""

import gzip
import io
import json
import zipfile
from dataclasses import replace
from shutil import copyfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scripts.lib.files import canonical_json
from tests.contract.table import ZEROS, edit, flip, lost
from tests.lawful import OVERRIDE, House, raised
from tests.lawful_world import archive_of


def refuse(house: House, codes: str) -> None:
    """S0 refuses with exactly these codes; what six states published stays as it was."""
    before = house.published()
    assert before
    assert raised(house.s0) == codes.split()
    assert house.published() == before
    assert house.leftovers() == []


def text(name: str, content: str | bytes):
    """The file `name` holds `content`, pinned as it lies."""
    data = content if isinstance(content, bytes) else content.encode()
    return lambda house: house.files[name].write_bytes(data)


def index(change):
    """The bundle's index, changed by a function of its entries."""
    return lambda house: house.edit("bundle_index", change)


def pinned_only(house: House) -> None:
    """The authority pins a file that does not lie there."""
    house.pins = replace(house.pins, files=house.pins.files | {"gone.json": ZEROS})


def beside_bundle(house: House) -> None:
    (house.files["bundle_index"].parent / "extra.json").write_text("{}")


def without_member(house: House) -> None:
    (house.files["bundle_index"].parent / "s9_summary.json").unlink()


def without_required_member(house: House) -> None:
    without_member(house)
    house.edit("bundle_index", lambda entries: [entry for entry in entries if entry["path"] != "s9_summary.json"])


def flipped_member(house: House) -> None:
    path = house.files["bundle_index"].parent / "s9_summary.json"
    path.write_bytes(path.read_bytes().replace(b"PASS", b"PASs"))


FLAG = "sha256_hex = " + "a" * 64
UPSTREAM = {
    "flag empty": ("2A-S0-042", text("bundle_flag", "")),
    "flag with two line feeds": ("2A-S0-042", text("bundle_flag", FLAG + "\n\n")),
    "flag with carriage return": ("2A-S0-042", text("bundle_flag", FLAG + "\r\n")),
    "flag in upper case": ("2A-S0-042", text("bundle_flag", FLAG.replace("a" * 64, "A" * 64))),
    "flag without spaces": ("2A-S0-042", text("bundle_flag", FLAG.replace(" ", ""))),
    "flag that is binary": ("2A-S0-042", text("bundle_flag", bytes(range(256)))),
    "flag of other digest": ("2A-S0-002", text("bundle_flag", FLAG)),
    "flag missing": ("2A-S0-001", lost("bundle_flag")),
    "index missing": ("2A-S0-003", lost("bundle_index")),
    "index no JSON": ("2A-S0-003", text("bundle_index", "{")),
    "index bad UTF-8": ("2A-S0-003", text("bundle_index", b"\xff\xfe")),
    "index too deep": ("2A-S0-003", text("bundle_index", "[" * 100_000)),
    "index an object": ("2A-S0-003", text("bundle_index", "{}")),
    "index empty": ("2A-S0-003", text("bundle_index", "[]")),
    "index key twice": ("2A-S0-003", text("bundle_index", '[{"path": "a", "path": "b"}]')),
    "index leaves the bundle": ("2A-S0-003", index(lambda entries: entries[0].update(path="../run_receipt.json"))),
    "index absolute path": ("2A-S0-003", index(lambda entries: entries[0].update(path="/etc/hostname"))),
    "index backslash": ("2A-S0-003", index(lambda entries: entries[0].update(path="a\\b"))),
    "index not ASCII": ("2A-S0-003", index(lambda entries: entries[0].update(path="ä.json"))),
    "index unknown kind": ("2A-S0-003", index(lambda entries: entries[0].update(kind="song"))),
    "index entry twice": ("2A-S0-003", index(lambda entries: entries.append(entries[0]))),
    "index artifact twice": ("2A-S0-003", index(lambda entries: [e | {"artifact_id": "same"} for e in entries])),
    "index without itself": ("2A-S0-003", index(lambda entries: [e for e in entries if e["path"] != "index.json"])),
    "file beside the index": ("2A-S0-003", beside_bundle),
    "member missing": ("2A-S0-003", without_member),
    "required member missing": ("2A-S0-003", without_required_member),
    "member with flipped byte": ("2A-S0-002", flipped_member),
    "receipt missing": ("2A-S0-010", lost("run_receipt")),
    "receipt no JSON": ("2A-S0-010", text("run_receipt", "run_id: 1")),
    "receipt a list": ("2A-S0-010", text("run_receipt", "[]")),
    "receipt null": ("2A-S0-010", text("run_receipt", "null")),
    "receipt with extra field": ("2A-S0-015", edit("run_receipt", colour="red")),
    "receipt with seed as text": ("2A-S0-010", edit("run_receipt", seed="42")),
    "receipt without microseconds": ("2A-S0-010", edit("run_receipt", created_utc="2026-02-15T00:00:42Z")),
    "receipt with seed not a number": ("2A-S0-010", edit("run_receipt", seed=float("nan"))),
    "receipt of other seed": ("2A-S0-004", edit("run_receipt", seed=7)),
    "receipt of other run": ("2A-S0-004", edit("run_receipt", run_id="0" * 32)),
    "receipt of other fingerprint": ("2A-S0-004", edit("run_receipt", manifest_fingerprint=ZEROS)),
    "receipt of other parameters": ("2A-S0-004", edit("run_receipt", parameter_hash=ZEROS)),
    "receipt of other time": ("2A-S0-004", edit("run_receipt", created_utc="2026-02-15T00:00:43.000000Z")),
    "sites missing": ("2A-S0-005 2A-S0-010", lost("site_locations")),
    "sites with flipped byte": ("2A-S0-006 2A-S0-015", flip("site_locations")),
    "sites truncated": ("2A-S0-006 2A-S0-015", text("site_locations", b"PAR1")),
    "pinned file missing": ("2A-S0-015", pinned_only),
}


@pytest.mark.parametrize("name", UPSTREAM)
def test_upstream(name, passed):
    code, change = UPSTREAM[name]
    change(passed)
    refuse(passed, code)


def row(**fields) -> list[dict]:
    return [OVERRIDE | fields]


OVERRIDES = {
    "key twice": ("2A-S0-030", "- {scope: country, scope: mcc, target: CN, tzid: Asia/Shanghai}"),
    "no list": ("2A-S0-030", "{scope: country}"),
    "empty file": ("2A-S0-030", ""),
    "text": ("2A-S0-030", "hello"),
    "tab": ("2A-S0-030", "-\tscope: x\n\t- y"),
    "control character": ("2A-S0-030", "- \x01"),
    "two documents": ("2A-S0-030", "[]\n---\n[]"),
    "python object": ("2A-S0-030", "!!python/object:os.system {}"),
    "list as key": ("2A-S0-030", "? [a, b]\n: c"),
    "alias of itself": ("2A-S0-030", "&a [*a]"),
    "too deep": ("2A-S0-030", "[" * 20_000),
    "row of text": ("2A-S0-030", ["CN"]),
    "scope a number": ("2A-S0-030", row(scope=1)),
    "scope unknown": ("2A-S0-030", row(scope="city")),
    "scope upper case": ("2A-S0-030", row(scope="COUNTRY")),
    "target missing": ("2A-S0-030", [{"scope": "country", "tzid": "Asia/Shanghai"}]),
    "tzid missing": ("2A-S0-030", [{"scope": "country", "target": "CN"}]),
    "tzid a number": ("2A-S0-030", row(tzid=8)),
    "tzid wildcard": ("2A-S0-030", row(tzid="Asia/*")),
    "tzid with space": ("2A-S0-030", row(tzid="Asia/Shang hai")),
    "tzid unknown": ("2A-S0-032", row(tzid="Mars/Olympus")),
    "tzid real, without polygon": ("2A-S0-032", row(tzid="Asia/Tokyo")),
    "unknown field": ("2A-S0-030", row(colour="red")),
    "country wildcard": ("2A-S0-030", row(target="*")),
    "country lower case": ("2A-S0-030", row(target="cn")),
    "country of three letters": ("2A-S0-030", row(target="CHN")),
    "country unquoted NO": ("2A-S0-030", "- {scope: country, target: NO, tzid: Europe/Paris}"),
    "mcc a number": ("2A-S0-030", row(scope="mcc", target=5411)),
    "mcc of three digits": ("2A-S0-030", row(scope="mcc", target="541")),
    "mcc without a map": ("2A-S0-010", row(scope="mcc", target="5411")),
    "site with commas": ("2A-S0-030", row(scope="site", target="7,CN,2")),
    "site order zero": ("2A-S0-030", row(scope="site", target="7|CN|0")),
    "site merchant zero": ("2A-S0-030", row(scope="site", target="0|CN|2")),
    "site merchant beyond 64 bits": ("2A-S0-030", row(scope="site", target="18446744073709551616|CN|2")),
    "site order beyond 31 bits": ("2A-S0-030", row(scope="site", target="7|CN|2147483648")),
    "expiry a month 13": ("2A-S0-030", row(expiry_yyyy_mm_dd="2026-13-01")),
    "expiry 30 February": ("2A-S0-030", row(expiry_yyyy_mm_dd="2026-02-30")),
    "expiry a year": ("2A-S0-030", row(expiry_yyyy_mm_dd=2026)),
    "expiry with slashes": ("2A-S0-030", row(expiry_yyyy_mm_dd="2026/02/15")),
    "row twice": ("2A-S0-031", row() + row()),
    "target twice": ("2A-S0-031", row() + row(tzid="Asia/Urumqi")),
    "target twice, one expired": ("2A-S0-031", row() + row(expiry_yyyy_mm_dd="2020-01-01")),
}


@pytest.mark.parametrize("name", OVERRIDES)
def test_overrides(name, passed):
    code, value = OVERRIDES[name]
    passed.policy("tz_overrides", value)
    refuse(passed, code)


def world(change):
    """The polygons, as `change` makes them of their table."""

    def apply(house: House) -> None:
        pq.write_table(change(pq.read_table(house.path("tz_world"))), house.path("tz_world"))

    return apply


def geo(change):
    """The GeoParquet metadata of the polygons, as `change` returns them."""

    def changed(table: pa.Table) -> pa.Table:
        found = change(json.loads(table.schema.metadata[b"geo"]))
        return table.replace_schema_metadata({"geo": canonical_json(found)})

    return world(changed)


def crs(value):
    return geo(lambda found: found | {"columns": {"geom": found["columns"]["geom"] | {"crs": value}}})


def truncated(name: str):
    return lambda house: house.files[name].write_bytes(house.files[name].read_bytes()[:200])


def meta(**fields):
    return lambda house: house.edit(
        "tzdb_meta", lambda found: {k: v for k, v in (found | fields).items() if v is not None}
    )


def tzdb(archive: bytes):
    return lambda house: house.release(archive)


def copied_polygons(house: House) -> None:
    copyfile(house.files["tz_world"], house.files["country_zones"])


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("africa", b"x" * 100_000)
    return out.getvalue()


REFERENCE = {
    "world missing": ("2A-S0-010", lost("tz_world")),
    "world no Parquet": ("2A-S0-021", text("tz_world", "hello")),
    "world truncated": ("2A-S0-021", truncated("tz_world")),
    "world empty": ("2A-S0-021", world(lambda table: table.slice(0, 0))),
    "world without tzid": ("2A-S0-021", world(lambda table: table.drop_columns(["tzid"]))),
    "world in web mercator": ("2A-S0-020", crs({"id": {"authority": "EPSG", "code": 3857}})),
    "world of unknown CRS": ("2A-S0-020", crs(None)),
    "world without CRS id": ("2A-S0-020", crs({"name": "mine"})),
    "world of other metadata": ("2A-S0-021", geo(lambda found: [found])),
    "tag moving": ("2A-S0-022", meta(release_tag="latest")),
    "tag a number": ("2A-S0-022", meta(release_tag=2026)),
    "tag missing": ("2A-S0-023", meta(release_tag=None)),
    "release file no JSON": ("2A-S0-023", text("tzdb_meta", "2026c")),
    "release file a list": ("2A-S0-023", text("tzdb_meta", "[]")),
    "release file missing": ("2A-S0-023", lost("tzdb_meta")),
    "digest missing": ("2A-S0-023", meta(archive_sha256=None)),
    "digest of other bytes": ("2A-S0-023", meta(archive_sha256=ZEROS)),
    "digest in upper case": ("2A-S0-023", meta(archive_sha256="A" * 64)),
    "archive missing": ("2A-S0-010", lost("tzdb")),
    "archive with flipped byte": ("2A-S0-023", flip("tzdb")),
    "archive truncated": ("2A-S0-023", truncated("tzdb")),
    "archive empty": ("2A-S0-023", tzdb(b"")),
    "archive small": ("2A-S0-023", tzdb(gzip.compress(b"hello"))),
    "archive a zip": ("2A-S0-023", tzdb(zipped())),
    "archive not compressed": ("2A-S0-023", tzdb(gzip.decompress(archive_of({"africa": b"x"})))),
    "nudge missing": ("2A-S0-010", lost("tz_nudge")),
    "governance missing": ("2A-S0-010", lost("governance")),
    "overrides missing": ("2A-S0-010", lost("tz_overrides")),
    "countries missing": ("2A-S0-010", lost("country_zones")),
    "countries a copy of the polygons": ("2A-S0-017", copied_polygons),
}


@pytest.mark.parametrize("name", REFERENCE)
def test_reference(name, passed):
    code, change = REFERENCE[name]
    change(passed)
    refuse(passed, code)


def test_several_missing_inputs_are_named_at_once(planted):
    for name in ("tz_nudge", "governance", "country_zones"):
        planted.files[name].unlink()
    with pytest.raises(Exception) as caught:
        planted.s0()
    assert len(caught.value.breaches) == 3
    assert str(caught.value).count("\n") <= 3 * 3


def test_lawful_house_passes_again_without_a_change(passed):
    before = passed.published()
    passed.through("S5")
    assert passed.published() == before
    assert passed.report("S0")["warnings"] == []
