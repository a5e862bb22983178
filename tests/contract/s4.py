"""Cases of S4: zones in use, cache, counts of windows, and the report (states.md §6)."""

import numpy as np

from scripts.reference import tzif
from scripts.states.s4_legality import count_windows
from tests.contract.table import LATER, ZEROS, Table, cell, conflict, edit, elsewhere, flip, json, lost, staged, vouched
from tests.lawful import House, raised

REPORT = "s4_legality_report"


def windows(instants: list[int], minutes: list[int]):
    """A check: one zone with a sentinel and these transitions."""
    zone = (np.array([tzif.SENTINEL, *instants], np.int64), np.array(minutes, np.int32))
    return lambda _: raised(lambda: count_windows({"Europe/Paris": zone}))


def shortened(house: House) -> None:
    path = house.files["tz_timetable_payload"]
    path.write_bytes(path.read_bytes()[:-1])


S4 = Table(
    "S4",
    before={},
    after={
        "receipt unreadable": ("2A-S4-001", lambda house: house.files["s0_gate_receipt_2A"].write_text("{")),
        "table changed after S2": ("2A-S4-010", flip("site_timezones")),
        "table of another seed": ("2A-S4-011", elsewhere("site_timezones", "other.parquet")),
        "manifest malformed": ("2A-S4-020", edit("tz_timetable_cache", extra=1)),
        "manifest of another fingerprint": ("2A-S4-021", edit("tz_timetable_cache", manifest_fingerprint=ZEROS)),
        "payload changed after S3": ("2A-S4-010", flip("tz_timetable_payload")),
        "payload empty": ("2A-S4-022", lambda house: house.files["tz_timetable_payload"].write_bytes(b"")),
        "payload cut": ("2A-S4-022", shortened),
        "payload missing": ("2A-S4-023", lost("tz_timetable_payload")),
        "zone without timetable": (
            "2A-S4-024",
            vouched("s2_run_report", "site_timezones", cell("tzid", 0, "Europe/Rome")),
        ),
        "published with other bytes": ("2A-S4-041", edit(REPORT, notes="mine")),
        "count against S2": ("2A-S4-060", json("s2_run_report", lambda found: found["counts"].update(rows_emitted=1))),
    },
    checks={
        "report of unknown status": ("2A-S4-030", staged("S4", REPORT, status="MAYBE")),
        "report of another seed": ("2A-S4-040", staged("S4", REPORT, seed=7)),
        "report of another time": ("2A-S4-042", staged("S4", REPORT, generated_utc=LATER)),
        "offset out of range": ("2A-S4-050", windows([10], [0, -901])),
        "offset that does not change": ("2A-S4-061", windows([10, 20], [0, 60, 60])),
        "contracts at odds": ("2A-S4-080", conflict("S4", REPORT)),
    },
)
