"""Cases of S3 that tests/rule/test_bad_timetable.py has not: seals, zones, manifest, payload (states.md §5)."""

import numpy as np

from scripts.reference import tzif
from scripts.states.s3_timetable import check_payload, check_zones
from tests.contract.table import LATER, ZEROS, Table, conflict, edit, flip, lost, staged, to
from tests.lawful import FINGERPRINT, House, raised

MANIFEST = "tz_timetable_cache"


def payload(change):
    """A check: the payload on disk, as `change` makes it of the bytes that were meant."""

    def check(house: House) -> list[str]:
        path = house.files["tz_timetable_payload"]
        meant = path.read_bytes()
        path.unlink()
        found = change(meant)
        if found is not None:
            path.write_bytes(found)
        return raised(lambda: check_payload(path, meant))

    return check


def zone(instants: list[float], minutes: list[float], kind: type = np.int64):
    """A check: one zone with a sentinel and these transitions."""
    index = (np.array([tzif.SENTINEL, *instants], kind), np.array(minutes, kind))
    return lambda _: raised(lambda: check_zones({"Europe/Paris": index}))


S3 = Table(
    "S3",
    before={},
    after={
        "receipt missing": ("2A-S3-001", lost("s0_gate_receipt_2A")),
        "archive missing": ("2A-S3-010", lost("tzdb")),
        "tag changed after the seal": ("2A-S3-011", edit("tzdb_meta", release_tag="2025a")),
        "polygons changed after the seal": ("2A-S3-012", flip("tz_world")),
        "archive changed after the seal": ("2A-S3-013", flip("tzdb")),
        "manifest at another path": ("2A-S3-040", to("manifest", MANIFEST, FINGERPRINT, ZEROS)),
        "published with other bytes": ("2A-S3-041", edit(MANIFEST, rle_cache_bytes=1)),
    },
    checks={
        "manifest without bytes": ("2A-S3-030", staged("S3", MANIFEST, rle_cache_bytes=0)),
        "manifest of another fingerprint": ("2A-S3-040", staged("S3", MANIFEST, manifest_fingerprint=ZEROS)),
        "manifest of another time": ("2A-S3-042", staged("S3", MANIFEST, created_utc=LATER)),
        "payload of other bytes": ("2A-S3-050", payload(lambda meant: meant[:-1] + b"?")),
        "transitions that fall": ("2A-S3-051", zone([10, 5], [0, 60, 120])),
        "transition at the sentinel": ("2A-S3-051", zone([tzif.SENTINEL], [0, 60])),
        "offset beyond fifteen hours": ("2A-S3-052", zone([10], [0, 901])),
        "sentinel beyond a day": ("", zone([10], [2000, 60])),  # exempt from bounds: it stands before all time
        "offset that is no number": ("2A-S3-052 2A-S3-055", zone([10, 20], [0, 60, np.inf], np.float64)),
        "instant that is no number": ("2A-S3-055", zone([10, np.nan], [0, 60, 0], np.float64)),
        "payload empty": ("2A-S3-060", payload(lambda meant: b"")),
        "payload missing": ("2A-S3-061", payload(lambda meant: None)),
        "payload truncated": ("2A-S3-062", payload(lambda meant: meant[:-1])),
        "contracts at odds": ("2A-S3-080", conflict("S3", MANIFEST)),
    },
)
