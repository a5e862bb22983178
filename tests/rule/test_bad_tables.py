"""Bad rows and policies behind a lawful gate: the state fails with its code, withholds its table, blocks the rest."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scripts.lib.published import is_withheld, withheld_codes
from tests.contract.table import ZEROS, capped, cell, policy
from tests.lawful import EXCEPTION, OPEN_CAPS, SITES, House, column, site_table

N = len(SITES)
TABLE = site_table()


def values(name: str, first) -> pa.Table:
    """The lawful sites with the first value of a column replaced."""
    return cell(name, 0, first)(TABLE)


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


NO_PARQUET = {
    "empty": lambda data: b"",
    "too short": lambda data: b"PAR1",
    "text": lambda data: b"hello, world",
    "zeros in its frame": lambda data: b"PAR1" + bytes(500) + b"PAR1",
    "truncated": lambda data: data[:-40],
    "broken pages under a whole footer": lambda data: data[:4] + bytes(196) + data[200:],
}


@pytest.mark.parametrize("name", NO_PARQUET)
def test_sites_that_are_no_parquet(name, planted):
    path = planted.files["site_locations"]
    path.write_bytes(NO_PARQUET[name](path.read_bytes()))
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


def nudge(epsilon: str, other: str = "semver: 1.0.0\n"):
    return policy("tz_nudge", f"{other}epsilon_degrees: {epsilon}\nsha256_digest: {ZEROS}")


def countries(change):
    return lambda house: house.rewrite("country_zones", change)


POLICIES = {
    "governance no mapping": ("2A-S1-022", policy("governance", "[]")),
    "governance empty": ("2A-S1-022", policy("governance", "")),
    "cap not a number": ("2A-S1-022", capped(override_rate_cap=float("nan"))),
    "cap infinite": ("2A-S1-022", capped(fallback_rate_cap=float("inf"))),
    "cap negative": ("2A-S1-022", capped(fallback_rate_cap=-0.1)),
    "cap of text": ("2A-S1-022", capped(fallback_rate_cap="0.1")),
    "cap true": ("2A-S1-022", capped(fallback_rate_cap=True)),
    "cap without reason": ("2A-S1-022", policy("governance", OPEN_CAPS | {"fallback_rate_cap": {"value": 1.0}})),
    "cap missing": (
        "2A-S1-022",
        policy("governance", {name: cap for name, cap in OPEN_CAPS.items() if name != "override_rate_cap"}),
    ),
    "cap misspelt": ("2A-S1-022", capped(overide_rate_cap=1.0)),
    "exception without approver": (
        "2A-S1-022",
        policy("governance", OPEN_CAPS | {"exceptions": [{k: v for k, v in EXCEPTION.items() if k != "approver"}]}),
    ),
    "governance key twice": ("2A-S1-022", policy("governance", "exceptions: []\nexceptions: []\n")),
    "nudge no mapping": ("2A-S1-021", policy("tz_nudge", "0.002")),
    "nudge negative": ("2A-S1-021", nudge("-0.002")),
    "nudge exponent": ("2A-S1-021", nudge("2e-3")),
    "nudge not a number": ("2A-S1-021", nudge(".nan")),
    "nudge of other digest": ("2A-S1-021", nudge("0.002")),
    "nudge without semver": ("2A-S1-021", nudge("0.002", "")),
    "nudge key twice": ("2A-S1-021", nudge("0.002", "semver: 1.0.0\nsemver: 1.0.1\n")),
    "nudge unknown key": ("2A-S1-021", nudge("0.002\ncolour: red")),
    "countries no Parquet": ("2A-S1-022", lambda house: house.files["country_zones"].write_bytes(b"BM Bermuda")),
    "countries of other columns": ("2A-S1-022", countries(lambda table: table.rename_columns(["country", "tzid"]))),
    "countries in lower case": ("2A-S1-022", countries(cell("country_iso", 0, "bm"))),
    "countries null": ("2A-S1-022", countries(cell("tzid", 0, None))),
    "index of other polygons, however whole": (
        "2A-S1-020",
        lambda house: pq.write_table(pq.read_table(house.path("tz_world")), house.path("tz_world"), compression="gzip"),
    ),
}


@pytest.mark.parametrize("name", POLICIES)
def test_policy(name, planted):
    code, change = POLICIES[name]
    change(planted)
    fails_with(planted, code)


def last_zone_edited(data: bytes) -> bytes:
    """Another zone in the last array, under the header that it had."""
    return data[:-65] + bytes([data[-65] ^ 1]) + data[-64:]


@pytest.mark.parametrize("change", [*(slice(size) for size in (0, 4, 20, 1000, 100_000)), last_zone_edited])
def test_index_broken(change, planted, shared_reference, tmp_path):
    data = (shared_reference / "lookup_index.bin").read_bytes()
    planted.files["lookup_index"] = tmp_path / "broken.bin"
    planted.files["lookup_index"].write_bytes(data[change] if isinstance(change, slice) else change(data))
    fails_with(planted, "2A-S1-020")


def test_index_edited_after_the_seal(planted, shared_reference, tmp_path):
    planted.s0()
    other = tmp_path / "other.bin"
    other.write_bytes((shared_reference / "lookup_index.bin").read_bytes() + b"more")
    assert planted.s1(lookup_index=str(other)) == ["2A-S1-020"]


def test_caps_judge_unrounded_rates(planted):
    planted.policy("tz_overrides", [])
    capped(fallback_rate_cap=1 / N)(planted)
    planted.s0()
    assert planted.s1() == []
    assert np.isclose(planted.report("S1")["governance"]["rates"]["fallback_rate"], 1 / N)
