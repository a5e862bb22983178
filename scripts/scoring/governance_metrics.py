"""Governance metrics of a seed from the counts of S1 and S2, whose reported rates are rounded (certification.md §4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from scripts.lib.records import plain_fields
from scripts.scoring.caveat import GRADE_OF, NAME_OF, Caveat, shown
from scripts.scoring.exact import exact, quotient
from scripts.scoring.gates import GRADES, Limits
from scripts.scoring.metric_value import MetricValue, available, unavailable
from scripts.scoring.policy_rows import PolicyRows, policy_rows
from scripts.states.policy import CapException

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
    """Metrics, and what they rest on."""

    metrics: dict[str, MetricValue]
    caveats: list[Caveat]


def seed_governance(s1_report: dict[str, Any], s2_report: dict[str, Any], held: Held) -> SeedGovernance:
    """The governance of a seed from the reports of S1 and S2; what they do not say has no value."""
    block, limits = s1_report.get("governance"), held.limits
    rows = policy_rows(block, s1_report.get("counts", {}).get("sites_total"))
    metrics = governance_metrics(rows, s2_report, limits)
    caveats = exception_caveats(metrics, held)
    if rows:
        policy = policy_caveats(rows, metrics, limits)
        caveats += [*policy, *heavy_override_caveats(rows, policy, limits)]
    return SeedGovernance(metrics, caveats + (cap_caveats(block["caps"], held.contract) if block else []))


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
    found = []
    for entry in held.exceptions:
        by = f"exception {entry.id} of {entry.approver}"
        says = f"override_rate is {shown(value)} by {by}, where the contract allows {gate.b}"
        numbers = {"value": value, "contract": gate.b} | plain_fields(entry)
        found.append(Caveat("override_exception", "B", says, gate=gate.name, numbers=numbers))
    return found


def policy_caveats(rows: PolicyRows, metrics: Metrics, limits: Limits) -> list[Caveat]:
    """Governance gates that hold only because policy took the rows out of fallback, and by what other means."""
    bare = fallback_metrics(rows.without_policy(), limits)
    used = {"overrides": rows.overridden, "border_preference": rows.preferred}
    found = []
    for grade in GRADES:
        for name in ("fallback_rate", VIOLATIONS + grade):
            gate, without = limits.gates[name], bare[name]
            if not gate.holds(metrics[name].number, grade) or gate.holds(without.number, grade):
                continue
            numbers = {"value_without": without.value, "countries": sorted(rows.helped)}
            for cause in (cause for cause, parts in used.items() if parts):
                means = cause.replace("_", " ")
                says = f"{name} holds {NAME_OF[grade]} only thanks to {means}: {shown(without.value)} without"
                found.append(Caveat(f"rests_on_{cause}", GRADE_OF[grade], says, gate=name, numbers=numbers))
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
    found = []
    for name, limit in contract.items():
        if limit is not None and exact(caps[name]) > exact(limit):
            says = f"the run's own {name} is {caps[name]}, looser than the contract's {limit}"
            numbers = {"value": caps[name], "contract": limit}
            found.append(Caveat("cap_relaxed", "B", says, gate=name, numbers=numbers))
    return found


def heavy_override_caveats(rows: PolicyRows, policy: list[Caveat], limits: Limits) -> list[Caveat]:
    """Fallback caps that are met only through heavy override use; `policy` are the caveats of policy.

    The plan's band of the override rate decides B+, not this (certification.md §16).
    """
    rate, heavy = rows.override_rate, limits.heavy_override_rate.value
    if rate <= exact(heavy) or not any(entry.caveat == "rests_on_overrides" for entry in policy):
        return []
    says = f"fallback caps hold through heavy override use: {shown(float(rate))} of sites, above {heavy}"
    numbers = {"value": float(rate), "heavy": heavy}
    return [Caveat("fallback_bought_with_overrides", "BPLUS", says, gate="override_rate", numbers=numbers)]
