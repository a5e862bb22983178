"""Whether a run may read an upstream that is not frozen: evidence, scope and approval (certification.md §14)."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from scripts.lib.approvals import APPROVERS, check_approval, read_approvers
from scripts.lib.approvals import Approval as Allowed
from scripts.lib.contracts import load_yaml, schema_errors
from scripts.lib.errors import Abort, raise_all
from scripts.lib.files import sha256_file
from scripts.lib.pins import SeedPins
from scripts.lib.records import record

SCHEMA = "schemas.config.yaml#/reopen"
GATE_TABLE = "segment2a_gate_table.csv"
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

    @property
    def contradicts(self) -> bool:
        """Whether the file is a run's gate table with a realism gate that fails: what contradicts an upstream."""
        if Path(self.path).name != GATE_TABLE or not Path(self.path).is_file():
            return False
        with open(self.path, encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        return any((row.get("axis"), row.get("verdict")) == ("realism", "FAIL") for row in rows)


@dataclass(frozen=True)
class Scope:
    """Seeds that the record reopens."""

    seeds: list[int]


@dataclass(frozen=True)
class Approval:
    """Who decided what about it, and on which day."""

    approver: str
    date: str
    decision: str


@dataclass(frozen=True)
class ReopenRecord:
    """config/reopen/NAME.yaml, as far as S0 judges it."""

    id: str
    authority: str
    requested_by: str
    evidence: list[Evidence]
    scope: Scope
    approval: Approval


def check_reopen(
    authority: str, paths: Sequence[str], upstream: SeedPins, approvers: str = APPROVERS
) -> ReopenRecord | None:
    """The record that lets a seed read `authority`; None for no authority, which is one that needs no record.

    `paths` holds the record that the candidate names, or nothing. Raises 2A-S0-004 for a missing, incomplete or
    unapproved record, for one of another authority or seed, for an approver who is not listed in `approvers` or asked
    for it, for an approval later than the upstream run, for evidence that is missing or has other bytes than the
    record says, and for evidence that contradicts nothing.
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
    allowed = Allowed("reopen", found.approval.approver, found.requested_by, found.approval.date)
    problems += [f"approval: {why}" for why in check_approval(allowed, read_approvers(approvers), _day(upstream))]
    problems += [entry.fault for entry in found.evidence if entry.fault]
    if not any(entry.contradicts for entry in found.evidence):
        problems.append(
            f"nothing contradicts the upstream: no evidence is a {GATE_TABLE} in which a realism gate fails"
        )
    raise_all([_refused(problem, path, upstream.seed) for problem in problems])
    return found


def _refused(problem: str, path: str, seed: int) -> Abort:
    return Abort("2A-S0-004", problem, action=CORRECT, path=path, seed=seed)


def _day(upstream: SeedPins) -> str:
    return upstream.created_utc[:10]


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
