"""Every code of S3, provoked by its condition (states.md §5)."""

import numpy as np

from scripts.lib.files import read_json, write_bytes, write_json
from scripts.reference import tzif
from scripts.states.outputs import check_output
from scripts.states.s3_timetable import check_payload, check_zones
from tests.contract.table import case, conflict
from tests.lawful import CREATED, FINGERPRINT, House, raised
from tests.lawful_world import SQUARES, archive_of, tzif_tree, write_release


def with_archive(house: House, members: dict[str, bytes]) -> list[str]:
    """Codes of S3 on another sealed archive."""
    write_bytes(house.files["tzdb"], archive_of(members))
    write_release(house.files["tzdb"].parent)
    house.s0()
    return house.s3()


@case("2A-S3-001")
def no_receipt(house: House) -> list[str]:
    return house.s3()


@case("2A-S3-010", "passed")
def archive_missing(house: House) -> list[str]:
    house.files["tzdb"].unlink()
    return house.s3()


@case("2A-S3-011", "passed")
def tag_changed_after_seal(house: House) -> list[str]:
    house.edit("tzdb_meta", lambda found: found | {"release_tag": "2025a"})
    return house.s3()


@case("2A-S3-012", "passed")
def polygons_changed_after_seal(house: House) -> list[str]:
    house.flip("tz_world")
    return house.s3()


@case("2A-S3-013", "passed")
def archive_changed_after_seal(house: House) -> list[str]:
    house.flip("tzdb")
    return house.s3()


@case("2A-S3-020")
def zone_truncated(house: House) -> list[str]:
    tree = tzif_tree(list(SQUARES))
    return with_archive(house, tree | {"zoneinfo/Europe/Paris": tree["zoneinfo/Europe/Paris"][:100]})


@case("2A-S3-021")
def archive_without_zones(house: House) -> list[str]:
    return with_archive(house, {"README": b"no zones here"})


def _judge(house: House, **fields) -> list[str]:
    """Codes of the common check on a staged manifest with other fields."""
    stage = house.root / "staged.json"
    write_json(stage, read_json(house.files["tz_timetable_cache"]) | fields)
    tokens = {"manifest_fingerprint": FINGERPRINT}
    path = house.path("tz_timetable_cache")
    return raised(lambda: check_output("S3", "tz_timetable_cache", path, stage, tokens, CREATED))


@case("2A-S3-030", "passed")
def manifest_without_bytes(house: House) -> list[str]:
    return _judge(house, rle_cache_bytes=0)


@case("2A-S3-040", "passed")
def manifest_of_other_fingerprint(house: House) -> list[str]:
    return _judge(house, manifest_fingerprint="0" * 64)


@case("2A-S3-040")
def manifest_at_other_path(house: House) -> list[str]:
    house.s0()
    return house.s3(manifest=house.path("tz_timetable_cache").replace(FINGERPRINT, "0" * 64))


@case("2A-S3-041", "passed")
def published_with_other_bytes(house: House) -> list[str]:
    house.edit("tz_timetable_cache", lambda found: found | {"rle_cache_bytes": 1})
    return raised(house.s3)


@case("2A-S3-042", "passed")
def manifest_of_other_time(house: House) -> list[str]:
    return _judge(house, created_utc="2026-01-01T00:00:00.000000Z")


@case("2A-S3-050", "passed")
def payload_of_other_bytes(house: House) -> list[str]:
    data = house.files["tz_timetable_payload"].read_bytes()
    house.flip("tz_timetable_payload")
    return raised(lambda: check_payload(house.files["tz_timetable_payload"], data))


def _zone(instants: list[int], minutes: list[int]) -> list[str]:
    zone = (np.array([tzif.SENTINEL, *instants], np.int64), np.array(minutes, np.int32))
    return raised(lambda: check_zones({"Europe/Paris": zone}))


@case("2A-S3-051")
def transitions_that_fall(_: House) -> list[str]:
    return _zone([10, 5], [0, 60, 120])


@case("2A-S3-051")
def transition_at_the_sentinel(_: House) -> list[str]:
    return _zone([tzif.SENTINEL], [0, 60])


@case("2A-S3-052")
def offset_beyond_fifteen_hours(_: House) -> list[str]:
    return _zone([10], [0, 901])


@case("2A-S3-053")
def zone_without_timetable(house: House) -> list[str]:
    return with_archive(house, tzif_tree([zone for zone in SQUARES if zone != "Europe/Paris"]))


@case("2A-S3-055")
def sentinel_beyond_a_day(_: House) -> list[str]:
    return _zone([10], [2000, 60])


@case("2A-S3-060", "passed")
def payload_empty(house: House) -> list[str]:
    house.files["tz_timetable_payload"].write_bytes(b"")
    return raised(lambda: check_payload(house.files["tz_timetable_payload"], b"TZC1"))


@case("2A-S3-061", "passed")
def payload_missing(house: House) -> list[str]:
    house.files["tz_timetable_payload"].unlink()
    return raised(lambda: check_payload(house.files["tz_timetable_payload"], b"TZC1"))


@case("2A-S3-062", "passed")
def payload_truncated(house: House) -> list[str]:
    data = house.files["tz_timetable_payload"].read_bytes()
    house.files["tz_timetable_payload"].write_bytes(data[:-1])
    return raised(lambda: check_payload(house.files["tz_timetable_payload"], data))


@case("2A-S3-080", "passed")
def contracts_at_odds(house: House) -> list[str]:
    return conflict(house, "tz_timetable_cache", house.s3)
