"""Governance metrics of a seed from the counts of S1 and S2, whose reported rates are rounded (certification.md §4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from scripts.lib.records import plain_fields
from scripts.scoring.exact import exact, quotient
from scripts.scoring.gates import GRADES, Limits
from scripts.scoring.metric_value import MetricValue, available, unavailable
from scripts.scoring.policy_rows import PolicyRows, policy_rows
from scripts.scoring.seed_metrics import Caveat
from scripts.states.caps import CapException

VIOLATIONS = (
    "fallback_country_violations_"  # and the grade: the country caps are the gate's own, whatever the run's are
)
Metrics = Mapping[str, MetricValue]


class Held(NamedTuple):
    """The contract, what a seed is held to instead, and the exceptions that make the difference."""

    contract: Limits
    limits: Limits
    exceptions: list[CapException]


@dataclass(frozen=True)
class SeedGovernance:
    """Metrics, what they rest on, and whether B+ is bought with overrides."""

    metrics: dict[str, MetricValue]
    caveats: list[Caveat]
    bought: bool


def seed_governance(s1_report: dict[str, Any], s2_report: dict[str, Any], held: Held) -> SeedGovernance:
    """The governance of a seed from the reports of S1 and S2; what they do not say has no value."""
    block, limits = s1_report.get("governance"), held.limits
    rows = policy_rows(block, s1_report.get("counts", {}).get("sites_total"))
    metrics = governance_metrics(rows, s2_report, limits)
    policy = policy_caveats(rows, metrics, limits) if rows else []
    relaxed = cap_caveats(block["caps"], held.contract) if block else []
    bought = rows is not None and bought_with_overrides(rows, policy, limits)
    return SeedGovernance(metrics, [*exception_caveats(metrics, held), *policy, *relaxed], bought)


def fallback_metrics(rows: PolicyRows, limits: Limits) -> dict[str, MetricValue]:
    """Fallback rate and country violations from rows of policy."""
    cap = limits.fallback_country
    violations = {VIOLATIONS + grade: len(rows.violations(cap, grade)) for grade in GRADES}
    by_country = {name: available(count, len(rows.fallback)) for name, count in violations.items()}
    return {"fallback_rate": available(rows.fallback_rate, rows.sites_total), **by_country}


def governance_metrics(rows: PolicyRows | None, s2_report: dict[str, Any], limits: Limits) -> dict[str, MetricValue]:
    """Rates, country violations and provenance; `rows` is None where S1 did not get that far."""
    names = ("fallback_rate", *(VIOLATIONS + grade for grade in GRADES))
    found = fallback_metrics(rows, limits) if rows else dict.fromkeys(names, unavailable("S1 reported no governance"))
    if not s2_report.get("governance"):
        return found | dict.fromkeys(("override_rate", "provenance_missing"), unavailable("S2 reported no governance"))
    counts = s2_report["counts"]
    overridden = quotient(counts["overridden_total"], counts["sites_total"])
    return found | {
        "override_rate": available(overridden, rows.sites_total if rows else 0),
        "provenance_missing": available(counts["provenance_missing"], counts["overrides_active"]),
    }


def raised_by_exceptions(contract: Limits, exceptions: Sequence[CapException]) -> Held:
    """The contract with the B override threshold raised by the exceptions in force; one never raises B+."""
    gate = contract.gates["override_rate"]
    needed = [entry for entry in exceptions if not gate.holds(entry.rate, "b")]
    if not needed:
        return Held(contract, contract, [])
    raised = replace(gate, b=max(entry.rate for entry in needed))
    return Held(contract, replace(contract, gates=contract.gates | {gate.name: raised}), needed)


def exception_caveats(metrics: Metrics, held: Held) -> list[Caveat]:
    """One for each exception where the override rate needs it: it is above the contract's own B threshold."""
    gate, value = held.contract.gates["override_rate"], metrics["override_rate"].value
    if value is None or gate.holds(metrics["override_rate"].number, "b"):
        return []
    entry = {"caveat": "override_exception", "gate": gate.name, "grade": "B", "value": value, "contract": gate.b}
    return [entry | plain_fields(exception) for exception in held.exceptions]


def policy_caveats(rows: PolicyRows, metrics: Metrics, limits: Limits) -> list[Caveat]:
    """Governance gates that hold only because policy took the rows out of fallback, and by what other means."""
    bare = fallback_metrics(rows.without_policy(), limits)
    used = {"rests_on_overrides": rows.overridden, "rests_on_border_preference": rows.preferred}
    found: list[Caveat] = []
    for grade in GRADES:
        for name in ("fallback_rate", VIOLATIONS + grade):
            gate, value_without = limits.gates[name], bare[name].value
            if gate.holds(metrics[name].number, grade) and not gate.holds(bare[name].number, grade):
                entry: Caveat = {"gate": name, "grade": grade.upper(), "value_without": value_without}
                entry["countries"] = sorted(rows.helped)
                found += [{"caveat": caveat, **entry} for caveat, parts in used.items() if parts]
    return found


def cap_caveats(caps: Mapping[str, Any], limits: Limits) -> list[Caveat]:
    """Caps of a run that are looser than the B gates; the gates themselves are not moved by them."""
    country = limits.fallback_country
    contract = {
        "fallback_rate_cap": limits.gates["fallback_rate"].b,
        "fallback_country_cap": country.b.value,
        "fallback_country_min_sites": country.min_sites.value,
        "fallback_country_min_rows": country.min_rows.value,
        "override_rate_cap": limits.gates["override_rate"].b,
    }
    return [
        {"caveat": "cap_relaxed", "gate": name, "grade": "B", "value": caps[name], "contract": limit}
        for name, limit in contract.items()
        if limit is not None and caps[name] > limit
    ]


def bought_with_overrides(rows: PolicyRows, caveats: list[Caveat], limits: Limits) -> bool:
    """Whether fallback caps are met only through heavy override use, which blocks B+; `caveats` are those of policy."""
    heavy = rows.override_rate > exact(limits.heavy_override_rate.value)
    return heavy and any(entry["caveat"] == "rests_on_overrides" for entry in caveats)
