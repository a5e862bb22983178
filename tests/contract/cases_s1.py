"""Every code of S1, provoked by its condition (states.md §3)."""

import numpy as np

from scripts.states import ladder
from scripts.states.policy import compile_overrides
from scripts.states.s1_tally import Tally
from scripts.states.s1_tz_lookup import check_resolution
from tests.contract.table import case, conflict
from tests.lawful import FINGERPRINT, OPEN_CAPS, SITES, House, column, raised, site_table


def after_s0(house: House, **changes) -> list[str]:
    house.s0()
    return house.s1(**changes)


def planted_with(house: House, rows: list[tuple]) -> list[str]:
    house.plant(site_table(rows))
    return after_s0(house)


@case("2A-S1-001")
def no_receipt(house: House) -> list[str]:
    return house.s1()


@case("2A-S1-010", "passed")
def input_changed_after_seal(house: House) -> list[str]:
    house.flip("country_zones")
    return house.s1()


@case("2A-S1-010")
def gap_in_site_order(house: House) -> list[str]:
    return planted_with(house, [row for row in SITES if row[:3] != (8, "FR", 1)])


@case("2A-S1-010")
def mcc_override_whose_map_was_lost(house: House) -> list[str]:
    house.mcc_map([(7, 5411), (8, 5812)])
    house.policy("tz_overrides", [{"scope": "mcc", "target": "5411", "tzid": "Asia/Shanghai"}])
    house.s0()
    house.files["mcc"].unlink()
    return house.s1(merchant_mcc_map=[])


@case("2A-S1-011", "passed")
def sites_of_other_seed(house: House) -> list[str]:
    other = house.root / f"upstream/seed=7/manifest_fingerprint={FINGERPRINT}/part-00000.parquet"
    other.parent.mkdir(parents=True)
    other.write_bytes(house.files["site_locations"].read_bytes())
    return house.s1(site_locations=str(other))


@case("2A-S1-020", "passed")
def index_unreadable(house: House) -> list[str]:
    return house.s1(lookup_index=house.path("tz_nudge"))


@case("2A-S1-021")
def nudge_of_other_digest(house: House) -> list[str]:
    house.policy("tz_nudge", house.files["tz_nudge"].read_text().replace("0.002", "0.003"))
    return after_s0(house)


@case("2A-S1-021")
def nudge_of_zero(house: House) -> list[str]:
    house.nudge("0.0")
    return after_s0(house)


@case("2A-S1-030")
def latitude_not_a_number(house: House) -> list[str]:
    house.plant(column(site_table(), "lat_deg", [float("nan")] * len(SITES)))
    return after_s0(house)


@case("2A-S1-040", "passed")
def output_at_other_seed(house: House) -> list[str]:
    return house.s1(dataset=house.path("s1_tz_lookup").replace("seed=42", "seed=7"))


@case("2A-S1-041", "passed")
def published_with_other_bytes(house: House) -> list[str]:
    house.rewrite("s1_tz_lookup", lambda table: table.slice(1))
    return raised(house.s1)


@case("2A-S1-050", "passed")
def row_lost_on_the_way(_: House) -> list[str]:
    tally = Tally()
    tally.keys.rows, tally.written = len(SITES), len(SITES) - 1
    return [breach.code for breach in tally.breaches()]


@case("2A-S1-051")
def site_twice(house: House) -> list[str]:
    return planted_with(house, [SITES[0], *SITES])


def _resolution(zone: int = 0, rung: int = ladder.NUDGED, lon: float = 1.0, lat: float = 1.0) -> ladder.Resolution:
    floats = [np.array([value]) for value in (lon, lat)]
    return ladder.Resolution(np.array([zone], np.int32), np.array([rung], np.int8), np.array([-1], np.int32), *floats)


@case("2A-S1-052")
def resolved_without_zone(_: House) -> list[str]:
    return raised(lambda: check_resolution(_resolution(zone=-1), zones=3))


@case("2A-S1-053")
def zone_beyond_the_polygons(_: House) -> list[str]:
    return raised(lambda: check_resolution(_resolution(zone=3), zones=3))


@case("2A-S1-053")
def override_beyond_the_polygons(_: House) -> list[str]:
    rows = [{"scope": "country", "target": "IT", "tzid": "Europe/Rome"}]
    return raised(lambda: compile_overrides(rows, ["Europe/Paris"], "2A-S1-053"))


@case("2A-S1-054")
def half_a_nudge(_: House) -> list[str]:
    return raised(lambda: check_resolution(_resolution(lat=np.nan), zones=3))


@case("2A-S1-054")
def nudge_that_did_not_happen(_: House) -> list[str]:
    return raised(lambda: check_resolution(_resolution(rung=ladder.POLYGON), zones=3))


@case("2A-S1-055")
def country_without_polygon(house: House) -> list[str]:
    return planted_with(house, [(3, "US", 1, -100.0, 40.0), *SITES])


@case("2A-S1-070")
def sites_out_of_order(house: House) -> list[str]:
    return planted_with(house, SITES[::-1])


@case("2A-S1-080", "passed")
def contracts_at_odds(house: House) -> list[str]:
    return conflict(house, "s1_tz_lookup", house.s1)


def _capped(house: House, overrides: list, **caps: float) -> list[str]:
    house.policy("tz_overrides", overrides)
    house.policy(
        "governance", OPEN_CAPS | {name: {"value": cap, "why": "t", "source": "t"} for name, cap in caps.items()}
    )
    return after_s0(house)


@case("2A-S1-090")
def fallbacks_above_cap(house: House) -> list[str]:
    return _capped(house, [], fallback_rate_cap=0.01)


@case("2A-S1-091")
def country_fallbacks_above_cap(house: House) -> list[str]:
    return _capped(house, [], fallback_country_cap=0.01)


@case("2A-S1-092")
def overrides_above_cap(house: House) -> list[str]:
    return _capped(house, [_CN], override_rate_cap=0.01)


_CN = {"scope": "country", "target": "CN", "tzid": "Asia/Shanghai"}
