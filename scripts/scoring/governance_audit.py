"""Governance audit of one seed: who decided sites that geometry left open, by what rule (certification.md §9)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from scripts.states.overrides import OverrideRow


@dataclass(frozen=True)
class AuditRow:
    """Sites of one country that one rule of one mechanism decided."""

    country_iso: str
    mechanism: str
    rule: str
    count: int
    rate: float
    reason_code: str
    owner: str
    approved_by: str | None = None
    expiry: str | None = None


def audit_rows(
    s1_report: dict[str, Any], s2_report: dict[str, Any], overrides: list[OverrideRow], owner: str
) -> list[AuditRow]:
    """Per affected country, mechanism and rule, in that order; S1's counts stand also when the seed failed.

    `overrides` are the active policy rows, `owner` is who owns what no override says.
    """
    governance = s1_report.get("governance", {})
    by_rule = s2_report.get("governance", {}).get("override_by_rule", [])
    rows = []
    for country, entry in governance.get("fallback_by_country", {}).items():
        for mechanism in ("fallback_within_threshold", "fallback_outside_threshold"):
            if count := entry[mechanism]:
                rate = count / entry["sites_total"]
                rule = "nearest polygon of the country"
                rows.append(AuditRow(country, mechanism, rule, count, rate, "BORDER_AMBIGUOUS", owner))
    for country, entry in governance.get("preferred_by_country", {}).items():
        rule, count, rate = "the one covering zone of the country", entry["preferred_total"], entry["preferred_rate"]
        rows.append(AuditRow(country, "border_preference", rule, count, rate, "BORDER_OVERLAP", owner))
    for country, entry in governance.get("override_by_country", {}).items():
        touching = [row for row in overrides if _touches(row, country)]
        counted = {rule["rule"]: rule["count"] for rule in by_rule if rule["country_iso"] == country}
        parts = [([row], counted[row.rule]) for row in touching if row.rule in counted]
        # Without a count by rule, as S2 did not run, one row says which rules it can have been.
        for rules, count in parts or [(touching, entry["overrides_total"])]:
            rows.append(_override_row(country, rules, count, count / entry["sites_total"]))
    return sorted(rows, key=lambda row: (row.country_iso, row.mechanism, row.rule))


def _override_row(country: str, rules: list[OverrideRow], count: int, rate: float) -> AuditRow:
    return AuditRow(
        country_iso=country,
        mechanism="override",
        rule=" or ".join(row.rule for row in rules),
        count=count,
        rate=rate,
        reason_code=_joined(row.reason_code for row in rules),
        owner=_joined(row.owner for row in rules),
        approved_by=_joined(row.approved_by for row in rules),
        expiry=_joined(row.expiry_yyyy_mm_dd or "none" for row in rules),
    )


def _touches(row: OverrideRow, country: str) -> bool:
    return row.scope == "mcc" or country == (row.target if row.scope == "country" else row.target.split("|")[1])


def _joined(values: Iterable[str | None]) -> str:
    return ";".join(dict.fromkeys(value for value in values if value))
