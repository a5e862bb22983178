"""Cases of S0 that tests/rule/test_bad_gate.py has not: what it writes, and the seal asset by asset (states.md §2)."""

from dataclasses import replace

from scripts.lib.files import write_json
from scripts.states.receipt import open_receipt
from scripts.states.s0_gate import with_warnings
from scripts.states.s0_seal import Places, check_unique, check_written, seal
from tests.contract.table import OF_S0, ZEROS, Table, conflict, elsewhere
from tests.lawful import FINGERPRINT, RELEASES, House, raised
from tests.lawful_world import write_release


def sealing(asset: str):
    """A check: one file sealed as `asset`."""
    return lambda house: raised(lambda: seal(asset, [house.path("tz_nudge")], "v1", house.pins))


def sealed_twice(key: str):
    """A check: two sealed rows that agree in `key`."""

    def check(house: House) -> list[str]:
        one, other = (seal(asset, [house.path(asset)], "v1", house.pins) for asset in ("tz_nudge", "governance"))
        return raised(lambda: check_unique([one, replace(other, **{key: getattr(one, key)})]))

    return check


def read_back(name: str, change):
    """A check: what S0 wrote is read back, after `change` of the JSON file `name` (None deletes it)."""

    def check(house: House) -> list[str]:
        places = Places(*(house.files[dataset] for dataset in OF_S0))
        sealed = open_receipt(str(places.receipt), str(places.inventory), FINGERPRINT, ())
        if change is None:
            house.files[name].unlink()
        else:
            house.edit(name, change)
        return raised(lambda: check_written(places, places, sealed))

    return check


def receipt(**fields):
    return read_back("s0_gate_receipt_2A", lambda found: found | fields)


def second_receipt(house: House, fingerprint: str = FINGERPRINT) -> None:
    other = house.files["s0_gate_receipt_2A"].parent.parent / f"manifest_fingerprint={ZEROS}/s0_gate_receipt.json"
    other.parent.mkdir(parents=True)
    write_json(other, {"manifest_fingerprint": fingerprint})


def receipt_of_another_fingerprint(house: House) -> list[str]:
    second_receipt(house, ZEROS)
    return raised(house.s0)


def foreign_file(house: House) -> None:
    partition = house.files["sealed_inputs_2A"].parent
    partition.mkdir(parents=True)
    (partition / "notes.txt").write_text("mine")


def moving_version(_: House) -> dict:
    return {"releases": RELEASES | {"tz_world_2025a": "latest"}}


def report_without_block(house: House) -> list[str]:
    report = {key: value for key, value in house.report("S0").items() if key != "tz_assets"}
    return [finding["code"] for finding in with_warnings(report)["warnings"]]


S0 = Table(
    "S0",
    before={
        "egress under another fingerprint": ("2A-S0-004", elsewhere("site_locations", "s/p.parquet")),
        "version that moves": ("2A-S0-014", moving_version),
        "polygons without GeoParquet metadata": ("2A-S0-020", lambda house: house.rewrite("tz_world", lambda t: t)),
        "tzdb of another release": ("2A-S0-022", lambda house: write_release(house.files["tzdb"].parent, tag="2024b")),
        "second receipt": ("2A-S0-060", second_receipt),
        "foreign file in the partition": ("2A-S0-061", foreign_file),
    },
    after={"input changed after publication": ("2A-S0-062", lambda house: house.nudge("0.004"))},
    checks={
        "receipt of another fingerprint beside it": ("", receipt_of_another_fingerprint),
        "asset without schema": ("2A-S0-011", sealing("replica_manifest")),
        "asset outside the dictionary": ("2A-S0-012", sealing("iso3166_canonical_2024")),
        "asset outside the registry": ("2A-S0-013", sealing("run_receipt_1B")),
        "asset id twice": ("2A-S0-016", sealed_twice("asset_id")),
        "basename twice": ("2A-S0-018", sealed_twice("basename")),
        "receipt of another fingerprint": ("2A-S0-040", receipt(manifest_fingerprint=ZEROS)),
        "receipt of another bundle": ("2A-S0-041", receipt(validation_bundle_path="data/layer1/1B/validation/other/")),
        "receipt with a flag in upper case": ("2A-S0-042", receipt(flag_sha256_hex="A" * 64)),
        "receipt with fewer assets": ("2A-S0-043 2A-S0-051", receipt(sealed_inputs=[])),
        "determinism receipt missing": ("2A-S0-044", read_back("s0_determinism_receipt", None)),
        "inventory of another partition": (
            "2A-S0-044 2A-S0-050 2A-S0-051",
            read_back("sealed_inputs_2A", lambda rows: rows[0].update(manifest_fingerprint=ZEROS)),
        ),
        "inventory with fewer assets": ("2A-S0-044 2A-S0-051", read_back("sealed_inputs_2A", lambda rows: rows[1:])),
        "inventory with another licence": (
            "2A-S0-044 2A-S0-051 2A-S0-052",
            read_back("sealed_inputs_2A", lambda rows: rows[0].update(license_class="WTFPL")),
        ),
        "report without a block": ("2A-S0-070", report_without_block),
        "contracts at odds": ("2A-S0-080", conflict("S0", "sealed_inputs_2A")),
    },
)
