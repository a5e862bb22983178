"""Checks and verdict of one seed (certification.md §5, §8 step 1)."""

from collections.abc import Mapping
from typing import Literal

from scripts.scoring.gates import GRADES, Limits
from scripts.scoring.metric_value import MetricValue

Verdict = Literal["FAIL_REALISM", "PASS_B", "PASS_BPLUS"]
VERDICTS: tuple[Verdict, ...] = ("FAIL_REALISM", "PASS_B", "PASS_BPLUS")  # from worst to best
Checks = dict[str, dict[str, bool]]  # by grade (B, BPLUS), then check


def seed_checks(metrics: Mapping[str, MetricValue], structural: Mapping[str, bool], limits: Limits) -> Checks:
    """Structural checks, which both grades ask for, and every gate of each grade."""
    checks: Checks = {}
    for grade in GRADES:
        asked = {name: gate for name, gate in limits.gates.items() if gate.threshold(grade) is not None}
        gates = {name: gate.holds(metrics[name].number, grade) for name, gate in asked.items()}
        checks[grade.upper()] = {**structural, **gates}
    return checks


def failing(checks: Checks) -> dict[str, list[str]]:
    """Names of false checks by grade."""
    return {grade: sorted(name for name, ok in found.items() if not ok) for grade, found in checks.items()}


def seed_verdict(checks: Checks) -> Verdict:
    """PASS_BPLUS where all checks of both grades are true, PASS_B where those of B are."""
    if not all(checks["B"].values()):
        return "FAIL_REALISM"
    return "PASS_BPLUS" if all(checks["BPLUS"].values()) else "PASS_B"
