"""Every code of S0, provoked by its condition (states.md §2)."""

import pyarrow.parquet as pq

from scripts.lib.files import read_json
from scripts.states.s0_gate import with_warnings
from scripts.states.s0_publish import Places, check_written
from scripts.states.s0_seal import check_unique, seal
from tests.contract.table import case, conflict
from tests.lawful import FINGERPRINT, OVERRIDE, House, raised
from tests.lawful_world import RELEASE, write_release


@case("2A-S0-001")
def flag_missing(house: House) -> list[str]:
    house.files["bundle_flag"].unlink()
    return raised(house.s0)


@case("2A-S0-002")
def flag_of_other_bytes(house: House) -> list[str]:
    house.files["bundle_flag"].write_text(f"sha256_hex = {'0' * 64}\n")
    return raised(house.s0)


@case("2A-S0-003")
def bundle_missing(house: House) -> list[str]:
    house.files["bundle_index"].unlink()
    return raised(house.s0)


@case("2A-S0-004")
def egress_under_other_fingerprint(house: House) -> list[str]:
    moved = house.root / "elsewhere" / house.files["site_locations"].name
    moved.parent.mkdir()
    house.files["site_locations"].rename(moved)
    return raised(lambda: house.s0(site_locations=str(moved)))


@case("2A-S0-010")
def input_missing(house: House) -> list[str]:
    house.files["tz_nudge"].unlink()
    return raised(house.s0)


def _seal(house: House, asset: str) -> list[str]:
    return raised(lambda: seal(asset, house.path("tz_nudge"), "v1", house.run, {}))


@case("2A-S0-011")
def asset_without_schema(house: House) -> list[str]:
    return _seal(house, "lookup_index")


@case("2A-S0-012")
def asset_outside_dictionary(house: House) -> list[str]:
    return _seal(house, "iso3166_canonical_2024")


@case("2A-S0-013")
def asset_outside_registry(house: House) -> list[str]:
    return _seal(house, "populated_places")


@case("2A-S0-014")
def moving_version(house: House) -> list[str]:
    releases = {"tz_world_2025a": "latest", "tzdb_release": RELEASE, "country_zones": RELEASE}
    return raised(lambda: house.s0(releases=releases))


@case("2A-S0-015")
def bytes_beside_their_pin(house: House) -> list[str]:
    house.flip("site_locations")
    return raised(house.s0)


def _sealed_twice(house: House, key: str) -> list[str]:
    rows = [seal(asset, house.path(asset), "v1", house.run, {}) for asset in ("tz_nudge", "governance")]
    rows[1][key] = rows[0][key]
    return raised(lambda: check_unique(rows))


@case("2A-S0-016")
def asset_id_twice(house: House) -> list[str]:
    return _sealed_twice(house, "asset_id")


@case("2A-S0-017")
def one_file_for_two_assets(house: House) -> list[str]:
    house.policy("governance", house.files["tz_nudge"].read_text())
    return raised(house.s0)


@case("2A-S0-018")
def basename_twice(house: House) -> list[str]:
    return _sealed_twice(house, "basename")


@case("2A-S0-020")
def polygons_without_crs(house: House) -> list[str]:
    house.rewrite("tz_world", lambda table: table)  # the helper drops the GeoParquet metadata
    return raised(house.s0)


@case("2A-S0-021")
def no_polygon(house: House) -> list[str]:
    pq.write_table(pq.read_table(house.path("tz_world")).slice(0, 0), house.path("tz_world"))
    return raised(house.s0)


@case("2A-S0-021")
def polygons_unreadable(house: House) -> list[str]:
    house.files["tz_world"].write_bytes(b"garbage" * 100)
    return raised(house.s0)


@case("2A-S0-022")
def moving_tzdb_tag(house: House) -> list[str]:
    write_release(house.files["tzdb"].parent, tag="latest")
    return raised(house.s0)


@case("2A-S0-022")
def tzdb_of_other_release(house: House) -> list[str]:
    write_release(house.files["tzdb"].parent, tag="2024b")
    return raised(house.s0)


@case("2A-S0-023")
def tzdb_of_other_bytes(house: House) -> list[str]:
    house.flip("tzdb")
    return raised(house.s0)


@case("2A-S0-030")
def override_of_unknown_scope(house: House) -> list[str]:
    house.policy("tz_overrides", [{**OVERRIDE, "scope": "planet"}])
    return raised(house.s0)


@case("2A-S0-031")
def override_twice(house: House) -> list[str]:
    house.policy("tz_overrides", [OVERRIDE, {**OVERRIDE, "tzid": "Asia/Urumqi"}])
    return raised(house.s0)


@case("2A-S0-032")
def override_without_polygon(house: House) -> list[str]:
    house.policy("tz_overrides", [{**OVERRIDE, "tzid": "Europe/Rome"}])
    return raised(house.s0)


def _written(house: House) -> list[str]:
    """Codes of the read-back while the sealed set is that of the inventory before the change."""
    places = Places(
        *(house.path(name) for name in ("s0_gate_receipt_2A", "sealed_inputs_2A", "s0_determinism_receipt"))
    )
    return raised(lambda: check_written(places, places, FINGERPRINT, house.sealed))


def _receipt(house: House, **fields) -> list[str]:
    house.sealed = read_json(house.files["sealed_inputs_2A"])
    house.edit("s0_gate_receipt_2A", lambda found: found | fields)
    return _written(house)


@case("2A-S0-040", "passed")
def receipt_of_other_fingerprint(house: House) -> list[str]:
    return _receipt(house, manifest_fingerprint="0" * 64)


@case("2A-S0-041", "passed")
def receipt_with_other_bundle(house: House) -> list[str]:
    return _receipt(house, validation_bundle_path="data/layer1/1B/validation/elsewhere/")


@case("2A-S0-042", "passed")
def receipt_with_upper_case_flag(house: House) -> list[str]:
    return _receipt(house, flag_sha256_hex="A" * 64)


@case("2A-S0-042")
def upstream_flag_without_digest(house: House) -> list[str]:
    house.files["bundle_flag"].write_text("passed")
    return raised(house.s0)


@case("2A-S0-043", "passed")
def receipt_with_fewer_assets(house: House) -> list[str]:
    return _receipt(house, sealed_inputs=[])


@case("2A-S0-044", "passed")
def determinism_receipt_missing(house: House) -> list[str]:
    house.sealed = read_json(house.files["sealed_inputs_2A"])
    house.files["s0_determinism_receipt"].unlink()
    return _written(house)


def _inventory(house: House, change) -> list[str]:
    house.sealed = read_json(house.files["sealed_inputs_2A"])
    house.edit("sealed_inputs_2A", change)
    return _written(house)


@case("2A-S0-050", "passed")
def inventory_of_other_partition(house: House) -> list[str]:
    return _inventory(house, lambda rows: rows[0].update(manifest_fingerprint="0" * 64))


@case("2A-S0-051", "passed")
def inventory_with_fewer_assets(house: House) -> list[str]:
    return _inventory(house, lambda rows: rows[1:])


@case("2A-S0-052", "passed")
def inventory_with_other_licence(house: House) -> list[str]:
    return _inventory(house, lambda rows: rows[0].update(license_class="WTFPL"))


@case("2A-S0-060")
def second_receipt(house: House) -> list[str]:
    other = (
        house.files["s0_gate_receipt_2A"].parent.parent / f"manifest_fingerprint={'0' * 64}" / "s0_gate_receipt.json"
    )
    other.parent.mkdir(parents=True)
    other.write_text("{}")
    return raised(house.s0)


@case("2A-S0-061")
def foreign_file(house: House) -> list[str]:
    partition = house.files["sealed_inputs_2A"].parent
    partition.mkdir(parents=True)
    (partition / "notes.txt").write_text("mine")
    return raised(house.s0)


@case("2A-S0-062", "passed")
def inputs_changed_after_publication(house: House) -> list[str]:
    house.nudge("0.004")
    return raised(house.s0)


@case("2A-S0-070", "passed")
def report_without_block(house: House) -> list[str]:
    report = house.report("S0")
    del report["tz_assets"]
    return [finding["code"] for finding in with_warnings(report)["warnings"]]


@case("2A-S0-080")
def contracts_at_odds(house: House) -> list[str]:
    return conflict(house, "sealed_inputs_2A", lambda: raised(house.s0))
