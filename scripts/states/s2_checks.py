"""What S2 holds the rows of s1_tz_lookup to: lawful zones, coherence, confirmed overrides (states.md §4)."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from scripts.lib.contracts import schema
from scripts.lib.tables import values_of
from scripts.states.countries import country_name, named, rows_by_country
from scripts.states.mcc import MccMap
from scripts.states.overrides import COUNTRY, MCC, SITE, Overrides, match
from scripts.states.site_key import SiteKeys

TZID = "schemas.layer1.yaml#/$defs/iana_tzid"
SOURCES = ["polygon", "override"]
Rules = Counter[tuple[str, str]]  # rows by (country_iso, rule), where a rule is `scope:target`


class Policy(NamedTuple):
    """What S2 confirms by: active overrides, merchants' codes where a rule asks for them, the tzids of the polygons."""

    overrides: Overrides
    mcc: MccMap | None
    tzids: list[str]


class Claims(NamedTuple):
    """What S1 says of n rows: zone ids and override scopes int32 [n], -1 none; whether it overrode, bool [n]."""

    zone: np.ndarray
    scope: np.ndarray
    applied: np.ndarray


def codes_of(column: pa.DictionaryArray, values: Sequence[str]) -> np.ndarray:
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
    overridden, scoped = codes_of(batch["tzid_provisional_source"], SOURCES) == 1, claims.scope >= 0
    lat_null, lon_null = (values_of(batch[name].is_null()) for name in ("nudge_lat_deg", "nudge_lon_deg"))
    return Counter(
        override_no_effect=int((scoped & ~overridden & ~claims.applied).sum()),
        incoherent=int(((claims.applied != overridden) | (claims.applied != scoped)).sum()),
        nudge_pair=int((lat_null != lon_null).sum()),
    )


def confirm(policy: Policy, keys: SiteKeys, claims: Claims) -> tuple[Counter[str], Rules]:
    """Overridden rows must find the same active override again: those that do not, by check, and rules of the rest.

    A merchant that the map has not is a breach only where S1 went by an mcc rule; for others no mcc rule is evaluated.
    """
    rows = np.flatnonzero(claims.applied)
    if not len(rows):
        return Counter(), Counter()
    keys, claimed, claimed_scope = keys.at(rows), claims.zone[rows], claims.scope[rows]
    mcc = policy.mcc.of(keys.merchant) if policy.mcc else np.full(len(rows), -1, np.int32)
    zone, scope = match(policy.overrides, keys, mcc)
    unmapped = (claimed_scope == MCC) & (mcc < 0) & (policy.mcc is not None)
    gone = ~unmapped & (zone < 0)
    other = ~unmapped & ~gone & (claimed >= 0) & ((zone != claimed) | (scope != claimed_scope))
    broken = Counter(
        mcc_targets_missing=int(unmapped.sum()), override_gone=int(gone.sum()), other_override=int(other.sum())
    )
    same = ~(unmapped | gone | other)
    return broken, rules_used(keys.at(same), scope[same], mcc[same])


def rules_used(keys: SiteKeys, scope: np.ndarray, mcc: np.ndarray) -> Rules:
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
