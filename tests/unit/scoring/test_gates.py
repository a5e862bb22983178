"""Each gate flips exactly at its threshold, and a seed's verdict follows from its checks (certification.md §4, §8)."""

import math
from dataclasses import replace

import numpy as np
import pytest

from scripts.lib.contracts import load_yaml
from scripts.lib.records import plain, record
from scripts.scoring.gates import GRADES, Limits, failing, read_limits, seed_checks, seed_verdict
from scripts.scoring.metric_value import MetricValue, available

FILE = "config/certification/gates.yaml"
LIMITS = read_limits(FILE)
CASES = [
    (gate, grade, gate.threshold(grade))
    for gate in LIMITS.gates.values()
    for grade in GRADES
    if gate.threshold(grade) is not None
]
BEST = {name: gate.bplus for name, gate in LIMITS.gates.items()}


def metrics(**changes):
    values = BEST | changes
    return {name: MetricValue(value, 9, None if value is not None else "gone") for name, value in values.items()}


@pytest.mark.parametrize(("gate", "grade", "threshold"), CASES)
def test_gate_flips_at_its_threshold(gate, grade, threshold):
    better, worse = (math.inf, -math.inf) if gate.op == ">=" else (-math.inf, math.inf)
    for value, expected in (
        (np.nextafter(threshold, better), True),
        (threshold, True),
        (np.nextafter(threshold, worse), False),
    ):
        checks = seed_checks(metrics(**{gate.name: float(value)}), {}, LIMITS)
        assert checks[grade.upper()][gate.name] is expected
        assert (gate.name in failing(checks)[grade.upper()]) is not expected


@pytest.mark.parametrize("name", BEST)
def test_missing_value_fails_its_gate(name):
    gate = LIMITS.gates[name]
    assert name in failing(seed_checks(metrics(**{name: None}), {}, LIMITS))["BPLUS"]
    assert not gate.holds(math.nan, "bplus")
    assert gate.margin(None, "bplus") is None and gate.gap(None, "bplus") is None


def test_a_grade_without_threshold_asks_for_nothing():
    gate = LIMITS.gates["fallback_country_violations_bplus"]
    assert gate.b is None
    assert gate.holds(None, "b") and gate.holds(99.0, "b") and gate.margin(99.0, "b") is None
    assert gate.name not in seed_checks(metrics(), {}, LIMITS)["B"]


def test_margin_gap_and_gain_point_to_the_passing_side():
    least, most = LIMITS.gates["c_multi_share_distinct_ge2"], LIMITS.gates["c_multi_median_top1_share"]
    assert (least.margin(0.75, "b"), least.gap(0.75, "b")) == (pytest.approx(0.05), 0.0)
    assert (least.margin(0.5, "b"), least.gap(0.5, "b")) == (pytest.approx(-0.2), pytest.approx(0.2))
    assert (most.margin(1.0, "b"), most.gap(1.0, "b")) == (pytest.approx(-0.08), pytest.approx(0.08))
    assert (least.gain(0.5, 0.75), most.gain(0.5, 0.75)) == (0.25, -0.25)


def test_the_contract_is_written_as_it_is_read():
    assert plain(LIMITS) == load_yaml(FILE)
    assert record(Limits, plain(LIMITS)) == LIMITS


def verdict(top1_share, structural=True, **changes):
    values = metrics(c_multi_median_top1_share=top1_share, **changes)
    return seed_verdict(seed_checks(values, {"s1_status_pass": structural}, LIMITS))


def test_seed_verdicts():
    assert verdict(0.80) == "PASS_BPLUS"
    assert verdict(0.80, override_rate=0.0006) == "PASS_B"
    assert verdict(0.85) == "PASS_B"
    assert verdict(0.93) == "FAIL_REALISM"
    assert verdict(0.80, structural=False) == "FAIL_REALISM"


def test_a_metric_value_says_its_status_or_why_it_has_none():
    assert plain(available(0.5, 3)) == {"status": "ok", "value": 0.5, "n": 3}
    gone = MetricValue(None, 0, "no rows")
    assert plain(gone) == {"status": "not_computable", "value": None, "n": 0, "reason": "no rows"}
    kept = replace(available(1, 2), rows=7)
    assert record(MetricValue, plain(kept)) == kept
