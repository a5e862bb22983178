"""The sealed override rows: read, judged, compiled into the look-up arrays that decide (states.md §1.1, §3.1, §4)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np

from scripts.lib.approvals import Approval, Approvers, check_approval
from scripts.lib.errors import Breach, Fault
from scripts.states.policy import FOREVER, check_policy, read_policy
from scripts.states.site_key import COUNTRIES, SiteKeys, country_codes

DATASET = "tz_overrides"
SCOPES = ["site", "mcc", "country"]  # in order of precedence
SITE, MCC, COUNTRY = range(3)


@dataclass(frozen=True)
class OverrideRow:
    """One row of tz_overrides; the names are those of its schema."""

    scope: str
    target: str
    tzid: str
    expiry_yyyy_mm_dd: str | None = None
    reason_code: str | None = None
    owner: str | None = None
    approved_by: str | None = None
    notes: str | None = None
    evidence_url: str | None = None

    @property
    def rule(self) -> str:
        return f"{self.scope}:{self.target}"

    def lacks(self, approvers: Approvers) -> list[str]:
        """What its provenance lacks (decisions.md §5 decision 8): broader than one site, it needs an approver."""
        missing = [name for name in ("reason_code", "owner") if not getattr(self, name)]
        if not (self.notes or self.evidence_url):
            missing.append("notes or evidence_url")
        if self.owner and (self.scope != "site" or self.approved_by):
            missing += check_approval(Approval("override", self.approved_by, self.owner), approvers, FOREVER)
        return missing


class Overrides(NamedTuple):
    """Active overrides as look-up arrays; zone ids index the sorted tzids of the polygons, -1 is none."""

    country: np.ndarray  # int32 [COUNTRIES], by country code
    mcc: np.ndarray  # int32 [10000], by mcc
    sites: list[tuple[int, int, int, int]]  # merchant, country code, order, zone id of each override of one site

    @property
    def needs_mcc(self) -> bool:
        return bool((self.mcc >= 0).any())


def load_overrides(path: str) -> list[OverrideRow]:
    """All override rows; raises `Fault` CONTENT, and DUPLICATE for two rows of one (scope, target)."""
    rows = [OverrideRow(**row) for row in read_policy(DATASET, "tz_overrides_v1", path)]
    check_policy(DATASET, [problem for number, row in enumerate(rows) for problem in _impossible(number, row)], path)
    rules = Counter(row.rule for row in rows)
    if twice := sorted(rule for rule, count in rules.items() if count > 1):
        raise Fault(Breach.DUPLICATE, DATASET, f"more than one row for {', '.join(twice)}", path=path)
    return rows


def _impossible(number: int, row: OverrideRow) -> Iterator[str]:
    """What a pattern cannot refuse: a day that does not exist, and numbers that no site key can hold."""
    try:
        date.fromisoformat(row.expiry_yyyy_mm_dd or FOREVER)
    except ValueError:
        yield f"{number}/expiry_yyyy_mm_dd: {row.expiry_yyyy_mm_dd!r} is not a day"
    if row.scope == "site":
        merchant, _, order = row.target.split("|")
        if int(merchant) >= 2**64 or int(order) >= 2**31:
            yield f"{number}/target: {row.target!r} is beyond merchant_id or site_order"


def active(rows: Iterable[OverrideRow], cutoff: str) -> list[OverrideRow]:
    """Rows that have no expiry or expire on or after `cutoff` (yyyy-mm-dd)."""
    return [row for row in rows if (row.expiry_yyyy_mm_dd or FOREVER) >= cutoff]


def compile_overrides(rows: Iterable[OverrideRow], tzids: Sequence[str]) -> Overrides:
    """Look-up arrays of active rows; raises `Fault` ZONE for a tzid outside `tzids`."""
    rows = list(rows)
    zone = {tzid: number for number, tzid in enumerate(tzids)}
    unknown = sorted({row.tzid for row in rows} - set(zone))
    if unknown:
        raise Fault(Breach.ZONE, DATASET, f"overrides name zones without polygon: {', '.join(unknown)}")
    table = Overrides(np.full(COUNTRIES, -1, np.int32), np.full(10000, -1, np.int32), [])
    for row in rows:
        if row.scope == "country":
            table.country[country_codes([row.target])] = zone[row.tzid]
        elif row.scope == "mcc":
            table.mcc[int(row.target)] = zone[row.tzid]
        else:
            merchant, iso, order = row.target.split("|")
            table.sites.append((int(merchant), int(country_codes([iso])[0]), int(order), zone[row.tzid]))
    return table


def match(table: Overrides, keys: SiteKeys, mcc: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First matching override per row in order site, mcc, country; `mcc` is int32 [n], -1 unknown.

    Returns zone ids and scope numbers (index into SCOPES), int32 [n], -1 where nothing matches.
    """
    zone = table.country[keys.country]
    scope = np.where(zone >= 0, COUNTRY, -1).astype(np.int32)
    by_mcc = np.where(mcc >= 0, table.mcc[np.clip(mcc, 0, 9999)], -1)
    zone, scope = np.where(by_mcc >= 0, by_mcc, zone), np.where(by_mcc >= 0, MCC, scope)
    for merchant, country, order, own in table.sites:
        hit = (keys.merchant == np.uint64(merchant)) & (keys.country == country) & (keys.order == order)
        zone, scope = np.where(hit, own, zone), np.where(hit, SITE, scope)
    return zone.astype(np.int32), scope.astype(np.int32)
