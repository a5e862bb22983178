"""Governance metrics of a seed from the counts of S1 and S2, whose reported rates are rounded (certification.md §4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, NamedTuple

from scripts.lib.records import plain_fields
from scripts.scoring.caveat import Caveat, rests_on, shown
from scripts.scoring.gates import GRADES, CountryCap, Grade, Limits
from scripts.scoring.metric_value import MetricValue, available, exact, quotient, unavailable
from scripts.states.policy import CapException

# And the grade: the country caps are the gate's own, whatever the run's are.
VIOLATIONS = "fallback_country_violations_"
TOTALS = {"fallback": "fallback_total", "override": "overrides_total", "preferred": "preferred_total"}
Metrics = Mapping[str, MetricValue]


class Part(NamedTuple):
    """So many rows of a country's sites."""

    rows: int
    sites: int


Parts = Mapping[str, Part]  # by country


@dataclass(frozen=True)
class Exempt:
    """A country above the run's cap on fallback that the cap does not bind: `exempt_by` min_sites, min_rows or both."""

    sites_total: int
    fallback_total: int
    fallback_rate: float
    exempt_by: list[str]


@dataclass(frozen=True)
class PolicyRows:
    """Rows that fell back to the nearest polygon, that overrides set, that border preference set: by country."""

    sites_total: int
    fallback: Parts
    overridden: Parts
    preferred: Parts

    @property
    def fallback_rate(self) -> Fraction:
        return quotient(rows_of(self.fallback), self.sites_total)

    @property
    def override_rate(self) -> Fraction:
        return quotient(rows_of(self.overridden), self.sites_total)

    @property
    def helped(self) -> Parts:
        """Rows that policy decided. They are ambiguous: without it they would go to the nearest polygon."""
        return added(self.overridden, self.preferred)

    def without_policy(self) -> "PolicyRows":
        """As if overridden and border-preferred rows had fallen back."""
        return PolicyRows(self.sites_total, added(self.fallback, self.helped), {}, {})

    def violations(self, cap: CountryCap, grade: Grade) -> list[str]:
        """Countries above the cap, among those with enough sites and enough fallback rows (design §5 decision 6)."""
        return sorted(
            country
            for country, part in self.fallback.items()
            if quotient(part.rows, part.sites) > exact(cap.threshold(grade))
            and part.sites >= cap.min_sites.value
            and part.rows >= cap.min_rows.value
        )


def rows_of(parts: Parts) -> int:
    """Rows of all countries together."""
    return sum(part.rows for part in parts.values())


def added(first: Parts, second: Parts) -> Parts:
    """The rows of both, by country."""
    found = dict(first)
    for country, part in second.items():
        found[country] = Part(part.rows + first[country].rows, part.sites) if country in first else part
    return found


def policy_rows(governance: dict[str, Any] | None, sites_total: int | None) -> PolicyRows | None:
    """From the `governance` block of S1's report and its `sites_total`; None where S1 did not get that far."""
    if not governance:
        return None
    return PolicyRows(sites_total or 0, *(parts_of(governance, what) for what in TOTALS))


def parts_of(governance: dict[str, Any], what: str) -> Parts:
    """Rows of one kind of `TOTALS`, by country, as the `governance` block of a run report has them."""
    by_country = governance.get(f"{what}_by_country", {})
    return {country: Part(entry[TOTALS[what]], entry["sites_total"]) for country, entry in by_country.items()}


class Held(NamedTuple):
    """The contract, what a seed is held to instead, and the exceptions that make the difference."""

    contract: Limits
    limits: Limits
    exceptions: list[CapException]


def raised_by_exceptions(contract: Limits, exceptions: Sequence[CapException]) -> Held:
    """The contract with the B override threshold raised by the exceptions in force; one never raises B+."""
    gate = contract.gates["override_rate"]
    needed = [entry for entry in exceptions if not gate.holds(entry.rate, "b")]
    if not needed:
        return Held(contract, contract, [])
    raised = replace(gate, b=max(entry.rate for entry in needed))
    return Held(contract, replace(contract, gates=contract.gates | {gate.name: raised}), needed)


def seed_governance(
    s1_report: dict[str, Any], s2_report: dict[str, Any], held: Held
) -> tuple[dict[str, MetricValue], list[Caveat]]:
    """The metrics from the reports of S1 and S2, where what they do not say has no value, and what these rest on."""
    block, limits = s1_report.get("governance"), held.limits
    rows = policy_rows(block, s1_report.get("counts", {}).get("sites_total"))
    metrics = governance_metrics(rows, s2_report, limits)
    caveats = exception_caveats(metrics, held)
    if rows:
        policy = policy_caveats(rows, metrics, limits)
        caveats += [*policy, *heavy_override_caveats(rows, policy, limits)]
    return metrics, caveats + (cap_caveats(block["caps"], held.contract) if block else [])


def fallback_metrics(rows: PolicyRows, limits: Limits) -> dict[str, MetricValue]:
    """Fallback rate and country violations from rows of policy."""
    violations = {
        VIOLATIONS + grade: available(len(rows.violations(limits.fallback_country, grade)), len(rows.fallback))
        for grade in GRADES
    }
    return {"fallback_rate": available(rows.fallback_rate, rows.sites_total), **violations}


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


def exception_caveats(metrics: Metrics, held: Held) -> list[Caveat]:
    """One for each exception where the override rate needs it: it is above the contract's own B threshold."""
    gate, value = held.contract.gates["override_rate"], metrics["override_rate"].value
    if value is None or gate.holds(metrics["override_rate"].number, "b"):
        return []
    found = []
    for entry in held.exceptions:
        by = f"exception {entry.id} of {entry.approver}"
        says = f"{gate.name} is {shown(value)} by {by}, where the contract allows {gate.b}"
        numbers = {"value": value, "contract": gate.b} | plain_fields(entry)
        found.append(Caveat("override_exception", "B", says, gate=gate.name, numbers=numbers))
    return found


def policy_caveats(rows: PolicyRows, metrics: Metrics, limits: Limits) -> list[Caveat]:
    """Governance gates that hold only because policy took the rows out of fallback, and by what other means."""
    bare = fallback_metrics(rows.without_policy(), limits)
    means = {"overrides": rows.overridden, "border_preference": rows.preferred}
    found = []
    for grade in GRADES:
        for name in ("fallback_rate", VIOLATIONS + grade):
            gate, without = limits.gates[name], bare[name]
            if gate.holds(metrics[name].number, grade) and not gate.holds(without.number, grade):
                used = (cause for cause, parts in means.items() if parts)
                found += [rests_on(cause, gate, grade, without, countries=sorted(rows.helped)) for cause in used]
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
