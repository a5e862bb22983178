"""Registry, source and cases name the same codes, and each case brings its code back."""

import re
from collections import Counter
from pathlib import Path

import pytest

from scripts.docs.write_reason_codes import PAGE, page
from scripts.lib.errors import reason_codes
from tests.contract import cases_s0, cases_s1, cases_s2, cases_s3, cases_s4, cases_s5  # noqa: F401
from tests.contract.source_scan import raising_modules
from tests.contract.table import CASES

EFFECTS = {"Abort", "Warn"}


@pytest.mark.parametrize("entry", CASES, ids=lambda entry: f"{entry.code}-{entry.name}")
def test_condition_brings_its_code(entry, tmp_path, planted_once, passed_once):
    house = {"planted": planted_once, "passed": passed_once}[entry.start].copy(tmp_path / "run")
    assert entry.code in entry.run(house)
    assert house.leftovers() == []


def test_every_code_has_a_case():
    covered = {entry.code for entry in CASES}
    assert covered == set(reason_codes()), covered ^ set(reason_codes())
    assert len(reason_codes()) == 130


def test_every_code_is_raised_somewhere():
    assert set(reason_codes()) == set(raising_modules())


def test_no_code_outside_the_registry():
    source = "\n".join(path.read_text() for path in Path("scripts").rglob("*.py"))
    assert set(re.findall(r"2A-S[0-9]-[0-9]{3}", source)) <= set(reason_codes())


def test_registry_entries_are_complete():
    for code, entry in reason_codes().items():
        assert set(entry) == {"name", "state", "validator", "effect", "meaning", "action"}, code
        assert entry["effect"] in EFFECTS and code.split("-")[1] == entry["state"]
        assert entry["meaning"].endswith(".") and entry["action"].endswith("."), code
    names = Counter((entry["state"], entry["name"]) for entry in reason_codes().values())
    assert max(names.values()) == 1


def test_warn_codes_are_the_contracts():
    warn = {code for code, entry in reason_codes().items() if entry["effect"] == "Warn"}
    assert warn == {"2A-S0-070", "2A-S1-070", "2A-S2-070"}


def test_page_is_current():
    assert PAGE.read_text() == page(), "run `python -m scripts.docs.write_reason_codes`"
