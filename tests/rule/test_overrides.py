"""Overrides of every scope through S1 and S2: precedence, expiry by the receipt's date, and what they never touch."""

import pyarrow.parquet as pq
import pytest

from tests.lawful import BIG, CREATED, OVERRIDE, SITES, House, site_table

DAY = CREATED[:10]
AMBIGUOUS = [
    (7, "CN", 1, 107.0, 35.0),
    (7, "CN", 2, 108.0, 35.0),
    (8, "CN", 1, 107.5, 35.0),
    (BIG, "CN", 1, 106.0, 35.0),
]


def row(scope: str, target: str, tzid: str = "Asia/Urumqi", **fields) -> dict:
    return OVERRIDE | {"scope": scope, "target": target, "tzid": tzid} | fields


def assigned(house: House, overrides: list[dict], mcc: list[tuple[int, int]] = ()) -> list[tuple[str, str | None]]:
    """(tzid, scope) of each ambiguous site after S2, which must confirm what S1 did."""
    house.plant(site_table(AMBIGUOUS))
    if mcc:
        house.mcc_map(mcc)
    house.policy("tz_overrides", overrides)
    house.through("S2")
    table = pq.read_table(house.path("site_timezones"))
    sources = table["tzid_source"].to_pylist()
    scopes = table["override_scope"].to_pylist()
    assert sources == ["override" if scope else "polygon" for scope in scopes]
    return list(zip(table["tzid"].to_pylist(), scopes, strict=True))


@pytest.mark.parametrize(("site", "number"), [("7|CN|2", 1), (f"{BIG}|CN|1", 3)], ids=["small", "beyond 63 bits"])
def test_site_scope_reaches_one_site(planted, site, number):
    found = assigned(planted, [row("country", "CN", "Asia/Shanghai"), row("site", site)])
    assert found.pop(number) == ("Asia/Urumqi", "site")
    assert found == [("Asia/Shanghai", "country")] * 3


def test_mcc_scope_goes_by_the_sealed_map(planted):
    mcc = [(7, 5411), (8, 5812), (BIG, 5411)]
    found = assigned(planted, [row("country", "CN", "Asia/Shanghai"), row("mcc", "5411")], mcc)
    assert [scope for _, scope in found] == ["mcc", "mcc", "country", "mcc"]
    assert [tzid for tzid, _ in found] == ["Asia/Urumqi", "Asia/Urumqi", "Asia/Shanghai", "Asia/Urumqi"]
    counts = planted.report("S2")["counts"]["overridden_by_scope"]
    assert counts == {"site": 0, "mcc": 3, "country": 1}
    assert planted.report("S1")["inputs"]["merchant_mcc_map"] == {"version_tag": "v1"}
    assert planted.report("S2")["inputs"]["mcc_mapping"]["id"] == "merchant_mcc_map"


def test_zero_padded_mcc(planted):
    found = assigned(planted, [row("mcc", "0042")], [(7, 42), (8, 420), (BIG, 4200)])
    assert [scope for _, scope in found] == ["mcc", "mcc", None, None]


def test_site_before_mcc_before_country(planted):
    overrides = [
        row("country", "CN", "Asia/Shanghai"),
        row("mcc", "5411", "Asia/Urumqi"),
        row("site", "7|CN|1", "Asia/Shanghai"),
    ]
    found = assigned(planted, overrides, [(7, 5411), (8, 5812), (BIG, 1)])
    assert [scope for _, scope in found] == ["site", "mcc", "country", "country"]
    report = planted.report("S2")
    assert {entry["rule"]: entry["count"] for entry in report["governance"]["override_by_rule"]} == {
        "country:CN": 2,
        "mcc:5411": 1,
        "site:7|CN|1": 1,
    }
    assert report["counts"]["overrides_active"] == 3


def test_map_sealed_without_mcc_rule_is_not_read(planted):
    planted.files["mcc"].parent.mkdir(parents=True)
    planted.files["mcc"].write_bytes(b"not a table")
    planted.repin()
    planted.through("S5")
    assert planted.report("S2")["inputs"]["mcc_mapping"] == {"id": None, "sha256_digest": None}


@pytest.mark.parametrize(
    ("expiry", "applies"),
    [(None, True), ("2099-12-31", True), (DAY, True), ("2026-02-14", False), ("2000-01-01", False)],
)
def test_expiry_by_the_receipts_date(planted, expiry, applies):
    """The day of the receipt is the last one on which a row holds; no clock is read."""
    found = assigned(planted, [row("country", "CN", expiry_yyyy_mm_dd=expiry)])
    assert {scope for _, scope in found} == ({"country"} if applies else {None})
    assert planted.report("S2")["counts"]["expired_skipped"] == (0 if applies else 1)


def test_expired_row_needs_no_provenance(planted):
    bare = {"scope": "country", "target": "DE", "tzid": "Europe/Berlin", "expiry_yyyy_mm_dd": "2020-01-01"}
    planted.policy("tz_overrides", [OVERRIDE, bare])
    planted.through("S5")


def test_unambiguous_geometry_is_never_overridden(planted):
    planted.policy(
        "tz_overrides", [OVERRIDE, row("country", "FR", "Europe/Berlin"), row("site", "8|FR|1", "Europe/Berlin")]
    )
    planted.through("S5")
    table = pq.read_table(planted.path("site_timezones")).to_pylist()
    french = next(entry for entry in table if entry["legal_country_iso"] == "FR" and entry["site_order"] == 1)
    assert (french["tzid"], french["tzid_source"]) == ("Europe/Paris", "polygon")


def test_singleton_country_and_nudge_are_no_overrides(passed):
    counts = passed.report("S1")["counts"]
    assert counts["overrides_country_singleton_auto"] == 1 and counts["overrides_applied"] == 1
    assert counts["border_nudged"] == 3  # the border, the sea and the overlap
    assert counts["sites_total"] == len(SITES)


@pytest.mark.parametrize("rows", [[(7, 5411), (7, 5411)], [(7, 10_000)], [(0, 5411)], []])
def test_bad_map(planted, rows):
    planted.plant(site_table(AMBIGUOUS))
    planted.mcc_map(rows)
    planted.policy("tz_overrides", [OVERRIDE, row("mcc", "5411")])
    planted.s0()
    codes = planted.s1()
    if rows:
        assert codes == ["2A-S1-022"]
    else:  # an empty map is a table, and for the rows that S1 gave to the country rule no mcc rule is evaluated
        assert codes == [] and planted.s2() == []
        assert planted.report("S2")["counts"]["overridden_by_scope"]["country"] == len(AMBIGUOUS)


def test_a_country_row_asks_nothing_of_the_map(planted):
    """2A-S2-023 is about rows of mcc rules: a merchant that the map has not may be overridden by its country."""
    found = assigned(planted, [row("country", "CN", "Asia/Shanghai"), row("mcc", "5411")], [(8, 5411)])
    assert [scope for _, scope in found] == ["country", "country", "mcc", "country"]
