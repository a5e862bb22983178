"""What candidates make of the policies, as far as it can be said before a run: exceptions, reach of the nudge.

Each line says what, where, and what would be right; what depends on a receipt's date or on rows, the states judge.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from scripts.lib.approvals import Approvers
from scripts.lib.records import record
from scripts.states.build_policy import apply_changes
from scripts.states.policy import CapException

Policy = dict[str, Any]  # tz_overrides, tz_nudge, governance, as the base files hold them


def composed_errors(base: Policy, candidates: Mapping[str, Any], approvers: Approvers) -> list[str]:
    """Errors of every candidate's own changes, held against the policy that its ancestors leave it.

    `candidates` obey their schema, by name; one whose ancestors do not, is left to be judged when they do.
    """
    errors = [f"config/{found}" for found in _errors(base, base, approvers)]
    for name, entry in candidates.items():
        line = lineage(name, candidates)
        if line:
            policy = base
            for ancestor in line:
                policy = apply_changes(policy, candidates[ancestor]["policy"])
            errors += [f"candidates/{name}.yaml: {found}" for found in _errors(entry["policy"], policy, approvers)]
    return errors


def lineage(name: str, candidates: Mapping[str, Any]) -> list[str]:
    """A candidate's ancestors, the oldest first, and itself; empty where one is missing or they go in a circle."""
    line: list[str] = []
    following: str | None = name
    while following is not None:
        if following in line or following not in candidates:
            return []
        line.append(following)
        following = candidates[following]["parent"]
    return line[::-1]


def _errors(own: Policy, policy: Policy, approvers: Approvers) -> Iterator[str]:
    governance = policy["governance"]
    epsilon, cap = policy["tz_nudge"]["epsilon_degrees"], governance["epsilon_degrees_cap"]
    speaks = "tz_nudge" in own or "epsilon_degrees_cap" in own.get("governance", {})
    if speaks and Decimal(epsilon) > Decimal(str(cap["value"])):
        yield f"policy/tz_nudge/epsilon_degrees: found {epsilon}; allowed: {cap['value']} or less, as {cap['why']}"
    ceiling = governance["override_exception_ceiling"]["value"]
    for number, entry in enumerate(own.get("governance", {}).get("exceptions", [])):
        exception = record(CapException, entry)
        for flaw in exception.flaws(approvers, ceiling):
            yield f"policy/governance/exceptions/{number}: {exception.id}: {flaw}"
