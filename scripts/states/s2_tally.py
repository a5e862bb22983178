"""What S2 counts of its rows, and the report blocks and breaches that follow from the counts (states.md §4)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from scripts.lib.approvals import Approvers
from scripts.lib.errors import Abort, Finding
from scripts.states.caps import Caps
from scripts.states.countries import COUNTRIES, named
from scripts.states.governance import emitted, exceptions_block, override_by_country
from scripts.states.overrides import SCOPES, OverrideRow, named_twice
from scripts.states.s2_checks import Rules
from scripts.states.site_pass import Laws, Passed, Tally

LOOKUP = "s1_tz_lookup"
SHOWN = 5
LAWS: Laws = {
    "null_tzid": ("2A-S2-052", "have no zone"),
    "unknown_tzid": ("2A-S2-053", "have a zone that is no IANA name"),
    "override_no_effect": ("2A-S2-055", "name an override scope on a polygon decision"),
    "incoherent": ("2A-S2-054", "contradict themselves on source, scope and override_applied"),
    "nudge_pair": ("2A-S2-056", "carry half a nudge"),
    "mcc_targets_missing": ("2A-S2-023", "are overridden, but their merchants are not in merchant_mcc_map"),
    "override_gone": ("2A-S2-024", "rest on an override that is not active"),
    "other_override": ("2A-S2-054", "rest on another override than S2 finds"),
}


@dataclass(frozen=True)
class S2Tally(Tally):
    """Rows and overridden rows by country code int64 [COUNTRIES], by scope int64 [3]; zones seen bool [zones].

    `rules`: overridden rows by country and rule; `strangers`: rows by zone that has no polygon.
    """

    sites: np.ndarray
    overridden: np.ndarray
    scopes: np.ndarray
    zones: np.ndarray
    rules: Rules
    strangers: Counter[str]

    @classmethod
    def nothing(cls, zones: int) -> Self:
        by_country = np.zeros(COUNTRIES, np.int64)
        scopes, seen = np.zeros(len(SCOPES), np.int64), np.zeros(zones, bool)
        return cls(Counter(), by_country, by_country, scopes, seen, Counter(), Counter())

    def by_rule(self) -> str:
        """Overridden rows by country and rule in words, the most first, as the end of a message."""
        rules = sorted(self.rules.items(), key=lambda entry: (-entry[1], entry[0]))
        return "; by rule: " + ", ".join(f"{iso} {rule} ({count})" for (iso, rule), count in rules[:SHOWN])

    def by_country(self) -> dict[str, int]:
        """Overridden rows of each country that has any."""
        return named(self.overridden)


class Rows(NamedTuple):
    """The override rows of the policy, all of them and those that are active, and who may approve them."""

    every: list[OverrideRow]
    active: list[OverrideRow]
    approvers: Approvers

    @property
    def lacking(self) -> dict[str, list[str]]:
        """What active rules do not say of who and why, by rule."""
        return {row.rule: missing for row in self.active if (missing := row.lacks(self.approvers))}


def blocks(passed: Passed[S2Tally], rows: Rows, caps: Caps) -> dict[str, Any]:
    """The `counts`, `checks`, `catalogue` and `governance` blocks of the run report."""
    tally, total = passed.tally, passed.keys.rows
    overridden = int(tally.overridden.sum())
    return {
        "counts": {
            "sites_total": total,
            "rows_emitted": passed.written,
            "overridden_total": overridden,
            "overridden_by_scope": dict(zip(SCOPES, tally.scopes.tolist(), strict=True)),
            "override_no_effect": tally.broken["override_no_effect"],
            "overrides_active": len(rows.active),
            "expired_skipped": len(rows.every) - len(rows.active),
            "dup_scope_target": len(named_twice(rows.every)),
            "mcc_targets_missing": tally.broken["mcc_targets_missing"],
            "distinct_tzids": int(tally.zones.sum()),
            "provenance_missing": len(rows.lacking),
        },
        "checks": {
            **passed.checks(),
            "null_tzid": tally.broken["null_tzid"],
            "unknown_tzid": tally.broken["unknown_tzid"],
            "tzid_not_in_tz_world": tally.strangers.total(),
        },
        "catalogue": {"writer_order_ok": passed.sorted_input},
        "governance": {
            "caps": {"override_rate_cap": caps.override_rate_cap},
            "exceptions": exceptions_block(caps),
            "rates": {"override_rate": emitted(overridden, total)},
            "override_by_country": override_by_country(tally.sites, tally.overridden),
            "override_by_rule": [
                {"country_iso": country, "rule": rule, "count": count}
                for (country, rule), count in sorted(tally.rules.items())
            ],
        },
    }


def breaches(passed: Passed[S2Tally]) -> Sequence[Finding]:
    """Whatever is wrong with the rows that were read, and with those that were written."""
    found = passed.tally.breaches(LAWS)
    if strangers := sorted(passed.tally.strangers):
        found.append(Abort("2A-S2-057", f"no polygon for {', '.join(strangers[:5])}", tzid=strangers[0]))
    if passed.altered:
        message = f"{passed.altered} rows have another site key or nudge than in {LOOKUP}"
        found.append(Abort("2A-S2-056", message, dataset=LOOKUP))
    return [*found, *passed.breaches(LOOKUP)]
