"""Each gate flips exactly at its threshold; the aggregate follows the algorithm (certification.md §4, §6, §8)."""

import math

import numpy as np
import pytest

from scripts.lib.contracts import load_yaml
from scripts.scoring.gates import aggregate, failing, holds, seed_checks, seed_verdict, stability

GATES = load_yaml("config/certification/gates.yaml")
CASES = [
    (name, grade, gate[grade], gate["op"])
    for name, gate in GATES["gates"].items()
    for grade in ("b", "bplus")
    if gate[grade] is not None
]
BEST = {name: gate["bplus"] for name, gate in GATES["gates"].items()}


def metrics(**changes):
    return {name: {"value": value} for name, value in (BEST | changes).items()}


@pytest.mark.parametrize(("name", "grade", "threshold", "op"), CASES)
def test_gate_flips_at_its_threshold(name, grade, threshold, op):
    better, worse = (math.inf, -math.inf) if op == ">=" else (-math.inf, math.inf)
    for value, expected in (
        (np.nextafter(threshold, better), True),
        (threshold, True),
        (np.nextafter(threshold, worse), False),
    ):
        checks = seed_checks(metrics(**{name: float(value)}), {}, GATES)
        assert checks[grade.upper()][name] is expected
        assert (name in failing(checks)[grade.upper()]) is not expected


@pytest.mark.parametrize("name", BEST)
def test_missing_value_fails_its_gate(name):
    checks = seed_checks(metrics(**{name: None}), {}, GATES)
    assert not all(checks["BPLUS"].values())
    assert holds(float("nan"), "<=", 1.0) is False


@pytest.mark.parametrize(("threshold", "key"), [(0.30, "b"), (0.20, "bplus")])
def test_stability_flips_at_its_limit(threshold, key):
    assert GATES["stability_cv"][key] == threshold
    limits = GATES["stability_cv"]
    for cv, expected in ((threshold, True), (np.nextafter(threshold, 1), False)):
        found = aggregate([1], {1: "PASS_BPLUS"}, {"m": {"cv": float(cv)}}, limits)
        assert found[2][f"stability_cv_{key}"] is expected


def verdict(realism_b=True, realism_bplus=True, structural=True):
    values = {}
    if not realism_bplus:
        values["c_multi_median_top1_share"] = 0.85
    if not realism_b:
        values["c_multi_median_top1_share"] = 0.93
    return seed_verdict(seed_checks(metrics(**values), {"s1_status_pass": structural}, GATES))


def test_seed_verdicts():
    assert verdict() == "PASS_BPLUS"
    assert verdict(realism_bplus=False) == "PASS_B"
    assert verdict(realism_b=False) == "FAIL_REALISM"
    assert verdict(structural=False) == "FAIL_REALISM"


SEEDS = [42, 7, 101, 202]
STEADY = {"m": {"cv": 0.0}}


def run(verdicts, cvs=STEADY, distinct=True):
    return aggregate(SEEDS, verdicts, cvs, GATES["stability_cv"], distinct)[:2]


def test_aggregate_verdicts():
    plus = dict.fromkeys(SEEDS, "PASS_BPLUS")
    assert run(plus) == ("PASS_BPLUS", [])
    assert run(plus, {"m": {"cv": 0.25}}) == ("PASS_B", ["stability_cv_bplus"])
    assert run(plus | {7: "PASS_B"}) == ("PASS_B", [])
    assert run(plus | {7: "FAIL_REALISM"}) == ("FAIL_REALISM", ["seed_7_hard_gates"])
    assert run(plus, {"m": {"cv": 0.31}})[0] == "FAIL_REALISM"
    assert run(plus, distinct=False) == ("FAIL_REALISM", ["required_seed_data_distinct"])


def test_missing_seed_fails():
    status, failed = run({42: "PASS_BPLUS", 7: "PASS_BPLUS", 101: "PASS_BPLUS"})
    assert status == "FAIL_REALISM"
    assert failed == ["required_seed_coverage", "seed_202_hard_gates"]


def test_stability():
    assert stability({1: 1.0, 2: 3.0}, 2)["cv"] == 0.5  # population standard deviation 1, mean 2
    assert stability({1: 0.0, 2: 0.0}, 2)["cv"] == 0.0
    assert stability({1: -1.0, 2: 1.0}, 2)["cv"] is None
    assert stability({1: 1.0, 2: None}, 2)["cv"] is None
    assert stability({}, 1)["cv"] is None


def test_stability_needs_enough_seeds():
    least = GATES["stability_min_seeds"]["value"]
    assert least == 4
    for count, status in ((1, "not_computable"), (least - 1, "not_computable"), (least, "ok")):
        assert stability(dict.fromkeys(range(count), 0.5), least)["status"] == status
