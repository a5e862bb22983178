"""Whether a run may read an upstream that is not frozen: evidence, scope and approval (certification.md §14)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from scripts.lib.contracts import load_yaml, schema_errors
from scripts.lib.errors import Abort, raise_all
from scripts.lib.files import sha256_file
from scripts.lib.pins import SeedPins
from scripts.lib.records import record

SCHEMA = "schemas.config.yaml#/reopen"
CORRECT = "Correct the record and have it approved; `python -m scripts.certification.pin_reopen RECORD` writes digests."


@dataclass(frozen=True)
class Evidence:
    """A file that contradicts the frozen upstream's certificate."""

    path: str
    sha256: str

    @property
    def fault(self) -> str:
        """What is wrong with the file; empty when it has the bytes that the record names."""
        if not Path(self.path).is_file():
            return f"evidence {self.path} is missing"
        differs = sha256_file(self.path) != self.sha256
        return f"evidence {self.path} has other bytes than the record says" if differs else ""


@dataclass(frozen=True)
class Scope:
    """Seeds that the record reopens."""

    seeds: list[int]


@dataclass(frozen=True)
class Approval:
    """What was decided about it, and on which day."""

    date: str
    decision: str


@dataclass(frozen=True)
class ReopenRecord:
    """config/reopen/NAME.yaml, as far as S0 judges it."""

    id: str
    authority: str
    evidence: list[Evidence]
    scope: Scope
    approval: Approval


def check_reopen(authority: str, paths: Sequence[str], upstream: SeedPins) -> ReopenRecord | None:
    """The record that lets a seed read `authority`; None for no authority, which is one that needs no record.

    `paths` holds the record that the candidate names, or nothing. Raises 2A-S0-004 for a missing, incomplete or
    unapproved record, for one of another authority or seed, for an approval later than the upstream run, and for
    evidence that is missing or has other bytes than the record says.
    """
    if not authority:
        return None
    if not paths:
        raise Abort(
            "2A-S0-004",
            f"authority `{authority}` is not frozen and the candidate names no existing reopen record",
            action=f"Name `{authority}` under `frozen_authorities` if any candidate may read it; else give the"
            " candidate `reopen: NAME`, a record config/reopen/NAME.yaml.",
            path="config/config.yaml",
            seed=upstream.seed,
        )
    (path,) = paths
    found = _read(path, upstream.seed)
    problems = []
    if found.authority != authority:
        problems.append(f"the record reopens `{found.authority}`, the candidate reads `{authority}`")
    if upstream.seed not in found.scope.seeds:
        problems.append(f"seed {upstream.seed} is outside the record's scope {found.scope.seeds}")
    if found.approval.decision != "approved":
        problems.append(f"approval is `{found.approval.decision}`; it must stand before the run")
    problems += _approval_day(found.approval.date, upstream.created_utc[:10])
    problems += [entry.fault for entry in found.evidence if entry.fault]
    raise_all([_refused(problem, path, upstream.seed) for problem in problems])
    return found


def _refused(problem: str, path: str, seed: int) -> Abort:
    return Abort("2A-S0-004", problem, action=CORRECT, path=path, seed=seed)


def _approval_day(day: str, created: str) -> list[str]:
    try:
        date.fromisoformat(day)
    except ValueError:
        return [f"approval date {day!r} is not a day"]
    late = f"approval of {day} is later than the upstream run of {created}; it must stand before execution"
    return [late] if day > created else []


def _read(path: str, seed: int) -> ReopenRecord:
    try:
        found = load_yaml(path)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        raise _refused(f"reopen record unreadable: {' '.join(str(problem).split())[:200]}", path, seed) from None
    if errors := schema_errors(found, SCHEMA):
        raise _refused(f"reopen record incomplete: {'; '.join(errors[:5])}", path, seed)
    return record(ReopenRecord, found)


def evidence_paths(record_path: str) -> list[str]:
    """Paths of evidence that can be waited for: results that rules make, and files that exist."""
    try:
        entries = load_yaml(record_path)["evidence"]
        paths = [entry["path"] for entry in entries]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError):
        return []  # S0 says what is wrong with the record
    return [path for path in paths if path.startswith("results/") or Path(path).is_file()]
