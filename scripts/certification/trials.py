"""Phase P3: every bounded candidate on the frozen upstream of one P0 baseline, judged together (certification.md §10).

A candidate on a reopened upstream is none of them: what it gains is the upstream's. Governance gains stand beside
realism and never instead of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from scripts.certification.comparison import Against, Comparison

NOT_BEGUN = "a baseline: phase P3 is judged over its candidates, in their ledgers"


class Finding(NamedTuple):
    """Whether a Definition-of-Done statement, of this phase or another, holds, and why."""

    holds: bool
    why: str


def unless(problems: list[str], good: str) -> Finding:
    """The good sentence, or the first problems."""
    if not problems:
        return Finding(True, good)
    return Finding(False, "; ".join(problems[:3]) + (" ..." if len(problems) > 3 else ""))


@dataclass(frozen=True)
class Trials:
    """Movement against P0 by candidate, and the candidates of which there is none, each with the reason."""

    p0: str | None
    measured: dict[str, Against]
    unmeasured: dict[str, str]

    @property
    def improving(self) -> dict[str, Against]:
        return {run: against for run, against in self.measured.items() if against.improves}

    @property
    def open_questions(self) -> str:
        """The candidates that were not measured, in words; empty when all were."""
        missing = "; ".join(f"{run} {why}" for run, why in self.unmeasured.items())
        return f"; not measured: {missing}" if missing else ""


def trials_of(p0: str | None, names: list[str], found: list[Comparison], baseline_sha256: dict[int, str]) -> Trials:
    """The trials of a baseline among `names` from the comparisons that there are.

    One that was made against other bytes of the baseline than `baseline_sha256` says nothing about it.
    """
    measured, unmeasured = {}, dict.fromkeys(names, "was not run: `snakemake candidates` does")
    for comparison in found:
        against = comparison.to_p0
        if comparison.run in unmeasured and against is not None and comparison.p0 == p0:
            if against.baseline_sha256 == baseline_sha256:
                measured[comparison.run] = against
                del unmeasured[comparison.run]
            else:
                unmeasured[comparison.run] = "was run against another P0: `snakemake candidates` does it anew"
    return Trials(p0, measured, unmeasured)


def candidate_improves(trials: Trials) -> Finding:
    """P3.1: at least one bounded candidate improves failing realism axes."""
    if trials.p0 is None:
        return Finding(False, NOT_BEGUN)
    if trials.improving:
        told = [f"{run}: {', '.join(against.improved_gates)}" for run, against in trials.improving.items()]
        return Finding(True, "; ".join(told))
    if not trials.measured:
        return Finding(False, "no candidate of lane P3 on a frozen upstream" + trials.open_questions)
    (gain, best), nearest = max((_best(against), run) for run, against in trials.measured.items())
    measured = f"the nearest is {nearest}, {best}" if gain > 0 else "no failing gate moves toward its band"
    why = f"none of {', '.join(trials.measured)} improves a failing gate on all seeds: {measured}"
    return Finding(False, why + _rescues(trials) + trials.open_questions)


def improvement_honest(trials: Trials) -> Finding:
    """P3.2: caps hold, and the gain stays without the rows that overrides, fallback and leakage touched."""
    if trials.p0 is None:
        return Finding(False, NOT_BEGUN)
    if not trials.improving:
        return Finding(False, "there is no improvement" + trials.open_questions)
    if any(against.accepted for against in trials.improving.values()):
        return Finding(True, "caps hold, and the gain stays without overridden, guessed and leaked rows")
    reasons = [f"{run} seed {seed}: {why}" for run, found in trials.improving.items() for seed, why in found.vetoes]
    return unless(reasons, "")


def candidates_sound(trials: Trials) -> Finding:
    """P3.3: those that improve, or all where none does, keep what held at P0 and read the same bytes."""
    if trials.p0 is None:
        return Finding(False, NOT_BEGUN)
    judged = trials.improving or trials.measured
    problems = [] if judged else ["no candidate was measured" + trials.open_questions]
    for run, against in judged.items():
        lost = [(seed, name) for seed, entry in against.seeds.items() for name in entry.structure_lost]
        problems += [f"{run} seed {seed}: {name} held at P0" for seed, name in lost]
        problems += [f"{run} reads another upstream than P0"] if not against.same_upstream else []
    return unless(problems, f"structure kept on the same upstream by {', '.join(judged)}")


P3: dict[str, Callable[[Trials], Finding]] = {
    "P3.1": candidate_improves,
    "P3.2": improvement_honest,
    "P3.3": candidates_sound,
}


def _best(against: Against) -> tuple[float, str]:
    """The largest part of a gap to B that any failing gate closes on any seed, and in words."""
    found = [
        ((move.gain or 0.0) / move.gap_to_b, f"{name} gains {move.gain:.3g} of {move.gap_to_b:.3g} on seed {seed}")
        for seed, entry in against.seeds.items()
        for name, move in entry.movement.items()
        if move.gap_to_b
    ]
    return max(found, default=(0.0, ""))


def _rescues(trials: Trials) -> str:
    """Governance gains, which P3.1 is not about."""
    seeds = {run: ", ".join(map(str, against.rescued_seeds)) for run, against in trials.measured.items()}
    told = [f"{run} seeds {rescued}" for run, rescued in seeds.items() if rescued]
    return f"; brought back below their caps, which is no realism: {'; '.join(told)}" if told else ""
