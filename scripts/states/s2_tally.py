"""What S2 holds the rows of s1_tz_lookup to, counts of them, and reports (states.md §4)."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
import pyarrow as pa

from scripts.lib.contracts import schema
from scripts.lib.errors import Abort, Finding
from scripts.lib.tables import values_of
from scripts.states.governance import by_country, emitted, exceptions_block
from scripts.states.mcc import MccMap
from scripts.states.overrides import COUNTRY, MCC, SCOPES, SITE, OverrideRow, Overrides, match
from scripts.states.policy import Caps
from scripts.states.site_key import COUNTRIES, SiteKeys, country_name, named, rows_by_country
from scripts.states.site_pass import Laws, Passed, Tally

LOOKUP = "s1_tz_lookup"
TZID = "schemas.layer1.yaml#/$defs/iana_tzid"
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
Rules = Counter[tuple[str, str]]  # rows by (country_iso, rule), where a rule is `scope:target`
Lacking = dict[str, list[str]]  # what the provenance of overrides lacks, by rule


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
        by_code = np.zeros(COUNTRIES, np.int64)
        scopes, seen = np.zeros(len(SCOPES), np.int64), np.zeros(zones, bool)
        return cls(Counter(), by_code, by_code, scopes, seen, Counter(), Counter())

    def by_rule(self) -> str:
        """Overridden rows by country and rule in words, the most first, as the end of a message."""
        rules = sorted(self.rules.items(), key=lambda entry: (-entry[1], entry[0]))
        return "; by rule: " + ", ".join(f"{iso} {rule} ({count})" for (iso, rule), count in rules[:SHOWN])


class Claims(NamedTuple):
    """What S1 says of n rows: zone ids and override scopes int32 [n], -1 none; whether it overrode, bool [n]."""

    zone: np.ndarray
    scope: np.ndarray
    applied: np.ndarray

    @classmethod
    def of(cls, batch: pa.RecordBatch, tzids: Sequence[str]) -> "Claims":
        zone, scope = _codes_of(batch["tzid_provisional"], tzids), _codes_of(batch["override_scope"], SCOPES)
        return cls(zone, scope, values_of(batch["override_applied"]))


def _codes_of(column: pa.DictionaryArray, values: Sequence[str]) -> np.ndarray:
    """A text column -> index into `values` int32 [n], -1 for null and for what is not among them."""
    place = {value: number for number, value in enumerate(values)}
    number = np.array([place.get(value, -1) for value in column.dictionary.to_pylist()], np.int32)
    codes = np.full(len(column), -1, np.int32)
    codes[values_of(column.is_valid())] = number[values_of(column.indices.drop_null())]
    return codes


def judge_zones(column: pa.DictionaryArray, tzids: Sequence[str]) -> tuple[Counter[str], Counter[str]]:
    """Rows without a zone or with what is no IANA name, by check; and rows by zone that has no polygon."""
    names, known = column.dictionary.to_pylist(), set(tzids)
    rows = np.bincount(values_of(column.indices.drop_null()), minlength=len(names)).tolist()
    odd = {name: count for name, count in zip(names, rows, strict=True) if count and name not in known}
    strangers = Counter({name: count for name, count in odd.items() if re.fullmatch(schema(TZID)["pattern"], name)})
    malformed = sum(odd.values()) - strangers.total()
    return Counter(null_tzid=column.null_count, unknown_tzid=malformed), strangers


def judge_coherence(batch: pa.RecordBatch, claims: Claims) -> Counter[str]:
    """Rows where source, scope and override_applied do not say the same, and where a nudge is half one."""
    overridden, scoped = _codes_of(batch["tzid_provisional_source"], ["override"]) == 0, claims.scope >= 0
    lat_null, lon_null = (values_of(batch[name].is_null()) for name in ("nudge_lat_deg", "nudge_lon_deg"))
    return Counter(
        override_no_effect=int((scoped & ~overridden & ~claims.applied).sum()),
        incoherent=int(((claims.applied != overridden) | (claims.applied != scoped)).sum()),
        nudge_pair=int((lat_null != lon_null).sum()),
    )


def confirm(overrides: Overrides, mcc_map: MccMap | None, keys: SiteKeys, claims: Claims) -> tuple[Counter[str], Rules]:
    """Overridden rows must find the same active override again: those that do not, by check, and rules of the rest.

    A merchant that the map has not is a breach only where S1 went by an mcc rule; for others no mcc rule is evaluated.
    """
    rows = np.flatnonzero(claims.applied)
    if not len(rows):
        return Counter(), Counter()
    keys, claimed, claimed_scope = keys.at(rows), claims.zone[rows], claims.scope[rows]
    mcc = mcc_map.of(keys.merchant) if mcc_map else np.full(len(rows), -1, np.int32)
    zone, scope = match(overrides, keys, mcc)
    unmapped = (claimed_scope == MCC) & (mcc < 0) & (mcc_map is not None)
    gone = ~unmapped & (zone < 0)
    other = ~unmapped & ~gone & (claimed >= 0) & ((zone != claimed) | (scope != claimed_scope))
    broken = Counter(
        mcc_targets_missing=int(unmapped.sum()), override_gone=int(gone.sum()), other_override=int(other.sum())
    )
    same = ~(unmapped | gone | other)
    return broken, _rules_used(keys.at(same), scope[same], mcc[same])


def _rules_used(keys: SiteKeys, scope: np.ndarray, mcc: np.ndarray) -> Rules:
    """Rows by country and rule; scope and mcc int32 [n] as `match` returns and takes them."""
    used: Rules = Counter()
    for number in np.flatnonzero(scope == SITE).tolist():
        iso = country_name(int(keys.country[number]))
        used[iso, f"site:{keys.merchant[number]}|{iso}|{keys.order[number]}"] += 1
    by_mcc = scope == MCC
    pairs, rows = np.unique(np.column_stack([keys.country[by_mcc], mcc[by_mcc]]), axis=0, return_counts=True)
    for (code, value), count in zip(pairs.tolist(), rows.tolist(), strict=True):
        used[country_name(code), f"mcc:{value:04d}"] = count
    for iso, count in named(rows_by_country(keys.country[scope == COUNTRY])).items():
        used[iso, f"country:{iso}"] = count
    return used


def blocks(
    passed: Passed[S2Tally], every: list[OverrideRow], current: list[OverrideRow], lacking: Lacking, caps: Caps
) -> dict[str, Any]:
    """The `counts`, `checks`, `catalogue` and `governance` blocks of the run report.

    `every` are the override rows of the policy, `current` the active ones; `lacking` is what these do not say.
    """
    tally, total = passed.tally, passed.keys.rows
    overridden = int(tally.overridden.sum())
    return {
        "counts": {
            "sites_total": total,
            "rows_emitted": passed.written,
            "overridden_total": overridden,
            "overridden_by_scope": dict(zip(SCOPES, tally.scopes.tolist(), strict=True)),
            "override_no_effect": tally.broken["override_no_effect"],
            "overrides_active": len(current),
            "expired_skipped": len(every) - len(current),
            "dup_scope_target": len(every) - len({row.rule for row in every}),
            "mcc_targets_missing": tally.broken["mcc_targets_missing"],
            "distinct_tzids": int(tally.zones.sum()),
            "provenance_missing": len(lacking),
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
            "override_by_country": by_country("overrides_total", "override_rate", tally.sites, tally.overridden),
            "override_by_rule": [
                {"country_iso": country, "rule": rule, "count": count}
                for (country, rule), count in sorted(tally.rules.items())
            ],
        },
    }


def breaches(passed: Passed[S2Tally]) -> list[Finding]:
    """Whatever is wrong with the rows that were read, and with those that were written."""
    found = passed.tally.breaches(LAWS)
    if strangers := sorted(passed.tally.strangers):
        found.append(Abort("2A-S2-057", f"no polygon for {', '.join(strangers[:SHOWN])}", tzid=strangers[0]))
    if passed.altered:
        message = f"{passed.altered} rows have another site key or nudge than in {LOOKUP}"
        found.append(Abort("2A-S2-056", message, dataset=LOOKUP))
    return [*found, *passed.breaches(LOOKUP)]
