"""What gates.yaml asks for: gates, the other thresholds, and how far a value is from one (certification.md §4).

A gate's life: defined here, its value counted in `cohorts.py` or `governance_metrics.py`, compared by `holds` and
`margin`, judged for a seed by `seed_checks`, and shown by certification's gate table and the page.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from scripts.lib.contracts import load_yaml
from scripts.lib.records import plain_fields, record_fields
from scripts.scoring.metric_value import MetricValue, Number, exact

Grade = Literal["b", "bplus"]
Op = Literal["<=", ">="]
Verdict = Literal["FAIL_REALISM", "PASS_B", "PASS_BPLUS"]
Checks = dict[str, dict[str, bool]]  # by grade (B, BPLUS), then check
GRADES: tuple[Grade, ...] = ("b", "bplus")
VERDICTS: tuple[Verdict, ...] = ("FAIL_REALISM", "PASS_B", "PASS_BPLUS")  # from worst to best


def margin(value: Number | None, op: Op, threshold: float | None) -> float | None:
    """Distance to the threshold, positive on the passing side; None where there is no value or no threshold."""
    if value is None or threshold is None:
        return None
    distance = exact(value) - exact(threshold)
    return float(distance if op == ">=" else -distance)


def holds(value: Number | None, op: Op, threshold: float | None) -> bool:
    """Whether `value op threshold`, exactly; a missing value (None, NaN) fails, a missing threshold does not gate."""
    if threshold is None or value is None or not math.isfinite(value):
        return threshold is None
    return exact(value) >= exact(threshold) if op == ">=" else exact(value) <= exact(threshold)


@dataclass(frozen=True)
class Threshold:
    """A number, or a switch that is true or false, with its reason."""

    value: float
    why: str
    source: str


@dataclass(frozen=True)
class Bands:
    """A number for each grade; without one, the grade asks for nothing."""

    b: float | None
    bplus: float
    why: str
    source: str

    def threshold(self, grade: Grade) -> float | None:
        return self.b if grade == "b" else self.bplus


@dataclass(frozen=True)
class Gate(Bands):
    """A metric, the side on which it passes, and where."""

    name: str
    axis: Literal["realism", "governance", "stability"]
    op: Op

    def margin(self, value: Number | None, grade: Grade) -> float | None:
        return margin(value, self.op, self.threshold(grade))

    def holds(self, value: Number | None, grade: Grade) -> bool:
        return holds(value, self.op, self.threshold(grade))

    def gap(self, value: Number | None, grade: Grade) -> float | None:
        """How far a value is from its band, 0 when it holds; None where the margin is None."""
        distance = self.margin(value, grade)
        return None if distance is None else max(0.0, -distance)

    def gain(self, before: Number, after: Number) -> float:
        """How far a value has moved, positive toward the passing side."""
        return float(exact(after) - exact(before)) * (1 if self.op == ">=" else -1)


@dataclass(frozen=True)
class CountryCap:
    """The cap on a country's fallback rate by grade, and the least sites and fallback rows that can breach it."""

    b: Threshold
    bplus: Threshold
    min_sites: Threshold
    min_rows: Threshold

    def threshold(self, grade: Grade) -> float:
        return (self.b if grade == "b" else self.bplus).value


@dataclass(frozen=True)
class Limits:
    """The whole of gates.yaml: what a certificate states as its `thresholds`."""

    gates: dict[str, Gate]
    stability_cv: Gate
    stability_metrics: list[str]
    stability_min_seeds: Threshold
    fallback_country: CountryCap
    expected_rho: Bands
    heavy_override_rate: Threshold
    untouched_rows: Threshold  # a switch
    unknown_country_share: Threshold
    gated_share: Threshold
    near_copy_share: Threshold
    unequal_seed_sizes: Threshold
    credible_lift: Threshold
    credible_p: Threshold
    earth_draws: Threshold
    improvement_min_gap_share: Threshold

    @property
    def realism(self) -> dict[str, Gate]:
        return {name: gate for name, gate in self.gates.items() if gate.axis == "realism"}

    @property
    def governance(self) -> dict[str, Gate]:
        return {name: gate for name, gate in self.gates.items() if gate.axis == "governance"}

    def thresholds(self) -> dict[str, dict[str, float | None]]:
        """Every gate's thresholds by grade: what a seed's metrics state."""
        return {name: {grade: gate.threshold(grade) for grade in GRADES} for name, gate in self.gates.items()}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "Limits":
        """From the content of gates.yaml, or from a certificate's `thresholds`: a gate's name is its key there."""
        gates = {name: {"name": name, **entry} for name, entry in found["gates"].items()}
        stability = {"name": "stability_cv", **found["stability_cv"]}
        return record_fields(cls, {**found, "gates": gates, "stability_cv": stability})

    def to_json(self) -> dict[str, Any]:
        found = plain_fields(self)
        for gate in (*found["gates"].values(), found["stability_cv"]):
            del gate["name"]
        return found


def read_limits(path: str | Path) -> Limits:
    """The gate contract of `config/certification/gates.yaml`."""
    return Limits.from_json(load_yaml(path))


def seed_checks(metrics: Mapping[str, MetricValue], structural: Mapping[str, bool], limits: Limits) -> Checks:
    """Structural checks, which both grades ask for, and every gate of each grade (certification.md §5, §8 step 1)."""
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
