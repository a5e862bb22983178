"""What `score_seed` finds out about one seed, and the file that carries it to certification (certification.md §9)."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any

from scripts.lib.files import read_json
from scripts.scoring.cohorts import Cohorts
from scripts.scoring.gates import Gate, failing, seed_verdict
from scripts.scoring.metric_value import MetricValue, metrics_from_json, metrics_to_json

Caveat = dict[str, Any]  # `caveat` says what it is, the rest is for people: gate, grade, value, countries


@dataclass(frozen=True)
class Reading:
    """C_large under another reading of "large": its metric, the best that its countries' zones allow, its members."""

    metric: MetricValue
    ceiling: float | None
    countries: list[str]

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> "Reading":
        return cls(MetricValue.from_json(found), found["ceiling"], found["countries"])

    def to_json(self) -> dict[str, Any]:
        return self.metric.to_json() | {"ceiling": self.ceiling, "countries": self.countries}


@dataclass(frozen=True)
class ReportedCohort:
    """A cohort that is shown and never gated."""

    countries: int
    sites: int
    median_top1_share: float | None
    countries_with_leaked_rows: list[str]


@dataclass(frozen=True)
class SeedMetrics:
    """One seed: who it is, what its states said, its cohorts, metrics and checks. Names are those of the JSON."""

    seed: int
    run_id: str
    manifest_fingerprint: str
    site_locations_sha256: str
    sites_total: int  # rows of site_timezones; 0 when it was withheld
    state_status: dict[str, str]
    error_codes: dict[str, list[str]]
    warning_codes: dict[str, list[str]]
    s1_governance: dict[str, Any] | None  # the block of S1's report; None when S1 did not get there
    s1_sites_total: int | None
    cohort_definitions: Cohorts
    cohort_counts: dict[str, int]
    cohort_members: dict[str, list[str]]
    reported_cohorts: dict[str, ReportedCohort]
    metrics: dict[str, MetricValue]
    variants: dict[str, dict[str, MetricValue]]  # by metric, then variant
    c_large_readings: dict[str, Reading]
    reach_2a: dict[str, MetricValue]
    thresholds: dict[str, dict[str, float | None]]  # `b` and `bplus` that each gate was held to
    caveats: list[Caveat]
    checks: dict[str, dict[str, bool]]  # by grade (B, BPLUS), then check

    @property
    def failing_gates(self) -> dict[str, list[str]]:
        return failing(self.checks)

    @property
    def verdict(self) -> str:
        return seed_verdict(self.checks)

    def gate(self, gate: Gate) -> Gate:
        """The gate as this seed was held to it."""
        return gate.held_to(self.thresholds[gate.name])

    @property
    def codes(self) -> list[str]:
        """The reason codes of all states, sorted."""
        return sorted({code for codes in self.error_codes.values() for code in codes})

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> "SeedMetrics":
        read: dict[str, Any] = {
            "cohort_definitions": Cohorts.from_json(found["cohort_definitions"]),
            "reported_cohorts": {name: ReportedCohort(**entry) for name, entry in found["reported_cohorts"].items()},
            "metrics": metrics_from_json(found["metrics"]),
            "variants": {name: metrics_from_json(entry) for name, entry in found["variants"].items()},
            "c_large_readings": {name: Reading.from_json(entry) for name, entry in found["c_large_readings"].items()},
            "reach_2a": metrics_from_json(found["reach_2a"]),
        }
        return cls(**{field.name: found[field.name] for field in fields(cls)} | read)

    def to_json(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)} | {
            "cohort_definitions": self.cohort_definitions.to_json(),
            "reported_cohorts": {name: asdict(entry) for name, entry in self.reported_cohorts.items()},
            "metrics": metrics_to_json(self.metrics),
            "variants": {name: metrics_to_json(entry) for name, entry in self.variants.items()},
            "c_large_readings": {name: entry.to_json() for name, entry in self.c_large_readings.items()},
            "reach_2a": metrics_to_json(self.reach_2a),
            "failing_gates": self.failing_gates,
            "verdict": self.verdict,
        }


def read_seeds(paths: Iterable[str]) -> dict[int, SeedMetrics]:
    """The seeds' metrics by seed, in the order of the paths."""
    return {seed.seed: seed for seed in (SeedMetrics.from_json(read_json(path)) for path in paths)}
