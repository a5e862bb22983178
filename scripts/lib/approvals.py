"""Who may approve what, and whether an approval may stand (config/governance/approvers.yaml; certification.md §16)."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from scripts.lib.contracts import load_yaml
from scripts.lib.records import record

APPROVERS = "config/governance/approvers.yaml"
SCHEMA = "schemas.2A.yaml#/policy/approvers_v1"


@dataclass(frozen=True)
class Approver:
    """A body or person who may approve; `may` holds kinds: override, exception, reopen, phase."""

    id: str
    name: str
    may: tuple[str, ...]


@dataclass(frozen=True)
class Approvers:
    """Everybody who may approve; `since` is the first day (yyyy-mm-dd) of the project."""

    since: str
    approvers: tuple[Approver, ...]

    def who_may(self, kind: str) -> list[str]:
        """Ids of those who may approve a thing of this kind."""
        return [entry.id for entry in self.approvers if kind in entry.may]


@dataclass(frozen=True)
class Approval:
    """That `approver` allowed what `requester` asked for, on `day` (yyyy-mm-dd) where the record has one."""

    kind: str
    approver: str | None
    requester: str | None
    day: str | None = None


def read_approvers(path: str | Path = APPROVERS) -> Approvers:
    """The list at `path`, which obeys its schema: the workflow has checked it."""
    return record(Approvers, load_yaml(path))


def check_approval(approval: Approval, approvers: Approvers, latest: str) -> list[str]:
    """Why the approval may not stand, in words; empty when it may. No day after `latest` may stand there."""
    problems, listed = [], approvers.who_may(approval.kind)
    if not approval.approver:
        problems.append(f"no approver; it needs one of {', '.join(listed)}")
    elif approval.approver not in listed:
        problems.append(f"`{approval.approver}` is not listed as one who may approve: {', '.join(listed)}")
    if not approval.requester:
        problems.append("does not say who asked for it")
    elif approval.approver and _same(approval.approver, approval.requester):
        problems.append(f"`{approval.requester}` may not approve what `{approval.requester}` asks for")
    if approval.day is not None:
        problems += day_problems(approval.day, approvers.since, latest, "when the project began")
    return problems


def day_problems(day: str, earliest: str, latest: str, began: str) -> list[str]:
    """Why `day` is none between the two others, all yyyy-mm-dd; `began` says what the first of them is."""
    try:
        date.fromisoformat(day)
    except ValueError:
        return [f"{day!r} is not a day"]
    if day < earliest:
        return [f"{day} is before {earliest}, {began}"]
    return [f"{day} is after {latest}, the day of the run's receipt"] if day > latest else []


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()
