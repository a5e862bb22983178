"""Registry, source and cases name the same codes, and each case brings its code back."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from scripts.docs.write_reason_codes import PAGE, page
from scripts.lib.errors import reason_codes
from tests.contract.s0 import S0
from tests.contract.s1 import S1
from tests.contract.s2 import S2
from tests.contract.s3 import S3
from tests.contract.s4 import S4
from tests.contract.s5 import S5
from tests.rule.test_bad_gate import OVERRIDES, REFERENCE, UPSTREAM
from tests.rule.test_bad_tables import TABLES
from tests.rule.test_bad_timetable import ARCHIVES
from tests.rule.test_parts import ON_DISK

EFFECTS = {"Abort", "Warn"}
CASES = [(table, *row) for table in (S0, S1, S2, S3, S4, S5) for row in table.rows()]
RULE_TABLES = (UPSTREAM, OVERRIDES, REFERENCE, TABLES, ARCHIVES, ON_DISK)


@pytest.mark.parametrize(("table", "kind", "what", "codes"), CASES, ids=[f"{case[3]}-{case[2]}" for case in CASES])
def test_condition_brings_its_code(table, kind, what, codes, tmp_path, planted_once, passed_once):
    house = (planted_once if kind == "before" else passed_once).copy(tmp_path / "run")
    assert table.codes(kind, what, house) == codes.split()
    assert house.leftovers() == []


def test_every_code_has_a_case():
    covered = {code for *_, codes in CASES for code in codes.split()}
    covered |= {code for table in RULE_TABLES for codes, _ in table.values() for code in codes.split()}
    assert covered == set(reason_codes()), covered ^ set(reason_codes())
    assert len(reason_codes()) >= 130  # those of the contract; codes are added, never taken away


def test_every_code_is_raised_somewhere():
    """In an expression, that is: comments and docstrings do not count."""
    trees = [ast.parse(path.read_text()) for path in Path("scripts").rglob("*.py")]
    literals = {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert set(reason_codes()) <= literals


def test_no_code_outside_the_registry():
    source = "\n".join(path.read_text() for path in Path("scripts").rglob("*.py"))
    assert set(re.findall(r"2A-S[0-9]-[0-9]{3}", source)) <= set(reason_codes())


def test_registry_entries_are_complete():
    for code, entry in reason_codes().items():
        assert entry.effect in EFFECTS and code.split("-")[1] == entry.state
        assert entry.meaning.endswith(".") and entry.action.endswith("."), code
    names = Counter((entry.state, entry.name) for entry in reason_codes().values())
    assert max(names.values()) == 1


def test_warn_codes_are_the_contracts():
    warn = {code for code, entry in reason_codes().items() if entry.effect == "Warn"}
    assert warn == {"2A-S0-070", "2A-S1-070", "2A-S2-070"}


def test_page_is_current():
    assert PAGE.read_text() == page(), "run `python -m scripts.docs.write_reason_codes`"
