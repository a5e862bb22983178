"""What `score_seed` finds out about one seed, and the file that carries it to certification (certification.md §9)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from scripts.lib.files import read_json
from scripts.lib.records import plain_fields, record, record_fields
from scripts.reference.identify_reference import Reference
from scripts.scoring.caveat import Caveat
from scripts.scoring.checks import Checks, Verdict, failing, seed_verdict
from scripts.scoring.cohorts import Cohorts
from scripts.scoring.coverage import Coverage
from scripts.scoring.gates import Gate
from scripts.scoring.metric_value import MetricValue
from scripts.scoring.policy_rows import Exempt, PolicyRows, policy_rows
from scripts.scoring.site_rows import SiteRows


@dataclass(frozen=True)
class Reading:
    """C_large under another reading of "large": its metric, the best that its countries' zones allow, its members."""

    metric: MetricValue
    ceiling: float | None
    countries: list[str]

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "Reading":
        return record_fields(cls, {"metric": found, **found})

    def to_json(self) -> dict[str, Any]:
        return {**self.metric.to_json(), "ceiling": self.ceiling, "countries": self.countries}


@dataclass(frozen=True)
class PolygonSupport:
    """What K_c by polygons would give: countries of the cohorts, K of all that it changes, gate values."""

    cohort_members: dict[str, list[str]]
    zones: dict[str, int]
    metrics: dict[str, MetricValue]


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
    site_rows: SiteRows | None  # None where nothing was published
    reference: dict[str, Reference]
    sites_total: int  # rows of site_timezones; 0 when it was withheld
    state_status: dict[str, str]
    error_codes: dict[str, list[str]]
    warning_codes: dict[str, list[str]]
    s1_governance: dict[str, Any] | None  # the block of S1's report; None when S1 did not get there
    s1_sites_total: int | None
    cohort_definitions: Cohorts
    cohort_counts: dict[str, int]
    cohort_members: dict[str, list[str]]
    coverage: Coverage
    reported_cohorts: dict[str, ReportedCohort]
    metrics: dict[str, MetricValue]
    variants: dict[str, dict[str, MetricValue]]  # by metric, then variant
    c_large_readings: dict[str, Reading]
    polygon_support: PolygonSupport | None
    reach_2a: dict[str, MetricValue]
    thresholds: dict[str, dict[str, float | None]]  # `b` and `bplus` that each gate was held to
    caveats: list[Caveat]
    checks: Checks

    @property
    def failing_gates(self) -> dict[str, list[str]]:
        return failing(self.checks)

    @property
    def verdict(self) -> Verdict:
        return seed_verdict(self.checks)

    def gate(self, gate: Gate) -> Gate:
        """The gate as this seed was held to it."""
        return gate.held_to(self.thresholds[gate.name])

    @property
    def fallback_exempt(self) -> dict[str, Exempt]:
        """Countries above the country cap on fallback that its floors exempt (certification.md A10)."""
        found = (self.s1_governance or {}).get("fallback_country_exempt", {})
        return {country: record(Exempt, entry) for country, entry in found.items()}

    @property
    def policy_rows(self) -> PolicyRows | None:
        """What S1 counted; it stands also where the seed failed."""
        return policy_rows(self.s1_governance, self.s1_sites_total)

    @property
    def codes(self) -> list[str]:
        """The reason codes of all states, sorted."""
        return sorted({code for codes in self.error_codes.values() for code in codes})

    def to_json(self) -> dict[str, Any]:
        return plain_fields(self) | {"failing_gates": self.failing_gates, "verdict": self.verdict}


def read_seeds(paths: Iterable[str]) -> dict[int, SeedMetrics]:
    """The seeds' metrics by seed, in the order of the paths."""
    return {seed.seed: seed for seed in (record(SeedMetrics, read_json(path)) for path in paths)}
