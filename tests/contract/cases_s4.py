"""Every code of S4, provoked by its condition (states.md §6)."""

import numpy as np

from scripts.lib.files import read_json, write_json
from scripts.reference import tzif
from scripts.states.outputs import check_output
from scripts.states.s4_legality import count_windows
from tests.contract.cases_s2 import cell
from tests.contract.table import case, conflict
from tests.lawful import CREATED, TOKENS, House, raised


@case("2A-S4-001", "passed")
def receipt_unreadable(house: House) -> list[str]:
    house.files["s0_gate_receipt_2A"].write_text("{")
    return house.s4()


@case("2A-S4-010", "passed")
def table_changed_after_s2(house: House) -> list[str]:
    house.flip("site_timezones")
    return house.s4()


@case("2A-S4-011", "passed")
def table_of_other_seed(house: House) -> list[str]:
    other = house.root / "other.parquet"
    other.write_bytes(house.files["site_timezones"].read_bytes())
    return house.s4(site_timezones=str(other))


@case("2A-S4-020", "passed")
def manifest_malformed(house: House) -> list[str]:
    house.edit("tz_timetable_cache", lambda found: found | {"extra": 1})
    return house.s4()


@case("2A-S4-021", "passed")
def manifest_of_other_fingerprint(house: House) -> list[str]:
    house.edit("tz_timetable_cache", lambda found: found | {"manifest_fingerprint": "0" * 64})
    return house.s4()


@case("2A-S4-022", "passed")
def payload_changed_after_s3(house: House) -> list[str]:
    house.flip("tz_timetable_payload")
    return house.s4()


@case("2A-S4-023", "passed")
def payload_missing(house: House) -> list[str]:
    house.files["tz_timetable_payload"].unlink()
    return house.s4()


@case("2A-S4-024", "passed")
def zone_without_timetable(house: House) -> list[str]:
    house.rewrite("site_timezones", cell("tzid", 0, "Europe/Rome"))
    house.republish("s2_run_report", "site_timezones")
    return house.s4()


def _judge(house: House, **fields) -> list[str]:
    stage = house.root / "staged.json"
    write_json(stage, read_json(house.files["s4_legality_report"]) | fields)
    path = house.path("s4_legality_report")
    return raised(lambda: check_output("S4", "s4_legality_report", path, stage, TOKENS, CREATED))


@case("2A-S4-030", "passed")
def report_of_unknown_status(house: House) -> list[str]:
    return _judge(house, status="MAYBE")


@case("2A-S4-040", "passed")
def report_of_other_seed(house: House) -> list[str]:
    return _judge(house, seed=7)


@case("2A-S4-041", "passed")
def published_with_other_bytes(house: House) -> list[str]:
    house.edit("s4_legality_report", lambda found: found | {"notes": "mine"})
    return raised(house.s4)


@case("2A-S4-042", "passed")
def report_of_other_time(house: House) -> list[str]:
    return _judge(house, generated_utc="2026-01-01T00:00:00.000000Z")


def _windows(instants: list[int], minutes: list[int]) -> list[str]:
    zone = (np.array([tzif.SENTINEL, *instants], np.int64), np.array(minutes, np.int32))
    return raised(lambda: count_windows({"Europe/Paris": zone}))


@case("2A-S4-050")
def offset_out_of_range(_: House) -> list[str]:
    return _windows([10], [0, -901])


@case("2A-S4-060", "passed")
def count_against_s2(house: House) -> list[str]:
    house.edit("s2_run_report", lambda found: found["counts"].update(rows_emitted=1))
    return house.s4()


@case("2A-S4-061")
def offset_that_does_not_change(_: House) -> list[str]:
    return _windows([10, 20], [0, 60, 60])


@case("2A-S4-080", "passed")
def contracts_at_odds(house: House) -> list[str]:
    return conflict(house, "s4_legality_report", house.s4)
