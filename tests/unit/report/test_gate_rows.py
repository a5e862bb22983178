"""Gate rows: where marks lie, which seed is called worst, when Earth speaks, what an exception shows."""

from copy import deepcopy
from typing import Any

import pytest

from scripts.lib.files import read_json
from scripts.report.evidence import Document
from scripts.report.gate_rows import gate_rows


@pytest.fixture
def gates(page_of) -> dict[str, Any]:
    """The certificate of a failing run, to change."""
    return deepcopy(read_json(page_of("failing").parent / "segment2a_certification.json"))


def row_of(certificate: dict[str, Any], name: str):
    """One row by the gate's name."""
    return next(row for row in gate_rows(Document("c.json", "c.json", certificate)) if row.name == name)


def first(certificate: dict[str, Any], name: str) -> dict[str, Any]:
    """One gate of the certificate."""
    return next(gate for gate in certificate["gates"] if gate["gate"] == name)


def test_marks_lie_where_their_values_are(gates):
    row = row_of(gates, "c_multi_share_distinct_ge2")
    assert [entry.at for entry in row.values] == [50.0] * 4
    assert (row.b.at, row.bplus.at, row.ceiling.at, row.reach.at) == (70.0, 85.0, 100.0, 50.0)
    assert [entry.lane for entry in row.values] == [0, 1, 2, 3]
    assert row.fails and row.higher_is_better


def test_ties_have_no_worst_seed_and_a_worst_value_marks_all_who_have_it(gates):
    name = "c_multi_median_top1_share"
    assert not any(entry.worst for entry in row_of(gates, name).values)
    first(gates, name)["values"] = {"42": 0.97, "7": 1.0, "101": 1.0, "202": 0.98}
    first(gates, name)["value"] = 1.0
    assert [entry.worst for entry in row_of(gates, name).values] == [False, True, True, False]


def test_a_rate_has_a_scale_a_little_above_all_that_is_on_it(gates):
    first(gates, "override_rate")["values"]["7"] = 0.004
    row = row_of(gates, "override_rate")
    assert row.values[1].at == 80.0
    assert row.b.at == 40.0
    assert row.ceiling is None


def test_earth_speaks_only_where_it_has_a_value(gates):
    name = "c_large_share_top1_lt_095"
    assert row_of(gates, name).earth.fails_b is False
    first(gates, name)["earth"] = {"value": 0.5, "interval": [0.4, 0.6], "passes_b": False, "passes_bplus": False}
    assert row_of(gates, name).earth.fails_b is True
    first(gates, name)["earth"] = {"value": None, "interval": None, "passes_b": False, "passes_bplus": False}
    assert row_of(gates, name).earth is None
    first(gates, name)["earth"] = None
    assert row_of(gates, name).earth is None


def test_a_gate_that_a_seed_leaves_open_says_why_and_what_the_others_have(gates):
    gate = first(gates, "c_large_share_top1_lt_095")
    gate |= {"value": None, "reason": "the seed is missing", "values": gate["values"] | {"42": None}}
    row = row_of(gates, gate["gate"])
    assert (row.standing, row.fails, row.reason, row.without) == ("fails B", True, "the seed is missing", [42])
    assert row.value.key.endswith("/values/7") and row.value.value == 0.0, "the others miss B anyway"
    assert row.values[0].at is None and row.values[0].value is None
    gate["values"] = {"42": None, "7": 0.9, "101": 0.85, "202": 1.0}
    row = row_of(gates, gate["gate"])
    assert (row.standing, row.fails, row.value.value) == ("undecided", True, 0.85)
    gate["values"] = dict.fromkeys(gate["values"])
    assert row_of(gates, gate["gate"]).value.value is None


def test_an_exception_shows_the_contract(gates):
    assert not row_of(gates, "override_rate").raised
    first(gates, "override_rate")["b"] = 0.01
    row = row_of(gates, "override_rate")
    assert row.raised and row.b_contract.value == 0.002


def test_a_stability_row_says_on_what_and_shows_the_seeds(gates):
    row = row_of(gates, "stability_cv:c_multi_median_top1_share")
    assert (
        row.question
        == "How far apart are the seeds on: how large is the biggest zone in the typical multi-zone country?"
    )
    assert [entry.value.value for entry in row.values] == [0.995] * 4
