"""Where to look first when something fails, and who owns it, by triage.yaml (certification.md §13, §14)."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from scripts.certification.verdict import Seeds


@dataclass(frozen=True)
class Entry:
    """One row of triage.yaml; `gates` are shell globs on names of gates, checks and reason codes."""

    gates: list[str]
    surface: dict[str, str]  # what could be changed, and whose it is: segment, state, knob, owner
    first: str


@dataclass(frozen=True)
class Action:
    """What to look at first, for the symptoms that lead there; `seeds` as text, in the order of the run."""

    symptoms: list[str]
    seeds: list[str]
    look_at: dict[str, str]  # the surface
    first: str


@dataclass(frozen=True)
class Triage:
    """The whole file."""

    entries: list[Entry]
    reopen_contract: dict[str, Any]  # what a freeze record says of reopening upstream

    def of(self, name: str) -> Entry:
        """The first entry whose pattern matches a gate, check or reason code."""
        return next(entry for entry in self.entries if any(fnmatchcase(name, glob) for glob in entry.gates))


def actions(failed: list[str], seeds: Seeds, triage: Triage) -> list[Action]:
    """What to look at first for everything that failed, causes before consequences; `failed` are checks of the run.

    `seeds` are the required ones that there are, in the order of the run.
    """
    symptoms: dict[str, list[int]] = {name: [] for name in failed if not name.endswith("_hard_gates")}
    for seed, metrics in seeds.items():
        # A reason code is the cause of all that is missing after it.
        for name in metrics.codes or metrics.failing_gates["B"]:
            symptoms.setdefault(name, []).append(seed)
    found = []
    for entry in triage.entries:
        own = sorted(name for name in symptoms if triage.of(name) is entry)
        hit = {seed for name in own for seed in symptoms[name]}
        if own:
            found.append(Action(own, [str(seed) for seed in seeds if seed in hit], entry.surface, entry.first))
    # What fails over all seeds follows from what fails on each, and that from a reason code.
    return sorted(
        found, key=lambda action: (not any(name.startswith("2A-") for name in action.symptoms), not action.seeds)
    )
