"""What reports, inventory and log say of a run: measured, complete where it fails, and checkable by others."""

import json
import logging

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scripts.lib import logs
from scripts.lib.files import read_json, sha256_file, tree_files
from scripts.states import s5_bundle
from scripts.states.bundle import verify_bundle
from scripts.states.policy import load_caps
from scripts.states.s1_tally import S1Tally, blocks
from scripts.states.site_key import KeyCheck
from scripts.states.site_pass import Passed
from tests.contract.s2 import MCC, lookup, merchant_that_the_map_lost
from tests.contract.table import edit, lost
from tests.lawful import CREATED, FINGERPRINT, OVERRIDE, SEED, SITES, House, column, raised, site_table
from tests.lawful_world import SQUARES, archive_of, tzif_tree
from tests.rule.test_bad_gate import crs

MERCHANTS = [(7, 5812), (8, 5812), (SITES[-1][0], 5812)]


@pytest.fixture
def log(tmp_path):
    """Records of everything that the test logs, read on call."""
    path = tmp_path / "log.jsonl"
    logs.configure(str(path), rule="s1_tz_lookup", run="r", seed="42", manifest_fingerprint=FINGERPRINT)
    yield lambda kind: [entry for entry in map(json.loads, path.read_text().splitlines()) if entry["event"] == kind]
    for handler in logging.getLogger("segment2a").handlers:
        handler.close()
    logging.getLogger("segment2a").handlers = [logging.NullHandler()]


def sealed(house: House) -> dict[str, dict]:
    return {row["asset_id"]: row for row in read_json(house.files["sealed_inputs_2A"])}


def test_sites_without_zone_are_no_lost_rows(planted):
    planted.plant(site_table([(3, "US", 1, -100.0, 40.0), *SITES]))
    planted.s0()
    assert planted.s1() == ["2A-S1-055"]
    checks = planted.report("S1")["checks"]
    assert (checks["coverage_mismatch"], checks["null_tzid"]) == (0, 1)


def test_lost_rows_are_counted(planted):
    keys = KeyCheck()
    keys.rows = len(SITES)
    passed = Passed(len(SITES), keys, len(SITES) - 2, S1Tally.nothing(zones=3), sorted_input=True)
    assert blocks(passed, load_caps(planted.path("governance"), CREATED[:10]), [])["checks"]["coverage_mismatch"] == 2


def test_counters_of_a_failed_s2_are_those_of_its_checks(passed):
    """Each counter that is 0 in every lawful report, where it is not: two rows at once, each with its own fault."""

    def change(table):
        tzid, scope = table["tzid_provisional"].to_pylist(), table["override_scope"].to_pylist()
        tzid[0], tzid[1], tzid[2], scope[4] = None, "Not a zone", "Europe/Rome", "country"
        table = column(table, "tzid_provisional", tzid, pa.string())
        return column(table, "override_scope", scope, pa.string())

    lookup(change)(passed)
    assert passed.s2() == ["2A-S2-052", "2A-S2-053", "2A-S2-054", "2A-S2-055", "2A-S2-057"]
    report = passed.report("S2")
    checks = {"pk_duplicates": 0, "coverage_mismatch": 0, "null_tzid": 1, "unknown_tzid": 1, "tzid_not_in_tz_world": 1}
    assert report["checks"] == checks
    assert report["counts"]["override_no_effect"] == 1 and report["counts"]["mcc_targets_missing"] == 0


def test_merchants_that_the_map_lost_are_counted(planted):
    assert merchant_that_the_map_lost(planted.through("S2")) == ["2A-S2-023"]
    counts = planted.report("S2")["counts"]
    assert (counts["mcc_targets_missing"], counts["overridden_total"]) == (2, 2)  # in the overlap, and at sea


def test_a_lookup_out_of_order_is_sorted_before_it_is_judged(planted):
    planted.through("S2")
    expected = pq.read_table(planted.path("site_timezones"))
    planted.files["site_timezones"].unlink()
    lookup(lambda table: table.take([4, 8, 0, 3, 1, 7, 2, 6, 5]))(planted)
    assert planted.s2() == ["2A-S2-070"]
    assert pq.read_table(planted.path("site_timezones")).equals(expected)
    assert planted.report("S2")["catalogue"] == {"writer_order_ok": False}
    assert planted.report("S2")["counts"]["rows_emitted"] == len(SITES)


def test_a_site_that_stands_twice_far_apart_is_found(planted):
    planted.through("S1")
    lookup(lambda table: table.take([*range(len(SITES)), 0]))(planted)
    assert planted.s2() == ["2A-S2-051"]
    assert planted.report("S2")["checks"]["pk_duplicates"] == 1


def test_merchant_map_is_sealed_only_where_an_override_needs_it(planted):
    planted.mcc_map(MERCHANTS)
    planted.through("S2")
    assert "merchant_mcc_map" not in sealed(planted)
    assert planted.report("S1")["inputs"]["merchant_mcc_map"] == {"version_tag": None}


def test_merchant_map_is_sealed_for_an_override_of_its_scope(planted):
    planted.policy("tz_overrides", [OVERRIDE, MCC])
    assert raised(planted.s0) == ["2A-S0-010"]
    planted.mcc_map(MERCHANTS)
    planted.s0()
    assert sealed(planted)["merchant_mcc_map"]["sha256_hex"] == sha256_file(planted.files["mcc"])


def test_every_sealed_row_can_be_checked_from_its_own_path(planted):
    planted.s0()
    row = sealed(planted)["validation_bundle_1B"]
    bundle = planted.upstream / row["catalog_path"]
    members = [bundle / name for name in tree_files(bundle) if name != "_passed.flag"]
    assert row["sha256_hex"] == sha256_file(*members)
    assert read_json(planted.files["s0_gate_receipt_2A"])["validation_bundle_path"] == row["catalog_path"]


def test_report_names_the_crs_that_the_polygons_declare(planted):
    crs({"id": {"authority": "EPSG", "code": 4326}})(planted)
    planted.s0()
    assert planted.report("S0")["tz_assets"]["tz_world_crs"] == "EPSG:4326"


def test_zones_without_timetable_are_in_the_report(planted):
    planted.release(archive_of(tzif_tree([zone for zone in SQUARES if zone != "Europe/Paris"])))
    planted.s0()
    assert planted.s3() == ["2A-S3-053"]
    coverage = planted.report("S3")["coverage"]
    assert (coverage["missing_count"], coverage["missing_sample"]) == (1, ["Europe/Paris"])


@pytest.mark.parametrize(
    ("change", "codes", "covered", "missing", "failing"),
    [
        (lambda house: None, [], 1, 0, 0),
        (lost("s4_legality_report"), ["2A-S5-030"], 0, 1, 0),
        (edit("s4_legality_report", status="FAIL"), ["2A-S5-030"], 0, 0, 1),
    ],
    ids=["passed", "missing", "failing"],
)
def test_seeds_with_and_without_legality_are_in_the_report(planted, change, codes, covered, missing, failing):
    planted.through("S4")
    change(planted)
    assert planted.s5() == codes
    report = planted.report("S5")
    assert report["seeds"] == {"discovered": 1, "list": [SEED]}
    counts = {"covered": covered, "missing": missing, "failing": failing, "sample_missing": [SEED] * missing}
    assert report["s4"] == counts


def test_log_records_carry_state_and_seed(planted, log):
    planted.through("S5")
    (record,) = log("LOOKUP")
    assert (record["state"], record["seed"], record["manifest_fingerprint"]) == ("S1", 42, FINGERPRINT)
    assert record["severity"] == "INFO"
    assert [entry["id"] for entry in log("VALIDATION")] == [f"2A-S{number}" for number in range(6)]


def test_sites_beyond_the_threshold_are_a_warning_in_the_log(planted, log):
    planted.plant(site_table([(7, "CN", 1, 120.0, 35.0), (8, "FR", 1, 5.0, 45.0)]))
    planted.policy("tz_overrides", [])
    planted.s0()
    assert planted.s1() == []
    (record,) = log("LOOKUP")
    assert record["severity"] == "WARN"
    assert (record["fallback_nearest_within_threshold"], record["fallback_nearest_outside_threshold"]) == (0, 1)


def test_an_intact_bundle_is_replaced_when_its_evidence_changed(planted):
    planted.through("S5")
    before = verify_bundle(planted.files["validation_bundle_2A"])
    for name in ("tz_timetable_cache", "tz_timetable_payload", "tz_offset_adjustments", "s4_legality_report"):
        planted.files[name].unlink()  # declared outputs, which Snakemake removes before it reruns their jobs
    assert (planted.s3(horizon_year=2030), planted.s4(), planted.s5()) == ([], [], [])
    after = verify_bundle(planted.files["validation_bundle_2A"])
    assert after.digest != before.digest == before.stated
    assert planted.report("S5")["digest"]["computed_sha256"] == after.digest


def test_checks_of_a_bundle_obey_their_schema(planted, tmp_path):
    planted.through("S4")
    evidence = {"evidence/s3/tz_timetable_cache.manifest.json": planted.files["tz_timetable_cache"]}
    target = tmp_path / "bundle"
    assert raised(lambda: s5_bundle.publish(target, evidence, FINGERPRINT, "yesterday")) == ["2A-S5-040"]
    assert not target.exists()
    s5_bundle.publish(target, evidence, FINGERPRINT, CREATED)
    assert verify_bundle(target)
