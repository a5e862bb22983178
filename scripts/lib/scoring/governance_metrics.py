"""Governance metrics of a seed, as S1 and S2 reported them; nothing is recomputed by hand (certification.md §4)."""

from typing import Any

from scripts.lib.scoring.gates import holds
from scripts.lib.scoring.metrics import available, unavailable
from scripts.lib.states.governance import country_violations, rate

GRADES = {"b": "B", "bplus": "BPLUS"}


def governance_metrics(state: dict[str, dict], gates: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Rates, country violations and provenance. Country caps are the gate's own, whatever caps the run was given."""
    s1, s2 = state["S1"].get("governance"), state["S2"].get("governance")
    missing_s1, missing_s2 = unavailable("S1 reported no governance"), unavailable("S2 reported no governance")
    rows = state["S1"].get("counts", {}).get("sites_total", 0)
    found = {
        "fallback_rate": available(s1["rates"]["fallback_rate"], rows) if s1 else missing_s1,
        "override_rate": available(s2["rates"]["override_rate"], rows) if s2 else missing_s2,
        "provenance_missing": available(state["S2"]["counts"]["provenance_missing"], rows) if s2 else missing_s2,
    }
    for grade in GRADES:
        name = f"fallback_country_violations_{grade}"
        found[name] = available(len(violations(s1, gates, grade)), rows) if s1 else missing_s1
    return found


def violations(s1: dict[str, Any], gates: dict[str, Any], grade: str) -> list[str]:
    """Countries above the country cap of a grade."""
    limits = gates["fallback_country"]
    floors = {
        "fallback_country_min_sites": limits["min_sites"]["value"],
        "fallback_country_min_rows": limits["min_rows"]["value"],
    }
    return country_violations(s1["fallback_by_country"], floors, limits[grade]["value"])


def raised_override_gate(
    gates: dict[str, Any], exceptions: list[dict[str, Any]], cutoff: str
) -> tuple[dict, list[str]]:
    """Gates with the B override threshold raised by approved, unexpired exceptions, and the ids of those exceptions.

    `cutoff` is yyyy-mm-dd. An exception never raises B+.
    """
    valid = [entry for entry in exceptions if entry["expiry"] >= cutoff]
    gate = gates["gates"]["override_rate"]
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
        by_country[country] = {
            "sites_total": sizes[country],
            "fallback_total": total,
            "fallback_rate": rate(total, sizes[country]),
        }
    total = s1["fallback_count"] + sum(helped.values())
    return {"rates": {"fallback_rate": rate(total, rows)}, "fallback_by_country": by_country}


def policy_caveats(
    state: dict[str, dict], metrics: dict[str, dict[str, Any]], gates: dict[str, Any], exceptions: list[str]
) -> list[dict[str, Any]]:
    """Governance gates that hold only because policy took the rows out of fallback, and by what other means."""
    found = [{"caveat": "override_exception", "gate": "override_rate", "grade": "B", "id": name} for name in exceptions]
    bare = without_overrides(state)
    if bare is None:
        return found
    s1 = state["S1"]["governance"]
    used = [
        cause
        for cause, block in (("overrides", "override_by_country"), ("border_preference", "preferred_by_country"))
        if s1.get(block)
    ]
    for grade, label in GRADES.items():
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
                entry = {"gate": name, "grade": label, "value_without": value_without, "countries": sorted(_added(s1))}
                found += [{"caveat": f"rests_on_{cause}", **entry} for cause in used]
    found += relaxed_caps(s1["caps"], gates)
    return found


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
    if not s1 or s1["rates"]["override_rate"] <= gates["heavy_override_rate"]["value"]:
        return False
    without = policy_caveats(state, metrics, gates, [])
    return any(entry["caveat"] == "rests_on_overrides" for entry in without)
