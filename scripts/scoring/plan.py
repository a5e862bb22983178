"""The plan's seeds and floors, and where the configuration is looser than they are (certification.md §16)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

from scripts.lib.contracts import load_yaml
from scripts.lib.records import record
from scripts.scoring.caveat import Caveat
from scripts.scoring.exact import exact

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
        says = f"required seeds are {_listed(seeds)}, the plan's are {_listed(plan.seeds)}"
        found.insert(0, Caveat("seeds_not_of_plan", "B", says, numbers={"seeds": [*seeds], "plan": plan.seeds}))
    return found


def looser(bounds: Bounds, content: Mapping[str, Any], file: str) -> list[Caveat]:
    """One caveat for each value of a file that lies on the looser side of its bound."""
    found = []
    for place, side, bound, value in _bounded(bounds, content):
        if _keeps(side, bound, value):
            continue
        says = f"{file}: {place.removesuffix('.value')} is {value}; {SIDES[side]} {bound}"
        grade, numbers = (
            "BPLUS" if place.endswith(".bplus") or ".bplus." in place else "B",
            {"value": value, "plan": bound},
        )
        found.append(Caveat("looser_than_plan", grade, says, numbers={"place": place, **numbers}))  # type: ignore[arg-type]
    return found


def _bounded(bounds: Bounds, content: Mapping[str, Any]) -> Iterator[tuple[str, str, Any, Any]]:
    for place, bound in bounds.items():
        ((side, number),) = bound.items()
        yield place, side, number, reduce(lambda part, key: part[key], place.split("."), content)


def _keeps(side: str, bound: Any, value: Any) -> bool:
    """Whether a value is as strict as its bound; None asks for nothing and so never is."""
    if side == "exactly" or value is None:
        return bool(value == bound)
    return exact(value) >= exact(bound) if side == "at_least" else exact(value) <= exact(bound)


def _listed(seeds: Sequence[int]) -> str:
    return ", ".join(map(str, seeds))
