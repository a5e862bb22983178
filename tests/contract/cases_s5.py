"""Every code of S5, provoked by its condition (states.md §7)."""

from scripts.lib.files import canonical_json, read_json
from scripts.lib.flag import flag_text
from scripts.states.bundle import bundle_digest, verify_bundle
from tests.contract.table import case, conflict
from tests.lawful import House, raised


def verify(house: House) -> list[str]:
    return raised(lambda: verify_bundle(house.files["validation_bundle_2A"]))


def with_index(house: House, change) -> list[str]:
    """Codes of a bundle whose index `change` has edited in place, under a flag of its own digest where there is one."""
    path = house.files["validation_bundle_2A"] / "index.json"
    index = read_json(path)
    change(index["files"])
    path.write_text(canonical_json(index))
    return verify(house)


@case("2A-S5-001", "passed")
def inventory_without_asset(house: House) -> list[str]:
    house.edit("sealed_inputs_2A", lambda rows: rows[1:])
    return house.s5()


@case("2A-S5-010", "passed")
def table_missing(house: House) -> list[str]:
    house.files["site_timezones"].unlink()
    return house.s5()


@case("2A-S5-010", "passed")
def table_changed_after_s4(house: House) -> list[str]:
    house.flip("site_timezones")
    return house.s5()


@case("2A-S5-010", "passed")
def payload_missing(house: House) -> list[str]:
    house.files["tz_timetable_payload"].unlink()
    return house.s5()


@case("2A-S5-011", "passed")
def partition_of_other_fingerprint(house: House) -> list[str]:
    (house.files["site_timezones"].parents[1] / f"manifest_fingerprint={'0' * 64}").mkdir()
    return house.s5()


@case("2A-S5-012", "passed")
def foreign_file(house: House) -> list[str]:
    (house.files["validation_bundle_2A"] / "notes.txt").write_text("mine")
    return raised(house.s5)


@case("2A-S5-020", "passed")
def payload_changed_after_s3(house: House) -> list[str]:
    house.flip("tz_timetable_payload")
    return house.s5()


@case("2A-S5-020", "passed")
def manifest_of_other_release(house: House) -> list[str]:
    house.edit("tz_timetable_cache", lambda found: found | {"tzdb_release_tag": "2025a"})
    return house.s5()


@case("2A-S5-030", "passed")
def legality_says_fail(house: House) -> list[str]:
    house.edit("s4_legality_report", lambda found: found | {"status": "FAIL"})
    return house.s5()


@case("2A-S5-040", "passed")
def index_without_files(house: House) -> list[str]:
    return with_index(house, lambda files: files.clear())


@case("2A-S5-041", "passed")
def index_out_of_order(house: House) -> list[str]:
    return with_index(house, lambda files: files.reverse())


@case("2A-S5-042", "passed")
def index_beyond_the_root(house: House) -> list[str]:
    return with_index(house, lambda files: files[0].update(path="../checks.json"))


@case("2A-S5-043", "passed")
def index_names_a_file_twice(house: House) -> list[str]:
    return with_index(house, lambda files: files.insert(0, files[0]))


@case("2A-S5-044", "passed")
def file_outside_the_index(house: House) -> list[str]:
    return with_index(house, lambda files: files.pop())


@case("2A-S5-045", "passed")
def flag_in_the_index(house: House) -> list[str]:
    return with_index(house, lambda files: files.append({"path": "_passed.flag", "sha256_hex": "0" * 64}))


@case("2A-S5-046", "passed")
def evidence_edited(house: House) -> list[str]:
    path = house.files["validation_bundle_2A"] / "checks.json"
    path.write_text(path.read_text() + " ")
    return verify(house)


@case("2A-S5-050", "passed")
def flag_of_other_digest(house: House) -> list[str]:
    (house.files["validation_bundle_2A"] / "_passed.flag").write_text(flag_text("0" * 64))
    return verify(house)


@case("2A-S5-051", "passed")
def digest_in_upper_case(house: House) -> list[str]:
    return with_index(house, lambda files: files[0].update(sha256_hex=files[0]["sha256_hex"].upper()))


@case("2A-S5-051", "passed")
def flag_in_upper_case(house: House) -> list[str]:
    flag = house.files["validation_bundle_2A"] / "_passed.flag"
    digest = flag.read_text().removeprefix("sha256_hex = ")
    flag.write_text(f"sha256_hex = {digest.upper()}")
    return verify(house)


@case("2A-S5-052", "passed")
def flag_with_two_line_feeds(house: House) -> list[str]:
    root = house.files["validation_bundle_2A"]
    digest = bundle_digest(root, read_json(root / "index.json"))
    (root / "_passed.flag").write_text(flag_text(digest) + "\n")
    return verify(house)


@case("2A-S5-060", "passed")
def published_with_other_bytes(house: House) -> list[str]:
    path = house.files["validation_bundle_2A"] / "checks.json"
    path.write_text(path.read_text() + " ")
    return raised(house.s5)


@case("2A-S5-080", "passed")
def contracts_at_odds(house: House) -> list[str]:
    return conflict(house, "validation_bundle_2A", house.s5)
