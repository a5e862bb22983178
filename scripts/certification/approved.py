"""What a verdict rests on by approval alone: exceptions to a cap, a reopened upstream, a phase that started early.

They stand in certificate, verdict line and page (certification.md §16). Results are reproducible and so know no today;
the gate does, and holds each approval against it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from scripts.lib.contracts import load_yaml
from scripts.lib.files import read_json
from scripts.scoring.caveat import Caveat


@dataclass(frozen=True)
class Approved:
    """One approval in force: who allowed what to whom on which `day`, and until when, where it ends."""

    kind: Literal["exception", "reopen", "phase"]
    id: str
    approver: str
    requester: str
    day: str
    expiry: str | None
    says: str

    def lapsed(self, today: str) -> str:
        """Why it is not in force on the day `today` (yyyy-mm-dd); empty when it is."""
        if self.expiry and today > self.expiry:
            return f"{self.kind} {self.id} expired on {self.expiry}"
        return f"{self.kind} {self.id} is of {self.day}, which is to come" if self.day > today else ""


def approvals_of(caveats: Sequence[Caveat], reopen_record: Sequence[str], progression: Sequence[str]) -> list[Approved]:
    """The approvals that a run rests on; of exceptions those that hold and that a seed's gate needs: its `caveats`."""
    exceptions = {entry.numbers["id"]: entry.numbers for entry in caveats if entry.caveat == "override_exception"}
    starts = [start for start in map(read_json, progression) if start["approval"]]
    parts = map(_exception, exceptions.values()), map(_reopen, map(load_yaml, reopen_record)), map(_phase, starts)
    return [approved for part in parts for approved in part]


def _exception(entry: dict[str, Any]) -> Approved:
    countries, cap = ", ".join(entry["scope"]["countries"]), entry["scope"]["cap"]
    says = f"{cap} up to {entry['rate']:g} for {countries} by exception {entry['id']} of {entry['approver']}"
    who = (entry["approver"], entry["requester"], entry["valid_from"])
    return Approved("exception", entry["id"], *who, entry["expiry"], says)


def _reopen(entry: dict[str, Any]) -> Approved:
    found = entry["approval"]
    says = f"upstream `{entry['authority']}` opened by {entry['id']} of {found['approver']}"
    return Approved("reopen", entry["id"], found["approver"], entry["requested_by"], found["date"], None, says)


def _phase(start: dict[str, Any]) -> Approved:
    entry, found = start["approval"], start["approval"]["approval"]
    says = f"started with {', '.join(start['open'])} open by {found['id']} of {found['approver']}"
    return Approved("phase", found["id"], found["approver"], entry["requested_by"], found["date"], None, says)
