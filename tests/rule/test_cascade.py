"""A failed state blocks what comes after it, without a read, and never a verdict; withheld datasets say why."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scripts.lib.files import read_json
from scripts.lib.published import is_withheld, withheld_codes
from scripts.states.state import status_of
from tests.lawful import OVERRIDE, SITES, site_table
from tests.lawful_world import archive_of, tzif_tree, write_release


def statuses(house) -> list[str]:
    return [house.report(f"S{number}")["status"] for number in range(1, 6)]


def test_failed_s1_blocks_s2_s4_s5(planted):
    planted.plant(site_table([(3, "US", 1, -100.0, 40.0), *SITES]))
    planted.run_all()
    assert statuses(planted) == ["fail", "blocked", "pass", "blocked", "blocked"]
    assert not planted.files["validation_bundle_2A"].exists()
    error = planted.report("S1")["errors"][0]
    assert (error["code"], error["context"]["country"]) == ("2A-S1-055", "US")
    assert planted.report("S4")["blocked_by"] == [{"report": planted.path("s2_run_report"), "status": "blocked"}]


def test_failed_s3_blocks_s4_s5(planted):
    planted.files["tzdb"].write_bytes(archive_of(tzif_tree(["Europe/Paris"])))
    write_release(planted.files["tzdb"].parent)
    planted.run_all()
    assert statuses(planted) == ["pass", "pass", "fail", "blocked", "blocked"]
    assert not planted.files["validation_bundle_2A"].exists()


def test_failed_s2_withholds_its_table_and_keeps_s1(planted):
    planted.policy("tz_overrides", [{key: value for key, value in OVERRIDE.items() if key != "owner"}])
    planted.run_all()
    assert statuses(planted) == ["pass", "fail", "pass", "blocked", "blocked"]
    assert pq.read_metadata(planted.path("s1_tz_lookup")).num_rows == len(SITES)
    assert is_withheld(planted.path("site_timezones"))


def test_withheld_datasets_name_their_codes_and_are_no_dataset_for_anyone(planted):
    planted.plant(site_table([(3, "US", 1, -100.0, 40.0), *SITES]))
    planted.run_all()
    assert withheld_codes(planted.files["s1_tz_lookup"]) == ["2A-S1-055"]
    assert withheld_codes(planted.files["site_timezones"]) == ["2A-S2-blocked"]
    assert planted.files["s1_tz_lookup"].read_text().startswith("withheld: 2A-S1-055\ns1_tz_lookup was not published")
    for name in ("s1_tz_lookup", "site_timezones"):
        with pytest.raises(pa.ArrowInvalid):
            pq.read_table(planted.files[name])
        with pytest.raises((OSError, ValueError)):
            pd.read_parquet(planted.files[name].parent)
    assert read_json(planted.path("s4_legality_report")) == {"withheld": ["2A-S4-blocked"]}


def test_flag_of_an_earlier_run_does_not_survive_a_failure(passed):
    assert (passed.files["validation_bundle_2A"] / "_passed.flag").is_file()
    passed.edit("s4_run_report", lambda found: found | {"status": "fail"})
    passed.s5()
    assert passed.report("S5")["status"] == "blocked"
    assert not passed.files["validation_bundle_2A"].exists()


def test_blocked_states_read_nothing(planted):
    """Their inputs may be missing altogether: only the reports before them are opened."""
    planted.s0()
    planted.files["s1_run_report"].parent.mkdir(parents=True)
    planted.files["s1_run_report"].write_text('{"status": "fail"}')
    for name in ("s0_gate_receipt_2A", "sealed_inputs_2A", "tz_world"):
        planted.files[name].unlink()
    planted.s2()
    assert planted.report("S2")["status"] == "blocked"


@pytest.mark.parametrize(
    ("content", "status"),
    [(None, "missing"), ("", "unreadable"), ("{", "unreadable"), ("[]", "unreadable"), ('{"status": "fail"}', "fail")],
)
def test_status_of_a_report(tmp_path, content, status):
    path = tmp_path / "report.json"
    if content is not None:
        path.write_text(content)
    assert status_of(path) == status


def test_counts_of_a_failed_run_are_kept_as_evidence(planted):
    planted.plant(site_table([(3, "US", 1, -100.0, 40.0), *SITES]))
    planted.s0()
    planted.s1()
    report = planted.report("S1")
    assert report["counts"]["sites_total"] == len(SITES) + 1
    assert report["diagnostics"]["border_ambiguity_unresolved"] == {"total": 1, "by_country": {"US": 1}}


def test_reports_hold_no_coordinates_or_keys(passed):
    text = "".join(passed.files[f"s{number}_run_report"].read_text() for number in range(6))
    for site in SITES:
        assert str(site[3]) + "," not in text and f"{site[0]}|" not in text


def test_withheld_marker_is_none_for_published_files(passed):
    assert not any(is_withheld(passed.files[name]) for name in ("s1_tz_lookup", "tz_timetable_cache"))
    assert not is_withheld(passed.root / "missing.parquet")
