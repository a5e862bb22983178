"""Every code of S2, provoked by its condition (states.md §4)."""

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from scripts.states.s2_checks import table_breaches
from scripts.states.sites import Keys
from tests.contract.table import case, conflict
from tests.lawful import OPEN_CAPS, OVERRIDE, SITES, House, column, raised


def on_lookup(house: House, change) -> list[str]:
    """Codes of S2 on a lookup table that S1 is made to vouch for."""
    house.rewrite("s1_tz_lookup", change)
    house.republish("s1_run_report", "s1_tz_lookup")
    return house.s2()


def cell(name: str, row: int, value: Any):
    """A change of one cell."""

    def change(table: pa.Table) -> pa.Table:
        values = table[name].to_pylist()
        values[row] = value
        return column(table, name, values, table.schema.field(name).type)

    return change


def resealed(house: House, asset: str, value: Any) -> list[str]:
    """Codes of S2 with another policy under a seal that vouches for it."""
    house.policy(asset, value)
    house.reseal(asset, asset)
    return house.s2()


@case("2A-S2-001", "passed")
def receipt_of_other_fingerprint(house: House) -> list[str]:
    house.edit("s0_gate_receipt_2A", lambda found: found | {"manifest_fingerprint": "0" * 64})
    return house.s2()


@case("2A-S2-010", "passed")
def lookup_changed_after_s1(house: House) -> list[str]:
    house.flip("s1_tz_lookup")
    return house.s2()


@case("2A-S2-011", "passed")
def lookup_of_other_seed(house: House) -> list[str]:
    other = house.root / "other.parquet"
    other.write_bytes(house.files["s1_tz_lookup"].read_bytes())
    return house.s2(s1_tz_lookup=str(other))


@case("2A-S2-020", "passed")
def overrides_malformed(house: House) -> list[str]:
    return resealed(house, "tz_overrides", [{"scope": "country"}])


@case("2A-S2-021", "passed")
def override_twice(house: House) -> list[str]:
    return resealed(house, "tz_overrides", [OVERRIDE, OVERRIDE])


@case("2A-S2-022", "passed")
def mcc_override_without_map(house: House) -> list[str]:
    return resealed(house, "tz_overrides", [OVERRIDE, {**OVERRIDE, "scope": "mcc", "target": "5411"}])


@case("2A-S2-023")
def merchant_without_mcc(house: House) -> list[str]:
    house.mcc_map([(8, 5812)])
    house.policy("tz_overrides", [OVERRIDE, {**OVERRIDE, "scope": "mcc", "target": "5812"}])
    return house.through("S1").s2()


@case("2A-S2-024", "passed")
def override_expired_since(house: House) -> list[str]:
    return resealed(house, "tz_overrides", [{**OVERRIDE, "expiry_yyyy_mm_dd": "2026-02-14"}])


@case("2A-S2-030", "passed")
def latitude_missing(house: House) -> list[str]:
    return on_lookup(house, cell("lat_deg", 0, None))


@case("2A-S2-040", "passed")
def row_of_other_seed(house: House) -> list[str]:
    return on_lookup(house, cell("seed", 0, 7))


@case("2A-S2-041", "passed")
def published_with_other_bytes(house: House) -> list[str]:
    house.rewrite("site_timezones", lambda table: table.slice(1))
    return raised(house.s2)


@case("2A-S2-042", "passed")
def row_of_other_time(house: House) -> list[str]:
    return on_lookup(house, cell("created_utc", 0, "2026-01-01T00:00:00.000000Z"))


@case("2A-S2-050", "passed")
def row_lost_on_the_way(house: House) -> list[str]:
    return _judged(house, house.path("site_timezones"), written=len(SITES) - 1)


def _judged(house: House, table: Any, written: int = len(SITES)) -> list[str]:
    keys = Keys()
    keys.rows = len(SITES)
    tally = {"keys": keys, "written": written}
    return [breach.code for breach in table_breaches(tally, house.path("s1_tz_lookup"), table)]


@case("2A-S2-051", "passed")
def site_twice(house: House) -> list[str]:
    return on_lookup(house, lambda table: table.take([0, *range(len(table))]))


@case("2A-S2-052", "passed")
def zone_missing(house: House) -> list[str]:
    return on_lookup(house, cell("tzid_provisional", 0, None))


@case("2A-S2-053", "passed")
def zone_malformed(house: House) -> list[str]:
    return on_lookup(house, cell("tzid_provisional", 0, "Not a zone"))


@case("2A-S2-054", "passed")
def source_against_override(house: House) -> list[str]:
    return on_lookup(house, cell("tzid_provisional_source", 3, "polygon"))


@case("2A-S2-054", "passed")
def other_override_than_s1(house: House) -> list[str]:
    return resealed(house, "tz_overrides", [{**OVERRIDE, "tzid": "Asia/Urumqi"}])


@case("2A-S2-055", "passed")
def override_on_a_polygon(house: House) -> list[str]:
    return on_lookup(house, cell("override_scope", 0, "country"))


@case("2A-S2-056", "passed")
def half_a_nudge(house: House) -> list[str]:
    return on_lookup(house, cell("nudge_lat_deg", 3, None))


@case("2A-S2-056", "passed")
def nudge_changed_on_the_way(house: House) -> list[str]:
    other = house.root / "other.parquet"
    pq.write_table(cell("nudge_lat_deg", 3, 1.0)(pq.read_table(house.path("site_timezones"))), other)
    return _judged(house, other)


@case("2A-S2-057", "passed")
def zone_without_polygon(house: House) -> list[str]:
    return on_lookup(house, cell("tzid_provisional", 0, "Europe/Rome"))


@case("2A-S2-070")
def lookup_out_of_order(house: House) -> list[str]:
    house.through("S1")
    return on_lookup(house, lambda table: table.take(list(range(len(SITES)))[::-1]))


@case("2A-S2-080", "passed")
def contracts_at_odds(house: House) -> list[str]:
    return conflict(house, "site_timezones", house.s2)


@case("2A-S2-080", "passed")
def sealed_under_other_licence(house: House) -> list[str]:
    house.edit("sealed_inputs_2A", lambda rows: rows[0].update(license_class="WTFPL"))
    return house.s2()


@case("2A-S2-090", "passed")
def overrides_above_cap(house: House) -> list[str]:
    return resealed(house, "governance", OPEN_CAPS | {"override_rate_cap": {"value": 0.01, "why": "t", "source": "t"}})


@case("2A-S2-091")
def override_without_owner(house: House) -> list[str]:
    house.policy("tz_overrides", [{name: value for name, value in OVERRIDE.items() if name != "owner"}])
    return house.through("S1").s2()
