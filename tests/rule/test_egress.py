"""No PASS, no read: the consumer gate opens nothing whose bundle does not hold."""

import pytest

from scripts.lib.errors import Abort
from scripts.lib.files import canonical_json, read_json
from scripts.states.bundle import write_index_and_flag
from scripts.states.egress import open_site_timezones, site_timezones_path
from tests.lawful import FINGERPRINT, SEED


@pytest.fixture
def bundle(passed):
    return passed.files["validation_bundle_2A"]


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


OTHER_EVIDENCE = [{"status": "FAIL"}, {"seed": SEED + 1}, {"manifest_fingerprint": "0" * 64}, {"status": None}]
OTHER_EVIDENCE += ["[]", "5", "{", "{}"]


@pytest.mark.parametrize("change", OTHER_EVIDENCE)
def test_evidence_that_does_not_say_pass_for_this_seed_keeps_it_shut(passed, bundle, change):
    path = bundle / f"evidence/s4/seed={SEED}/s4_legality_report.json"
    path.write_text(change if isinstance(change, str) else canonical_json(read_json(path) | change))
    write_index_and_flag(bundle)
    assert code_of(passed) == "2A-S5-030"


DAMAGES = {
    "empty": lambda data: b"",
    "hundred bytes": lambda data: data[:100],
    "cut": lambda data: data[:-1],
    "page": lambda data: data[:4] + b"\xff" * 56 + data[60:],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_table_is_not_handed_out(passed, damage):
    path = passed.files["site_timezones"]
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    assert code_of(passed) == "2A-S5-011"
    if damage != "page":  # whose rows only a reader of them sees
        assert code_of(passed, site_timezones_path) == "2A-S5-011"


@pytest.mark.parametrize("door", [open_site_timezones, site_timezones_path])
def test_a_part_that_s2_did_not_write_keeps_it_shut(passed, door):
    """A reader of the folder would take its rows for ours."""
    part = passed.files["site_timezones"]
    part.with_name("part-00001.parquet").write_bytes(part.read_bytes())
    assert code_of(passed, door) == "2A-S5-012"
