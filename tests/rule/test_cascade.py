"""A failed state blocks what comes after it, without a read, and never a verdict; withheld datasets say why.

S5's bundle is never replaced: a state that runs anew takes it back first (decisions.md §5, decision 15).
"""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scripts.lib.files import read_json, sha256_tree
from scripts.lib.published import is_withheld, withheld_codes
from scripts.states.bundle import verify_bundle, write_index_and_flag
from scripts.states.state import status_of
from tests.lawful import OVERRIDE, SITES, House, raised, site_table
from tests.lawful_world import archive_of, tzif_tree

BUNDLE = "validation_bundle_2A"
MADE = {"s1": "s1_tz_lookup", "s2": "site_timezones", "s3": "tz_timetable_cache", "s4": "s4_legality_report"}


def statuses(house: House) -> list[str]:
    """Of S1 to S5 after a run of all; none of these houses gets a bundle."""
    house.run_all()
    assert not house.files[BUNDLE].exists()
    return [house.report(f"S{number}")["status"] for number in range(1, 6)]


@pytest.fixture
def failed(planted) -> House:
    """A site of a country that no polygon covers: S1 fails."""
    planted.plant(site_table([(3, "US", 1, -100.0, 40.0), *SITES]))
    assert statuses(planted) == ["fail", "blocked", "pass", "blocked", "blocked"]
    return planted


def test_failed_s1_blocks_s2_s4_s5(failed):
    error = failed.report("S1")["errors"][0]
    assert (error["code"], error["context"]["country"]) == ("2A-S1-055", "US")
    assert failed.report("S4")["blocked_by"] == [{"report": failed.path("s2_run_report"), "status": "blocked"}]


def test_counts_of_a_failed_run_are_kept_as_evidence(failed):
    report = failed.report("S1")
    assert report["counts"]["sites_total"] == len(SITES) + 1
    assert report["diagnostics"]["border_ambiguity_unresolved"] == {"total": 1, "by_country": {"US": 1}}


def test_failed_s3_blocks_s4_s5(planted):
    planted.release(archive_of(tzif_tree(["Europe/Paris"])))
    assert statuses(planted) == ["pass", "pass", "fail", "blocked", "blocked"]


def test_failed_s2_withholds_its_table_and_keeps_s1(planted):
    planted.policy("tz_overrides", [{key: value for key, value in OVERRIDE.items() if key != "owner"}])
    assert statuses(planted) == ["pass", "fail", "pass", "blocked", "blocked"]
    assert pq.read_metadata(planted.path("s1_tz_lookup")).num_rows == len(SITES)
    assert is_withheld(planted.path("site_timezones"))


def test_withheld_datasets_name_their_codes_and_are_no_dataset_for_anyone(failed):
    assert withheld_codes(failed.files["s1_tz_lookup"]) == ["2A-S1-055"]
    assert withheld_codes(failed.files["site_timezones"]) == ["2A-S2-blocked"]
    assert failed.files["s1_tz_lookup"].read_text().startswith("withheld: 2A-S1-055\ns1_tz_lookup was not published")
    for name in ("s1_tz_lookup", "site_timezones"):
        with pytest.raises(pa.ArrowInvalid):
            pq.read_table(failed.files[name])
        with pytest.raises((OSError, ValueError)):
            pd.read_parquet(failed.files[name].parent)
    assert read_json(failed.path("s4_legality_report")) == {"withheld": ["2A-S4-blocked"]}


def test_flag_of_an_earlier_run_does_not_survive_a_failure(passed):
    assert (passed.files[BUNDLE] / "_passed.flag").is_file()
    passed.edit("s4_run_report", lambda found: found | {"status": "fail"})
    passed.s5()
    assert passed.report("S5")["status"] == "blocked"
    assert not passed.files[BUNDLE].exists()


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


def test_reports_hold_no_coordinates_or_keys(passed):
    text = "".join(passed.files[f"s{number}_run_report"].read_text() for number in range(6))
    for site in SITES:
        assert str(site[3]) + "," not in text and f"{site[0]}|" not in text


def test_withheld_marker_is_none_for_published_files(passed):
    assert not any(is_withheld(passed.files[name]) for name in ("s1_tz_lookup", "tz_timetable_cache"))
    assert not is_withheld(passed.root / "missing.parquet")


@pytest.mark.parametrize("state", MADE)
def test_a_state_that_runs_anew_withdraws_the_bundle(state, passed):
    """As Snakemake does it: the outputs of a job that it reruns are removed before."""
    before = sha256_tree(passed.files[BUNDLE])
    passed.files[MADE[state]].unlink()
    assert getattr(passed, state)() == []
    assert not passed.files[BUNDLE].exists()
    passed.through("S5")
    assert sha256_tree(passed.files[BUNDLE]) == before  # the same evidence gives the same bytes


def test_a_state_that_is_refused_its_place_leaves_the_bundle(passed):
    before = sha256_tree(passed.files[BUNDLE])
    passed.edit("s4_legality_report", lambda found: found | {"notes": "mine"})
    assert raised(passed.s4) == ["2A-S4-041"]
    assert sha256_tree(passed.files[BUNDLE]) == before


def test_an_intact_bundle_of_other_bytes_stays(passed):
    """One with its own lawful index and flag: S5 wrote over it once."""
    root = passed.files[BUNDLE]
    (root / "checks.json").write_text((root / "checks.json").read_text() + " ")
    write_index_and_flag(root)
    verify_bundle(root)
    before = sha256_tree(root)
    assert raised(passed.s5) == ["2A-S5-060"]
    assert sha256_tree(root) == before
