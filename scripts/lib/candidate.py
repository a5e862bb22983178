"""A candidate: which upstream a run reads, under which policy, what it descends from (config/candidates/NAME.yaml)."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.lib.contracts import load_yaml
from scripts.lib.records import record


@dataclass(frozen=True)
class Candidate:
    """`policy` holds changes of tz_overrides, tz_nudge and governance, by the schema `candidate`."""

    name: str
    parent: str | None
    lane: str
    authority: str
    about: str
    seeds: tuple[int, ...]
    policy: dict[str, Any] = field(hash=False)
    reopen: str | None = None
    phase_approval: str | None = None
    not_certifiable: str | None = None  # why its verdict can never be a pass; only then may it lack required seeds


def candidate_path(name: str) -> str:
    return f"config/candidates/{name}.yaml"


def read_candidate(path: str | Path) -> Candidate:
    """The candidate at `path`, which obeys the schema: the workflow has checked it."""
    return record(Candidate, load_yaml(path))
