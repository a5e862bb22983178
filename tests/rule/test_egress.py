"""No PASS, no read: the consumer gate opens nothing whose bundle does not hold."""

from pathlib import Path

import pytest

from scripts.lib.contracts import catalog_path
from scripts.lib.errors import Abort
from scripts.lib.files import canonical_json, read_json, write_json
from scripts.states.bundle import write_index_and_flag
from scripts.states.egress import open_site_timezones, site_timezones_path
from tests.lawful import FINGERPRINT, SEED


@pytest.fixture
def bundle(passed):
    return passed.root / catalog_path("validation_bundle_2A", manifest_fingerprint=FINGERPRINT)


def test_a_passed_run_opens(passed):
    table = open_site_timezones(passed.root, FINGERPRINT, SEED)
    assert table.num_rows > 0
    assert "tzid" in table.column_names


def code_of(passed, door=open_site_timezones, seed=SEED) -> str:
    with pytest.raises(Abort) as caught:
        door(passed.root, FINGERPRINT, seed)
    return caught.value.code


@pytest.mark.parametrize("door", [open_site_timezones, site_timezones_path])
def test_a_broken_bundle_keeps_it_shut(passed, bundle, door):
    """Broken in one of the ways of tests/contract/s5.py."""
    (bundle / "checks.json").write_text("{}")
    assert code_of(passed, door) == "2A-S5-046"


def test_another_seed_is_not_covered(passed):
    assert code_of(passed, seed=SEED + 1) == "2A-S5-030"


@pytest.mark.parametrize("path", ["\ud800", "x" * 5000, "a\0b", "/etc/hostname", "../checks.json"])
def test_an_index_path_that_no_file_can_have_leaves_the_bundle(passed, bundle, path):
    index = read_json(bundle / "index.json")
    index["files"][0]["path"] = path
    (bundle / "index.json").write_text(canonical_json(index))
    assert code_of(passed) in ("2A-S5-042", "2A-S5-044")


@pytest.mark.parametrize(
    "change",
    [{"status": "FAIL"}, {"seed": SEED + 1}, {"manifest_fingerprint": "0" * 64}, {"status": None}],
)
def test_evidence_that_does_not_say_pass_for_this_seed_keeps_it_shut(passed, bundle, change):
    path = bundle / f"evidence/s4/seed={SEED}/s4_legality_report.json"
    write_json(path, read_json(path) | change)
    write_index_and_flag(bundle)
    assert code_of(passed) == "2A-S5-030"


@pytest.mark.parametrize("text", ["[]", "5", "{", "{}"])
def test_evidence_of_another_form_keeps_it_shut(passed, bundle, text):
    (bundle / f"evidence/s4/seed={SEED}/s4_legality_report.json").write_text(text)
    write_index_and_flag(bundle)
    assert code_of(passed) == "2A-S5-030"


@pytest.mark.parametrize("door", [open_site_timezones, site_timezones_path])
@pytest.mark.parametrize("kept", [0, 100, -1])
def test_a_truncated_table_is_not_handed_out(passed, door, kept):
    path = passed.files["site_timezones"]
    path.write_bytes(path.read_bytes()[:kept])
    assert code_of(passed, door) == "2A-S5-011"


def test_a_damaged_page_is_a_breach_not_a_traceback(passed):
    path: Path = passed.files["site_timezones"]
    data = bytearray(path.read_bytes())
    data[4:60] = b"\xff" * 56
    path.write_bytes(data)
    assert code_of(passed) == "2A-S5-011"


@pytest.mark.parametrize("door", [open_site_timezones, site_timezones_path])
def test_a_part_that_s2_did_not_write_keeps_it_shut(passed, door):
    """A reader of the folder would take its rows for ours."""
    part = passed.files["site_timezones"]
    part.with_name("part-00001.parquet").write_bytes(part.read_bytes())
    assert code_of(passed, door) == "2A-S5-012"
