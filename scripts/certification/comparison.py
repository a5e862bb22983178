"""A run against its baselines: what compare_runs writes and certificate, candidate table and phases read (P3)."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pandas as pd

from scripts.lib.files import sha256_file
from scripts.lib.records import plain_fields
from scripts.lib.text_tables import read_csv
from scripts.scoring.gates import Limits
from scripts.scoring.metric_value import unavailable
from scripts.scoring.seed_metrics import SeedMetrics, read_seeds


class Scored(NamedTuple):
    """What scoring left of one run, by seed: metrics, a table such as that of countries, digests of the metrics."""

    seeds: dict[int, SeedMetrics]
    tables: dict[int, pd.DataFrame]
    sha256: dict[int, str]

    @classmethod
    def by_run(cls, runs: list[str], metrics: list[str], tables: list[str]) -> dict[str, "Scored"]:
        """From the files of several runs: parallel lists with an entry for each seed of each run."""
        found: dict[str, Scored] = {}
        for run, path, table in zip(runs, metrics, tables, strict=True):
            own = found.setdefault(run, cls({}, {}, {}))
            for seed, scored in read_seeds([path]).items():
                own.seeds[seed], own.tables[seed], own.sha256[seed] = scored, read_csv(table), sha256_file(path)
        return found


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
class SeedComparison:
    """One seed that both runs have: movement by gate, vetoes in words; governance and distribution tests as JSON.

    `rescued` says that the caps withheld the seed from the baseline and do not withhold it from the run.
    """

    movement: dict[str, Movement]
    governance: dict[str, Any]
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
        """In words: does it improve, does it count, and what governance gained beside it."""
        seeds, rescued = len(self.comparable), ", ".join(map(str, self.rescued_seeds))
        if not seeds:
            said = "No seed has metrics on both sides: movement cannot be measured."
        elif self.improves:
            verb = "vetoed" if self.vetoes else "accepted"
            said = f"Improves {', '.join(self.improved_gates)} on {seeds} seeds; {verb}."
        else:
            said = f"No failing realism gate improves on all of the {seeds} comparable seeds."
        return said + (f" Governance brings seeds {rescued} back below their caps." if rescued else "")

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


def structure_lost(before: SeedMetrics, after: SeedMetrics, limits: Limits) -> list[str]:
    """Structural checks that held before and fail now (P1.4, P3.3)."""
    held = before.checks["B"]
    return [name for name, ok in after.checks["B"].items() if name not in limits.gates and held.get(name) and not ok]
