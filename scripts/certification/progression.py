"""Strict progression: what is open before a lane starts, and the record that lets it start all the same.

The plan lets no phase start with an open statement in one before it (certification.md §10); an approval that names the
open statements does.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from scripts.certification.finding import Finding
from scripts.lib.approvals import Approval, Approvers, check_approval
from scripts.lib.contracts import load_yaml, schema_errors
from scripts.lib.records import record

SCHEMA = "schemas.config.yaml#/phase_approval"


@dataclass(frozen=True)
class Decision:
    """Who decided, and on which day."""

    id: str
    approver: str
    date: str
    decision: str


@dataclass(frozen=True)
class PhaseApproval:
    """config/phases/NAME.yaml: a candidate may start although these statements are open."""

    candidate: str
    statements: list[str]
    requested_by: str
    why: str
    approval: Decision


@dataclass(frozen=True)
class Progression:
    """Why each open statement was open when a run of a lane started, by statement, and the record that named them."""

    run: str
    lane: str
    p0: str
    open: dict[str, str]
    approval: PhaseApproval | None


def open_before(lane: str, found: Mapping[str, Finding]) -> dict[str, str]:
    """Why each statement of a phase before `lane` is open, of those that were judged."""
    early = {number: finding for number, finding in sorted(found.items()) if number.split(".")[0] < lane}
    return {number: finding.why for number, finding in early.items() if not finding.holds}


def read_approval(path: str) -> tuple[PhaseApproval | None, list[str]]:
    """The record at `path`, or why it is none."""
    try:
        content = load_yaml(path)
    except (OSError, ValueError, yaml.YAMLError) as problem:
        return None, [f"unreadable: {' '.join(str(problem).split())[:200]}"]
    errors = schema_errors(content, SCHEMA)
    return (None, [f"incomplete: {'; '.join(errors[:3])}"]) if errors else (record(PhaseApproval, content), [])


def approval_problems(
    found: PhaseApproval, run: str, numbers: list[str], approvers: Approvers, latest: str
) -> list[str]:
    """Why the record does not let the run start with the statements `numbers` open, on the day `latest`."""
    stated = found.approval
    problems = check_approval(Approval("phase", stated.approver, found.requested_by, stated.date), approvers, latest)
    problems += [] if found.candidate == run else [f"it lets `{found.candidate}` start"]
    problems += [] if stated.decision == "approved" else [f"it was `{stated.decision}`"]
    unnamed = ", ".join(number for number in numbers if number not in found.statements)
    return problems + ([f"it does not name {unnamed}"] if unnamed else [])
