"""Governance metrics of a seed from the counts of S1 and S2, whose reported rates are rounded (certification.md §4)."""

from typing import Any

from scripts.scoring.gates import GRADES, holds
from scripts.scoring.metrics import available, unavailable
from scripts.states.caps import CountryCap
from scripts.states.governance import country_violations, rate


def governance_metrics(state: dict[str, dict], gates: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Rates, country violations and provenance. Country caps are the gate's own, whatever caps the run was given."""
    s1, s2 = state["S1"].get("governance"), state["S2"].get("governance")
    rows = state["S1"].get("counts", {}).get("sites_total", 0)
    found = dict.fromkeys(("override_rate", "provenance_missing"), unavailable("S2 reported no governance"))
    if s2:
        counts = state["S2"]["counts"]
        found["override_rate"] = available(rate(counts["overridden_total"], counts["sites_total"]), rows)
        found["provenance_missing"] = available(counts["provenance_missing"], counts["overrides_active"])
    violated = {grade: f"fallback_country_violations_{grade}" for grade in GRADES}
    found |= dict.fromkeys(("fallback_rate", *violated.values()), unavailable("S1 reported no governance"))
    if s1:
        found["fallback_rate"] = available(s1_rates(s1, rows)["fallback_rate"], rows)
        for grade, name in violated.items():
            found[name] = available(len(violations(s1, gates, grade)), len(s1["fallback_by_country"]))
    return found


def s1_rates(s1: dict[str, Any], sites_total: int) -> dict[str, float]:
    """`fallback_rate` and `override_rate` of S1's governance block as they are compared: from its counts, unrounded."""
    overridden = sum(entry["overrides_total"] for entry in s1["override_by_country"].values())
    return {"fallback_rate": rate(s1["fallback_count"], sites_total), "override_rate": rate(overridden, sites_total)}


def violations(s1: dict[str, Any], gates: dict[str, Any], grade: str) -> list[str]:
    """Countries above the country cap of a grade."""
    limits = gates["fallback_country"]
    cap = CountryCap(*(limits[name]["value"] for name in (grade, "min_sites", "min_rows")))
    return country_violations(s1["fallback_by_country"], cap)


def raised_override_gate(
    gates: dict[str, Any], exceptions: list[dict[str, Any]], cutoff: str
) -> tuple[dict, list[str]]:
    """Gates with the B override threshold raised by approved, unexpired exceptions, and the ids of those that raise it.

    `cutoff` is yyyy-mm-dd. An exception never raises B+.
    """
    gate = gates["gates"]["override_rate"]
    valid = [entry for entry in exceptions if entry["expiry"] >= cutoff and entry["rate"] > gate["b"]]
    raised = gate | {"b": max([gate["b"], *(entry["rate"] for entry in valid)])}
    return gates | {"gates": gates["gates"] | {"override_rate": raised}}, sorted(entry["id"] for entry in valid)


def without_overrides(state: dict[str, dict]) -> dict[str, Any] | None:
    """S1's governance block as if overridden and border-preferred rows had fallen back; None without a report.

    These rows are ambiguous: without the policy they would go to the nearest polygon.
    """
    s1 = state["S1"].get("governance")
    if not s1:
        return None
    rows = state["S1"]["counts"]["sites_total"]
    helped: dict[str, int] = {}
    for block, field in (("override_by_country", "overrides_total"), ("preferred_by_country", "preferred_total")):
        for country, entry in s1.get(block, {}).items():
            helped[country] = helped.get(country, 0) + entry[field]
    by_country = {country: dict(entry) for country, entry in s1["fallback_by_country"].items()}
    sizes = {country: entry["sites_total"] for country, entry in by_country.items()}
    for block in ("override_by_country", "preferred_by_country"):
        sizes |= {country: entry["sites_total"] for country, entry in s1.get(block, {}).items()}
    for country, count in helped.items():
        total = by_country.get(country, {"fallback_total": 0})["fallback_total"] + count
        by_country[country] = {"sites_total": sizes[country], "fallback_total": total}
    total = s1["fallback_count"] + sum(helped.values())
    return {"rates": {"fallback_rate": rate(total, rows)}, "fallback_by_country": by_country}


def policy_caveats(
    state: dict[str, dict], metrics: dict[str, dict[str, Any]], gates: dict[str, Any]
) -> list[dict[str, Any]]:
    """Governance gates that hold only because policy took the rows out of fallback, and by what other means."""
    found: list[dict[str, Any]] = []
    bare = without_overrides(state)
    if bare is None:
        return found
    s1 = state["S1"]["governance"]
    used = [
        cause
        for cause, block in (("overrides", "override_by_country"), ("border_preference", "preferred_by_country"))
        if s1.get(block)
    ]
    for grade in GRADES:
        tests = {
            "fallback_rate": (metrics["fallback_rate"]["value"], bare["rates"]["fallback_rate"]),
            f"fallback_country_violations_{grade}": (
                metrics[f"fallback_country_violations_{grade}"]["value"],
                float(len(violations(bare, gates, grade))),
            ),
        }
        for name, (value, value_without) in tests.items():
            gate = gates["gates"][name]
            if holds(value, gate["op"], gate[grade]) and not holds(value_without, gate["op"], gate[grade]):
                entry = {
                    "gate": name,
                    "grade": grade.upper(),
                    "value_without": value_without,
                    "countries": sorted(_added(s1)),
                }
                found += [{"caveat": f"rests_on_{cause}", **entry} for cause in used]
    found += relaxed_caps(s1["caps"], gates)
    return found


def used_exceptions(
    metrics: dict[str, dict[str, Any]], contract: dict[str, Any], exceptions: list[str]
) -> list[dict[str, Any]]:
    """A caveat for each exception where the override rate needs one: it is above the contract's own B threshold."""
    gate, value = contract["gates"]["override_rate"], metrics["override_rate"]["value"]
    if value is None or holds(value, gate["op"], gate["b"]):
        return []
    entry = {"caveat": "override_exception", "gate": "override_rate", "grade": "B", "value": value}
    return [entry | {"contract": gate["b"], "id": name} for name in exceptions]


def _added(s1: dict[str, Any]) -> set[str]:
    return set(s1.get("override_by_country", {})) | set(s1.get("preferred_by_country", {}))


def relaxed_caps(caps: dict[str, Any], gates: dict[str, Any]) -> list[dict[str, Any]]:
    """Caps of a run that are looser than the B gates; the gates themselves are not moved by them."""
    limits = gates["fallback_country"]
    contract = {
        "fallback_rate_cap": gates["gates"]["fallback_rate"]["b"],
        "fallback_country_cap": limits["b"]["value"],
        "fallback_country_min_sites": limits["min_sites"]["value"],
        "fallback_country_min_rows": limits["min_rows"]["value"],
        "override_rate_cap": gates["gates"]["override_rate"]["b"],
    }
    return [
        {"caveat": "cap_relaxed", "gate": name, "grade": "B", "value": caps[name], "contract": limit}
        for name, limit in contract.items()
        if caps[name] > limit
    ]


def bought_with_overrides(state: dict[str, dict], metrics: dict[str, dict[str, Any]], gates: dict[str, Any]) -> bool:
    """Whether fallback caps are met only through heavy override use, which blocks B+ (certification.md §4)."""
    s1 = state["S1"].get("governance")
    if not s1:
        return False
    rates = s1_rates(s1, state["S1"]["counts"]["sites_total"])
    if rates["override_rate"] <= gates["heavy_override_rate"]["value"]:
        return False
    without = policy_caveats(state, metrics, gates)
    return any(entry["caveat"] == "rests_on_overrides" for entry in without)
