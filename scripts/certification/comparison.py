"""A run against its baselines: what compare_runs writes and certificate, candidate table and phases read (P3)."""

from dataclasses import dataclass, field
from typing import Any

from scripts.lib.records import plain_fields
from scripts.scoring.metric_value import unavailable


@dataclass(frozen=True)
class Movement:
    """One gate on one seed from baseline to candidate; nothing but a reason where one of them has no value.

    `bought_with` names what the improvement rests on, such as leakage.
    """

    baseline: float | None = None
    candidate: float | None = None
    gain: float | None = None
    gap_to_b: float | None = None
    improved: bool | None = None
    bought_with: list[str] | None = None
    reason: str | None = None

    @property
    def counts(self) -> bool:
        return bool(self.improved) and not self.bought_with

    def to_json(self) -> dict[str, Any]:
        if self.reason is not None:
            return unavailable(self.reason).to_json() | {"counts": False}
        fields = plain_fields(self) | {"status": "ok", "counts": self.counts}
        del fields["reason"]
        return fields


@dataclass(frozen=True)
class Rate:
    """A governance rate of S1 on both sides, None where S1 reported none."""

    baseline: float | None
    candidate: float | None

    @property
    def rise(self) -> float | None:
        return None if self.baseline is None or self.candidate is None else self.candidate - self.baseline

    def to_json(self) -> dict[str, Any]:
        return plain_fields(self) | {"rise": self.rise}


@dataclass(frozen=True)
class Codes:
    """Reason codes of a seed on both sides, sorted."""

    baseline: list[str]
    candidate: list[str]


@dataclass(frozen=True)
class Governance:
    """S1's rates and all states' codes; they stand also where the seed failed."""

    fallback_rate: Rate
    override_rate: Rate
    error_codes: Codes

    @property
    def rates(self) -> dict[str, Rate]:
        return {"fallback_rate": self.fallback_rate, "override_rate": self.override_rate}


@dataclass(frozen=True)
class SeedComparison:
    """One seed that both runs have: movement by gate, governance, vetoes in words, distribution tests.

    `rescued` says that the caps withheld the seed from the baseline and do not withhold it from the run.
    """

    movement: dict[str, Movement]
    governance: Governance
    rescued: bool
    structure_lost: list[str]  # structural checks that held before and fail now
    veto: list[str]
    tests: dict[str, Any]

    @property
    def comparable(self) -> bool:
        return any(move.reason is None for move in self.movement.values())


@dataclass(frozen=True)
class Against:
    """A run against one baseline. It is accepted when it improves without a veto on any seed and drops none."""

    same_upstream: bool
    dropped_seeds: list[int]  # seeds that the baseline has metrics of and the run does not have
    seeds: dict[int, SeedComparison]
    baseline_sha256: dict[int, str]  # of the baseline's seed metrics, as they were read

    @property
    def rescued_seeds(self) -> list[int]:
        """Seeds that governance brought back below their caps: a gain beside realism, which it does not move."""
        return [seed for seed, entry in self.seeds.items() if entry.rescued]

    @property
    def comparable(self) -> list[SeedComparison]:
        return [entry for entry in self.seeds.values() if entry.comparable]

    @property
    def improved_gates(self) -> list[str]:
        """Failing realism gates whose movement counts on every comparable seed."""
        found = [{name for name, move in entry.movement.items() if move.counts} for entry in self.comparable]
        return sorted(set.intersection(*found)) if found else []

    @property
    def improves(self) -> bool:
        return bool(self.improved_gates)

    @property
    def vetoes(self) -> list[tuple[int, str]]:
        """(seed, why) of everything that vetoes this comparison."""
        found = [(seed, why) for seed, entry in self.seeds.items() for why in entry.veto]
        return found + [(seed, "the candidate does not run this seed") for seed in self.dropped_seeds]

    @property
    def accepted(self) -> bool:
        return self.improves and not self.vetoes

    @property
    def outcome(self) -> str:
        """One sentence: does it improve, and does it count."""
        return " ".join(filter(None, (self._realism, self._governance)))

    @property
    def _realism(self) -> str:
        seeds = len(self.comparable)
        if not seeds:
            return "No seed has metrics on both sides: movement cannot be measured."
        if self.improves:
            verb = "vetoed" if self.vetoes else "accepted"
            return f"Improves {', '.join(self.improved_gates)} on {seeds} seeds; {verb}."
        return f"No failing realism gate improves on all of the {seeds} comparable seeds."

    @property
    def _governance(self) -> str:
        rescued = ", ".join(map(str, self.rescued_seeds))
        return f"Governance brings seeds {rescued} back below their caps." if rescued else ""

    def to_json(self) -> dict[str, Any]:
        return plain_fields(self) | {
            "comparable_seeds": len(self.comparable),
            "rescued_seeds": self.rescued_seeds,
            "outcome": self.outcome,
            "vetoes": [f"seed {seed}: {why}" for seed, why in self.vetoes],
            "improved_gates": self.improved_gates,
            "improves": self.improves,
            "vetoed": bool(self.vetoes),
            "accepted": self.accepted,
        }


@dataclass(frozen=True)
class Comparison:
    """A run against P0, its oldest ancestor, and its parent; a baseline has nothing to be compared with."""

    run: str
    p0: str | None
    against: dict[str, Against] = field(default_factory=dict)

    @property
    def to_p0(self) -> Against | None:
        return self.against[self.p0] if self.p0 else None

    def to_json(self) -> dict[str, Any]:
        status = {"status": "ok", "reason": None}
        if not self.against:
            status = {"status": "not_applicable", "reason": "a baseline has nothing to be compared with"}
        return plain_fields(self) | status
