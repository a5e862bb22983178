"""What `score_seed` finds out about one seed, and the file that carries it to certification (certification.md §9)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from scripts.lib.files import read_json
from scripts.lib.records import plain_fields, record
from scripts.reference.identify_reference import Reference
from scripts.scoring.caveat import Caveat
from scripts.scoring.cohorts import Cohorts
from scripts.scoring.gates import Checks, Gate, Verdict, failing, seed_verdict
from scripts.scoring.governance_metrics import Exempt, PolicyRows, policy_rows
from scripts.scoring.metric_value import MetricValue


@dataclass(frozen=True)
class SiteRows:
    """What tells one seed's sites from another's, whatever file they came in: digests of rows, not of bytes.

    Hex SHA-256 over the site keys and coordinates in key order, and over the merchants.
    """

    sha256: str
    merchants_sha256: str


@dataclass(frozen=True)
class Coverage:
    """Sites of gated cohorts, of known countries outside them, and of country codes that no list knows, by code."""

    gated: int
    other: int
    unknown: dict[str, int]

    @property
    def total(self) -> int:
        return self.gated + self.other + sum(self.unknown.values())


@dataclass(frozen=True)
class Reading(MetricValue):
    """C_large under another reading of "large", the best that its countries' zones allow, and these countries."""

    ceiling: float | None = None
    countries: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return super().to_json() | {"ceiling": self.ceiling, "countries": list(self.countries)}


@dataclass(frozen=True)
class PolygonSupport:
    """What K_c by polygons would give: countries of the cohorts, K of all that it changes, gate values."""

    cohort_members: dict[str, list[str]]
    zones: dict[str, int]
    metrics: dict[str, MetricValue]


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
    reported_cohorts: dict[str, dict[str, Any]]  # by cohort that is shown and never gated
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
        """The gate as this seed was held to it: an exception may have raised its thresholds."""
        return replace(gate, **self.thresholds[gate.name])  # type: ignore[arg-type]  # bplus is never None

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
