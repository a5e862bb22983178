"""The "decided by" line on hand-made certificates: no cause is hidden, and a miss never looks like the threshold."""

import pytest

from scripts.candidates import main
from scripts.lib.certification.deciding import decided_by
from scripts.lib.errors import UsageError


def gate(name, axis, values, op="<=", b=0.92):
    worst = next(
        (seed for seed, value in values.items() if value is None), max(values, key=lambda seed: values[seed] or 0)
    )
    value = values[worst]
    return {"gate": name, "axis": axis, "values": values, "worst_seed": int(worst), "value": value, "op": op, "b": b}


def failed(codes, *gates):
    return {
        "status": "FAIL_REALISM",
        "seed_error_codes": codes,
        "gates": list(gates),
        "seed_failing_gates": {seed: {"B": [], "BPLUS": []} for seed in codes},
        "missing_seeds": [],
        "failing_gates": [],
    }


def test_a_code_of_one_seed_does_not_hide_the_rate_of_another():
    rate = gate("override_rate", "governance", {"42": None, "7": 0.01}, b=0.002)
    assert decided_by(failed({"42": ["2A-S0-015"], "7": []}, rate)) == [
        "2A-S0-015 on seed 42",
        "override_rate 0.01, asked <= 0.002",
    ]
    assert decided_by(failed({"42": ["2A-S0-015"], "7": ["2A-S1-092"]}, rate)) == [
        "2A-S0-015 on seed 42",
        "2A-S1-092 on seed 7",
    ]


@pytest.mark.parametrize(("value", "text"), [(0.92004, "0.92004"), (0.9200000001, "0.9200000001"), (1, "1")])
def test_a_near_miss_is_told_from_the_threshold(value, text):
    found = decided_by(failed({"42": []}, gate("c_multi_median_top1_share", "realism", {"42": value})))
    assert found == [f"c_multi_median_top1_share {text}, asked <= 0.92"]


def test_nothing_to_compare_is_said(tmp_path):
    with pytest.raises(UsageError, match="no candidate of lane P3"):
        main(certifications=[], comparisons=[], table=str(tmp_path / "table.md"))
