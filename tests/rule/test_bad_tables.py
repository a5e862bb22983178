"""Bad rows and policies behind a lawful gate: the state fails with its code, withholds its table, blocks the rest."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scripts.lib.published import is_withheld, withheld_codes
from tests.lawful import OPEN_CAPS, SITES, House, column, site_table

N = len(SITES)
TABLE = site_table()


def values(name: str, first, kind: pa.DataType | None = None) -> pa.Table:
    """The lawful sites with the first value of a column replaced."""
    return column(TABLE, name, [first, *TABLE[name].to_pylist()[1:]], kind or TABLE.schema.field(name).type)


def fails_with(house: House, code: str) -> None:
    """S1 fails with exactly `code`; its table is withheld, S2 is blocked and reads nothing."""
    house.s0()
    assert house.s1() == [code]
    report = house.report("S1")
    assert report["status"] == "fail"
    assert all("\n" not in error["message"] and len(error["message"]) < 400 for error in report["errors"])
    assert withheld_codes(house.files["s1_tz_lookup"]) == [code]
    house.s2()
    assert house.report("S2")["status"] == "blocked" and is_withheld(house.files["site_timezones"])
    assert house.leftovers() == []


TABLES = {
    "column missing": ("2A-S1-030", TABLE.drop_columns(["lat_deg"])),
    "column too many": ("2A-S1-030", TABLE.append_column("colour", pa.array(["red"] * N))),
    "column renamed": ("2A-S1-030", TABLE.rename_columns(["merchant", *TABLE.column_names[1:]])),
    "latitude as text": ("2A-S1-030", column(TABLE, "lat_deg", ["1.0"] * N, pa.string())),
    "latitude as integer": ("2A-S1-030", column(TABLE, "lat_deg", [1] * N, pa.int64())),
    "longitude null": ("2A-S1-030", values("lon_deg", None)),
    "longitude not a number": ("2A-S1-030", values("lon_deg", float("nan"))),
    "longitude infinite": ("2A-S1-030", values("lon_deg", float("inf"))),
    "longitude 180.0001": ("2A-S1-030", values("lon_deg", 180.0001)),
    "latitude -90.5": ("2A-S1-030", values("lat_deg", -90.5)),
    "latitude 1e308": ("2A-S1-030", values("lat_deg", 1e308)),
    "merchant null": ("2A-S1-030", values("merchant_id", None)),
    "merchant zero": ("2A-S1-030", values("merchant_id", 0)),
    "merchant negative": ("2A-S1-030", column(TABLE, "merchant_id", [-1, *range(1, N)], pa.int64())),
    "merchant as float": ("2A-S1-030", column(TABLE, "merchant_id", [float(i + 1) for i in range(N)], pa.float64())),
    "merchant as text": ("2A-S1-030", column(TABLE, "merchant_id", ["7"] * N, pa.string())),
    "order zero": ("2A-S1-030", values("site_order", 0)),
    "order null": ("2A-S1-030", values("site_order", None)),
    "order beyond 31 bits": ("2A-S1-030", column(TABLE, "site_order", [2**31] * N, pa.int64())),
    "no row": ("2A-S1-056", site_table([])),
    "order not from one": ("2A-S1-057", TABLE.slice(1)),
    "order with a gap": ("2A-S1-057", TABLE.take([0, 1, 2, 3, 5, 6, 7, 8])),
    "country null": ("2A-S1-030", values("legal_country_iso", None)),
    "country empty": ("2A-S1-030", values("legal_country_iso", "")),
    "country lower case": ("2A-S1-030", values("legal_country_iso", "bm")),
    "country of three letters": ("2A-S1-030", values("legal_country_iso", "BMU")),
    "country with a space": ("2A-S1-030", values("legal_country_iso", "BM ")),
    "country not ASCII": ("2A-S1-030", values("legal_country_iso", "ÄÖ")),
    "country a number": ("2A-S1-030", column(TABLE, "legal_country_iso", [60] * N, pa.int32())),
    "country unknown and at sea": ("2A-S1-055", site_table([(1, "ZZ", 1, -30.0, 0.0), *SITES])),
    "site twice": ("2A-S1-051", TABLE.take([0, *range(N)])),
}


@pytest.mark.parametrize("name", TABLES)
def test_table(name, planted):
    code, table = TABLES[name]
    planted.plant(table)
    fails_with(planted, code)


@pytest.mark.parametrize("data", [b"", b"PAR1", b"hello, world", b"PAR1" + bytes(500) + b"PAR1"])
def test_sites_that_are_no_parquet(data, planted):
    planted.files["site_locations"].write_bytes(data)
    planted.vouch()
    fails_with(planted, "2A-S1-030")


def test_sites_truncated(planted):
    path = planted.files["site_locations"]
    path.write_bytes(path.read_bytes()[:-40])
    planted.vouch()
    fails_with(planted, "2A-S1-030")


def test_sites_with_broken_pages_under_a_whole_footer(planted):
    path = planted.files["site_locations"]
    data = bytearray(path.read_bytes())
    data[4:200] = bytes(196)
    path.write_bytes(bytes(data))
    planted.vouch()
    fails_with(planted, "2A-S1-030")


EDGES = {
    "one row": (SITES[:1], ["Atlantic/Bermuda"]),
    "minus zero": ([(1, "FR", 1, -0.0, 45.0)], ["Europe/Paris"]),
    "east end": ([(1, "NZ", 1, 180.0, -42.0)], ["Pacific/Auckland"]),
    "west end": ([(1, "NZ", 1, -180.0, -42.0)], ["Pacific/Chatham"]),
    "nudged across the date line": ([(1, "NZ", 1, 179.999, -35.0)], ["Pacific/Auckland"]),
    "north pole": ([(1, "FR", 1, 0.0, 90.0)], ["Europe/Paris"]),
    "south pole": ([(1, "NZ", 1, 175.0, -90.0)], ["Pacific/Auckland"]),
    "greatest merchant": ([(2**64 - 1, "DE", 1, 15.0, 45.0)], ["Europe/Berlin"]),
    "unknown country inside a polygon": ([(1, "ZZ", 1, 5.0, 45.0)], ["Europe/Paris"]),
}


@pytest.mark.parametrize("name", EDGES)
def test_lawful_edge(name, planted):
    rows, zones = EDGES[name]
    planted.plant(site_table(rows))
    planted.through("S5")
    assert pq.read_table(planted.path("site_timezones"))["tzid"].to_pylist() == zones


def test_signed_keys_are_read_as_they_are(planted):
    rows = [row for row in SITES if row[0] < 2**63]
    table = column(site_table(rows), "merchant_id", [row[0] for row in rows], pa.int64())
    planted.plant(column(table, "site_order", [row[2] for row in rows], pa.int64()))
    planted.through("S5")


CAP = {"value": 1.0, "why": "t", "source": "t"}
GOVERNANCE = {
    "no mapping": "[]",
    "empty": "",
    "cap not a number": OPEN_CAPS | {"override_rate_cap": CAP | {"value": float("nan")}},
    "cap infinite": OPEN_CAPS | {"fallback_rate_cap": CAP | {"value": float("inf")}},
    "cap negative": OPEN_CAPS | {"fallback_rate_cap": CAP | {"value": -0.1}},
    "cap of text": OPEN_CAPS | {"fallback_rate_cap": CAP | {"value": "0.1"}},
    "cap true": OPEN_CAPS | {"fallback_rate_cap": CAP | {"value": True}},
    "cap without reason": OPEN_CAPS | {"fallback_rate_cap": {"value": 1.0}},
    "cap missing": {name: cap for name, cap in OPEN_CAPS.items() if name != "override_rate_cap"},
    "cap misspelt": OPEN_CAPS | {"overide_rate_cap": CAP},
    "exception without approver": OPEN_CAPS
    | {"exceptions": [{"id": "x", "scope": "override_rate", "rate": 0.1, "expiry": "2027-01-01"}]},
    "key twice": "exceptions: []\nexceptions: []\n",
}


@pytest.mark.parametrize("name", GOVERNANCE)
def test_governance(name, planted):
    planted.policy("governance", GOVERNANCE[name])
    fails_with(planted, "2A-S1-022")


NUDGES = {
    "no mapping": "0.002",
    "negative": "semver: 1.0.0\nepsilon_degrees: -0.002\nsha256_digest: " + "0" * 64,
    "exponent": "semver: 1.0.0\nepsilon_degrees: 2e-3\nsha256_digest: " + "0" * 64,
    "not a number": "semver: 1.0.0\nepsilon_degrees: .nan\nsha256_digest: " + "0" * 64,
    "other digest": "semver: 1.0.0\nepsilon_degrees: 0.002\nsha256_digest: " + "0" * 64,
    "without semver": "epsilon_degrees: 0.002\nsha256_digest: " + "0" * 64,
    "key twice": "semver: 1.0.0\nsemver: 1.0.1\nepsilon_degrees: 0.002\nsha256_digest: " + "0" * 64,
    "unknown key": "semver: 1.0.0\nepsilon_degrees: 0.002\ncolour: red\nsha256_digest: " + "0" * 64,
}


@pytest.mark.parametrize("name", NUDGES)
def test_nudge(name, planted):
    planted.policy("tz_nudge", NUDGES[name])
    fails_with(planted, "2A-S1-021")


def _countries(change):
    def apply(house: House) -> None:
        house.rewrite("country_zones", change)

    return apply


COUNTRY_ZONES = {
    "no Parquet": lambda house: house.files["country_zones"].write_bytes(b"BM Atlantic/Bermuda"),
    "other columns": _countries(lambda table: table.rename_columns(["country", "tzid"])),
    "lower case": _countries(lambda table: column(table, "country_iso", ["bm"] * len(table), pa.string())),
    "null": _countries(lambda table: column(table, "tzid", [None] * len(table), pa.string())),
}


@pytest.mark.parametrize("name", COUNTRY_ZONES)
def test_country_zones(name, planted):
    COUNTRY_ZONES[name](planted)
    fails_with(planted, "2A-S1-022")


def test_index_of_other_polygons(planted, tmp_path):
    """An index that was built from other polygons than the sealed ones is refused, however whole it is."""
    shifted = pq.read_table(planted.path("tz_world"))
    pq.write_table(shifted, planted.path("tz_world"), compression="gzip")
    fails_with(planted, "2A-S1-020")


@pytest.mark.parametrize("size", [0, 4, 20, 1000, 100_000])
def test_index_truncated(size, planted, shared_reference, tmp_path):
    cut = tmp_path / "cut.bin"
    cut.write_bytes((shared_reference / "lookup_index.bin").read_bytes()[:size])
    planted.files["lookup_index"] = cut
    fails_with(planted, "2A-S1-020")


@pytest.fixture
def edited_index(planted, shared_reference, tmp_path):
    """Another zone in the last array, under the header that it had."""
    planted.files["lookup_index"] = tmp_path / "edited.bin"
    data = bytearray((shared_reference / "lookup_index.bin").read_bytes())
    data[-65] ^= 1
    planted.files["lookup_index"].write_bytes(data)
    return planted


def test_index_with_edited_arrays_under_its_header(edited_index):
    fails_with(edited_index, "2A-S1-020")


def test_index_edited_after_the_seal(planted, shared_reference, tmp_path):
    planted.s0()
    other = tmp_path / "other.bin"
    other.write_bytes((shared_reference / "lookup_index.bin").read_bytes() + b"more")
    assert planted.s1(lookup_index=str(other)) == ["2A-S1-020"]


def test_caps_judge_unrounded_rates(planted):
    planted.policy("tz_overrides", [])
    rate = 1 / N
    exact = OPEN_CAPS | {"fallback_rate_cap": CAP | {"value": rate}}
    planted.policy("governance", exact)
    planted.s0()
    assert planted.s1() == []
    assert np.isclose(planted.report("S1")["governance"]["rates"]["fallback_rate"], rate)
