"""Which runs stand beside a run: its ancestors, what it is compared with, what is kept, what must be done before it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from scripts.lib.candidate import Candidate, candidate_path
from scripts.lib.contracts import dataset_path
from scripts.lib.files import sha256_file
from scripts.lib.pins import SeedPins
from scripts.upstream.authority import Authority


class Wildcards(Protocol):
    """Those that a rule's output has, as text."""

    run: str
    authority: str
    seed: str
    manifest_fingerprint: str


def unique(names: Iterable[str | None]) -> list[str]:
    """Names in order, each once, without those that are not there."""
    return list(dict.fromkeys(name for name in names if name))


@dataclass(frozen=True)
class Runs:
    """`config` as config/schema.yaml describes it, `candidates` and `authorities` by name, all of them checked."""

    config: dict[str, Any]
    candidates: dict[str, Candidate]
    authorities: dict[str, Authority]

    def authority(self, run: str) -> Authority:
        """The upstream that a run reads."""
        return self.authorities[self.candidates[run].authority]

    def seeds(self, run: str) -> dict[int, SeedPins]:
        """The candidate's seeds that its upstream carries; a missing one fails certification, not the workflow."""
        pins = self.authority(run).seeds
        return {seed: pins[seed] for seed in self.candidates[run].seeds if seed in pins}

    def required_seeds(self, wildcards: Wildcards) -> list[int]:
        """Seeds that the certificate asks for: those of the config; its own, of a run that cannot be certified."""
        candidate = self.candidates[wildcards.run]
        return list(candidate.seeds if candidate.not_certifiable else self.config["seeds"])

    def ancestors(self, run: str) -> list[str]:
        """The run and what it descends from, oldest first."""
        parent = self.candidates[run].parent
        return [*(self.ancestors(parent) if parent else []), run]

    def ancestry(self, wildcards: Wildcards) -> list[str]:
        """The candidate files whose policies make up the run's, oldest first."""
        return [candidate_path(name) for name in self.ancestors(wildcards.run)]

    def baselines_of(self, run: str) -> list[str]:
        """What a run is compared with: its oldest ancestor (P0), then its parent."""
        older = self.ancestors(run)[:-1]
        return unique([*older[:1], *older[-1:]])

    def p3_runs(self) -> list[str]:
        """The candidates of lane P3, after the P0 baselines that they are measured against."""
        names = [name for name, candidate in self.candidates.items() if candidate.lane == "P3"]
        return unique([*(root for name in names for root in self.baselines_of(name)[:1]), *names])

    def trials_beside(self, run: str) -> list[str]:
        """The candidates of lane P3 on the frozen upstream of a run's P0 baseline: phase P3 is judged over them."""
        p0 = self.ancestors(run)[0]
        upstream = self.candidates[p0].authority
        if upstream not in self.config["frozen_authorities"]:
            return []
        on_it = [name for name, found in self.candidates.items() if (found.lane, found.authority) == ("P3", upstream)]
        return [name for name in on_it if self.ancestors(name)[0] == p0]

    def awaited_trials(self, run: str) -> list[str]:
        """Those of them that a phase ledger waits for: the run itself, and all before a run of lane P4."""
        return [name for name in self.trials_beside(run) if name == run or self.opens_late(run)]

    def p3_comparisons(self, wildcards: Wildcards) -> list[str]:
        """The comparisons of the trials that a phase ledger waits for."""
        return [dataset_path("comparison", run=name) for name in self.awaited_trials(wildcards.run)]

    def other_trials(self, run: str) -> list[str]:
        """The trials that a phase ledger reads as they lie; none beside a baseline, whose phase P3 has not begun."""
        if self.is_baseline(run):
            return []
        return [name for name in self.trials_beside(run) if name not in self.awaited_trials(run)]

    def phase_runs(self, run: str) -> list[str]:
        """The runs that a phase ledger reads: the baselines, what the run is measured against, and itself."""
        return unique([*self.config["baselines"], *self.baselines_of(run)[:1], run])

    def is_baseline(self, run: str) -> bool:
        """Whether a run is of the lane that later ones are measured against: its ledger depends on none of them."""
        return self.candidates[run].lane == "P0"

    def last_good(self, run: str) -> str | None:
        """The run that passed last; none beside a baseline, whose ledger is read before any candidate starts."""
        name: str | None = self.config["last_good"]
        return name if name and not self.is_baseline(run) else None

    def retained(self, run: str) -> list[str]:
        """Runs whose data are kept: baselines, what the run is compared with, itself, and the last good one, if any."""
        return unique([*self.config["baselines"], *self.baselines_of(run), run, self.last_good(run)])

    def progression(self, wildcards: Wildcards) -> list[str]:
        """What lets a run of a later lane than P0 be certified."""
        lane = self.candidates[wildcards.run].lane
        return [] if lane == "P0" else [dataset_path("progression", run=wildcards.run)]

    def opens_late(self, run: str) -> bool:
        """Whether a run is of the lane that reopens an upstream, and so waits for phase P3 before it reads anything."""
        return self.candidates[run].lane == "P4"

    def progression_before_states(self, wildcards: Wildcards) -> list[str]:
        """The same, for what may not even start."""
        return self.progression(wildcards) if self.opens_late(wildcards.run) else []

    def phase_approval(self, wildcards: Wildcards) -> list[str]:
        """The record that lets the candidate start early, where it names one."""
        name = self.candidates[wildcards.run].phase_approval
        return [f"config/phases/{name}.yaml"] if name else []

    def first_day(self, run: str) -> str:
        """The day of the oldest upstream receipt of a run: no approval of it is younger."""
        return min((pins.created_utc[:10] for pins in self.seeds(run).values()), default="")

    def run_ids(self, run: str) -> dict[str, str]:
        """The pinned upstream run id of every seed of a run."""
        return {str(seed): pins.run_id for seed, pins in self.seeds(run).items()}


def other_runs(runs: Path, mine: list[str]) -> dict[str, str]:
    """SHA-256 of the certificate by run, for every run below `runs` that has one and is not in `mine`.

    They are none of this command's: the index shows them as they are, and nothing makes them again.
    """
    found = {path.parents[1].name: path for path in sorted(runs.glob("*/certification/segment2a_certification.json"))}
    return {name: sha256_file(path) for name, path in found.items() if name not in mine}


def lying(runs: list[str], dataset: str) -> dict[str, str]:
    """SHA-256 by path of a dataset of those runs that have it: read as it lies, never waited for."""
    paths = [dataset_path(dataset, run=run) for run in runs]
    return {path: sha256_file(path) for path in paths if Path(path).is_file()}
