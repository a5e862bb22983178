"""Bad input that S0 must refuse: its code, a message of three lines, nothing half-written, no earlier result lost."""

import gzip
import io
import json
import tarfile
import zipfile
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from scripts.lib.files import canonical_json
from tests.lawful import OVERRIDE, House, raised
from tests.lawful_world import write_release


def refuse(house: House, codes: str) -> None:
    """S0 refuses with exactly these codes; what six states published stays as it was."""
    before = house.published()
    assert before
    assert raised(house.s0) == codes.split()
    assert house.published() == before
    assert house.leftovers() == []


def text(name: str, content: str | bytes):
    """A change: the file `name` holds `content`, pinned as it lies."""

    def change(house: House) -> None:
        data = content if isinstance(content, bytes) else content.encode()
        house.files[name].write_bytes(data)

    return change


def index(edit):
    """A change of the bundle's index, by a function of its entries."""

    def change(house: House) -> None:
        house.edit("bundle_index", edit)

    return change


def receipt(**fields):
    return lambda house: house.edit("run_receipt", lambda found: found | fields)


def pinned(**files):
    """Files that the authority pins beside those that lie there."""

    def apply(house: House) -> None:
        house.pins = replace(house.pins, files=house.pins.files | files)

    return apply


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
    "flag missing": ("2A-S0-001", lambda house: house.files["bundle_flag"].unlink()),
    "index missing": ("2A-S0-003", lambda house: house.files["bundle_index"].unlink()),
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
    "receipt missing": ("2A-S0-010", lambda house: house.files["run_receipt"].unlink()),
    "receipt no JSON": ("2A-S0-010", text("run_receipt", "run_id: 1")),
    "receipt a list": ("2A-S0-010", text("run_receipt", "[]")),
    "receipt null": ("2A-S0-010", text("run_receipt", "null")),
    "receipt with extra field": ("2A-S0-015", receipt(colour="red")),
    "receipt with seed as text": ("2A-S0-010", receipt(seed="42")),
    "receipt without microseconds": ("2A-S0-010", receipt(created_utc="2026-02-15T00:00:42Z")),
    "receipt with seed not a number": ("2A-S0-010", receipt(seed=float("nan"))),
    "receipt of other seed": ("2A-S0-004", receipt(seed=7)),
    "receipt of other run": ("2A-S0-004", receipt(run_id="0" * 32)),
    "receipt of other fingerprint": ("2A-S0-004", receipt(manifest_fingerprint="0" * 64)),
    "receipt of other parameters": ("2A-S0-004", receipt(parameter_hash="0" * 64)),
    "receipt of other time": ("2A-S0-004", receipt(created_utc="2026-02-15T00:00:43.000000Z")),
    "sites missing": ("2A-S0-005 2A-S0-010", lambda house: house.files["site_locations"].unlink()),
    "sites with flipped byte": ("2A-S0-006 2A-S0-015", lambda house: house.flip("site_locations")),
    "sites truncated": ("2A-S0-006 2A-S0-015", lambda house: house.files["site_locations"].write_bytes(b"PAR1")),
    "pinned file missing": ("2A-S0-015", pinned(**{"gone.json": "0" * 64})),
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


def without_geo(change):
    """A change of the GeoParquet metadata of the polygons."""

    def apply(house: House) -> None:
        table = pq.read_table(house.path("tz_world"))
        geo = json.loads(table.schema.metadata[b"geo"])
        changed = change(geo)
        pq.write_table(table.replace_schema_metadata({"geo": canonical_json(changed)}), house.path("tz_world"))

    return apply


def crs(value):
    def change(geo: dict) -> dict:
        geo["columns"]["geom"]["crs"] = value
        return geo

    return without_geo(change)


def empty_world(house: House) -> None:
    pq.write_table(pq.read_table(house.path("tz_world")).slice(0, 0), house.path("tz_world"))


def truncated(name: str):
    return lambda house: house.files[name].write_bytes(house.files[name].read_bytes()[:200])


def without_tzid(house: House) -> None:
    table = pq.read_table(house.path("tz_world"))
    pq.write_table(table.drop_columns(["tzid"]), house.path("tz_world"))


def meta(**fields):
    return lambda house: house.edit(
        "tzdb_meta", lambda found: {k: v for k, v in (found | fields).items() if v is not None}
    )


def tzdb(data: bytes):
    def change(house: House) -> None:
        house.files["tzdb"].write_bytes(data)
        write_release(house.files["tzdb"].parent)

    return change


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("africa", b"x" * 100_000)
    return out.getvalue()


def raw_tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        member = tarfile.TarInfo("africa")
        member.size = 100_000
        tar.addfile(member, io.BytesIO(b"x" * 100_000))
    return out.getvalue()


REFERENCE = {
    "world missing": ("2A-S0-010", lambda house: house.files["tz_world"].unlink()),
    "world no Parquet": ("2A-S0-021", text("tz_world", "hello")),
    "world truncated": ("2A-S0-021", truncated("tz_world")),
    "world empty": ("2A-S0-021", empty_world),
    "world without tzid": ("2A-S0-021", without_tzid),
    "world in web mercator": ("2A-S0-020", crs({"id": {"authority": "EPSG", "code": 3857}})),
    "world of unknown CRS": ("2A-S0-020", crs(None)),
    "world without CRS id": ("2A-S0-020", crs({"name": "mine"})),
    "world of other metadata": ("2A-S0-021", without_geo(lambda geo: [geo])),
    "tag moving": ("2A-S0-022", meta(release_tag="latest")),
    "tag a number": ("2A-S0-022", meta(release_tag=2026)),
    "tag missing": ("2A-S0-023", meta(release_tag=None)),
    "release file no JSON": ("2A-S0-023", text("tzdb_meta", "2026c")),
    "release file a list": ("2A-S0-023", text("tzdb_meta", "[]")),
    "release file missing": ("2A-S0-023", lambda house: house.files["tzdb_meta"].unlink()),
    "digest missing": ("2A-S0-023", meta(archive_sha256=None)),
    "digest of other bytes": ("2A-S0-023", meta(archive_sha256="0" * 64)),
    "digest in upper case": ("2A-S0-023", meta(archive_sha256="A" * 64)),
    "archive missing": ("2A-S0-010", lambda house: house.files["tzdb"].unlink()),
    "archive with flipped byte": ("2A-S0-023", lambda house: house.flip("tzdb")),
    "archive truncated": ("2A-S0-023", truncated("tzdb")),
    "archive empty": ("2A-S0-023", tzdb(b"")),
    "archive small": ("2A-S0-023", tzdb(gzip.compress(b"hello"))),
    "archive a zip": ("2A-S0-023", tzdb(zipped())),
    "archive not compressed": ("2A-S0-023", tzdb(raw_tar())),
    "nudge missing": ("2A-S0-010", lambda house: house.files["tz_nudge"].unlink()),
    "governance missing": ("2A-S0-010", lambda house: house.files["governance"].unlink()),
    "overrides missing": ("2A-S0-010", lambda house: house.files["tz_overrides"].unlink()),
    "countries missing": ("2A-S0-010", lambda house: house.files["country_zones"].unlink()),
    "countries a copy of the polygons": (
        "2A-S0-017",
        lambda house: house.files["country_zones"].write_bytes(house.files["tz_world"].read_bytes()),
    ),
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
