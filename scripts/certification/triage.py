"""Where to look first when something fails, and who owns it: the reader of triage.yaml (certification.md §13, §14)."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from scripts.certification.verdict import Seeds
from scripts.lib.contracts import load_yaml
from scripts.lib.records import record


@dataclass(frozen=True)
class Surface:
    """What could be changed, and whose it is."""

    segment: str
    state: str
    knob: str
    owner: str


@dataclass(frozen=True)
class Entry:
    """One row of triage.yaml; `gates` are shell globs on names of gates, checks and reason codes."""

    gates: list[str]
    surface: Surface
    first: str


@dataclass(frozen=True)
class Action:
    """What to look at first, for the symptoms that lead there; `seeds` as text, in the order of the run."""

    symptoms: list[str]
    seeds: list[str]
    look_at: Surface
    first: str


@dataclass(frozen=True)
class Triage:
    """The whole file."""

    entries: list[Entry]
    reopen_contract: dict[str, Any]  # what a freeze record says of reopening upstream

    def of(self, name: str) -> Entry:
        """The first entry whose pattern matches a gate, check or reason code."""
        return next(entry for entry in self.entries if any(fnmatchcase(name, glob) for glob in entry.gates))


def read_triage(path: str) -> Triage:
    return record(Triage, load_yaml(path))


def actions(failed: list[str], seeds: Seeds, triage: Triage) -> list[Action]:
    """What to look at first for everything that failed, causes before consequences; `failed` are checks of the run.

    `seeds` are the required ones that there are, in the order of the run.
    """
    symptoms: dict[str, list[int]] = {}
    for seed, metrics in seeds.items():
        # A reason code is the cause of all that is missing after it.
        for name in metrics.codes or metrics.failing_gates["B"]:
            symptoms.setdefault(name, []).append(seed)
    for name in failed:
        if not name.endswith("_hard_gates"):
            symptoms.setdefault(name, [])
    found: dict[str, dict[str, list[int]]] = {}
    for name, where in symptoms.items():
        found.setdefault(triage.of(name).first, {})[name] = where
    entries = [_action(entry, found[entry.first], list(seeds)) for entry in triage.entries if entry.first in found]
    # What fails over all seeds follows from what fails on each.
    return sorted(entries, key=lambda action: (not _has_code(action), not action.seeds))


def _action(entry: Entry, symptoms: dict[str, list[int]], order: list[int]) -> Action:
    hit = {seed for seeds in symptoms.values() for seed in seeds}
    return Action(sorted(symptoms), [str(seed) for seed in order if seed in hit], entry.surface, entry.first)


def _has_code(action: Action) -> bool:
    return any(name.startswith("2A-") for name in action.symptoms)
