"""The plan's seeds and floors, and where the configuration is looser than they are (certification.md §16)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

from scripts.lib.contracts import load_yaml
from scripts.lib.records import record
from scripts.scoring.caveat import Caveat
from scripts.scoring.metric_value import exact

SIDES = {"at_least": "the plan asks for at least", "at_most": "the plan allows at most", "exactly": "the plan says"}
Bounds = dict[str, dict[str, Any]]  # by place in a config file: one of `SIDES` and its number


@dataclass(frozen=True)
class Plan:
    """plan.yaml: required seeds in order, and bounds on what gates.yaml, cohorts.yaml and governance.yaml say."""

    seeds: list[int]
    gates: Bounds
    cohorts: Bounds
    governance: Bounds


def read_plan(path: str | Path) -> Plan:
    """The floors of `config/certification/plan.yaml`."""
    return record(Plan, load_yaml(path))


def plan_caveats(
    plan: Plan, seeds: Sequence[int], gates: Mapping[str, Any], cohorts: Mapping[str, Any]
) -> list[Caveat]:
    """Required seeds that are not the plan's, and thresholds looser than its own.

    `gates` and `cohorts` are the content of the files of these names.
    """
    found = [*looser(plan.gates, gates, "gates.yaml"), *looser(plan.cohorts, cohorts, "cohorts.yaml")]
    if sorted(seeds) != sorted(plan.seeds):
        required, planned = (", ".join(map(str, numbers)) for numbers in (seeds, plan.seeds))
        says = f"required seeds are {required}, the plan's are {planned}"
        found.insert(0, Caveat("seeds_not_of_plan", "B", says, numbers={"seeds": [*seeds], "plan": plan.seeds}))
    return found


def looser(bounds: Bounds, content: Mapping[str, Any], file: str) -> list[Caveat]:
    """One caveat for each value of a file that lies on the looser side of its bound."""
    found = []
    for place, bound in bounds.items():
        ((side, limit),) = bound.items()
        keys = place.split(".")
        value = reduce(lambda part, key: part[key], keys, content)
        if not _keeps(side, limit, value):
            says = f"{file}: {place.removesuffix('.value')} is {value}; {SIDES[side]} {limit}"
            numbers = {"place": place, "value": value, "plan": limit}
            found.append(Caveat("looser_than_plan", "BPLUS" if "bplus" in keys else "B", says, numbers=numbers))
    return found


def _keeps(side: str, bound: Any, value: Any) -> bool:
    """Whether a value is as strict as its bound; None asks for nothing and so never is."""
    if side == "exactly" or value is None:
        return bool(value == bound)
    return exact(value) >= exact(bound) if side == "at_least" else exact(value) <= exact(bound)
