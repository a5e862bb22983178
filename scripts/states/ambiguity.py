"""Places that geometry leaves open: which zones overlap there, what decided, which caps that exceeds (states.md §3.2).

Counted, never located: no coordinate and no site key leaves S1 by this way.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scripts.lib.errors import Abort
from scripts.states import ladder
from scripts.states.governance import Stand, above, override_breaches
from scripts.states.site_key import country_name
from scripts.zone_index.index import set_members

DECIDED_BY = {
    ladder.NUDGED: "nudge",
    ladder.PREFERRED: "border_preference",
    ladder.OVERRIDE: "override",
    ladder.SINGLETON: "singleton",
    ladder.NEAREST_WITHIN: "fallback",
    ladder.NEAREST_OUTSIDE: "fallback",
    ladder.UNRESOLVED: "nothing",
}
SETS, RUNGS = 1 << 32, 16  # more than there can be: a cell is one number
SHOWN = 5
Cells = Counter[int]  # rows by country code, set of covering zones and rung


@dataclass(frozen=True)
class Ambiguity:
    """Rows of a country whose nudged place `zones` cover together (none at sea or in a gap), and what decided them.

    `own_zones` are those of the zones that the country itself uses.
    """

    country_iso: str
    zones: tuple[str, ...]
    own_zones: tuple[str, ...]
    decided_by: str
    rows: int

    def __str__(self) -> str:
        return f"{self.country_iso} {' + '.join(self.zones) or 'no zone'} ({self.rows} sites)"


def open_cells(country: np.ndarray, found: ladder.Resolution) -> Cells:
    """The cells of rows that containment did not decide; `country` are codes uint16 [n]."""
    rows = np.flatnonzero(found.rung != ladder.POLYGON)
    cells = (country[rows].astype(np.int64) * SETS + found.covering[rows]) * RUNGS + found.rung[rows]
    numbers, counts = np.unique(cells, return_counts=True)
    return Counter(dict(zip(numbers.tolist(), counts.tolist(), strict=True)))


def ambiguities(cells: Cells, decider: ladder.Ladder) -> list[Ambiguity]:
    """The cells by name, in order of country, zones and what decided."""
    rows: Counter[tuple[str, tuple[str, ...], tuple[str, ...], str]] = Counter()
    tzids = decider.index.tzids
    for cell, count in cells.items():
        place, rung = divmod(cell, RUNGS)
        code, covering = divmod(place, SETS)
        zones = tuple(set_members(decider.index, covering))
        country = {tzids[zone] for zone in decider.countries.of(code).tolist()}
        own = tuple(zone for zone in zones if zone in country)
        rows[country_name(code), zones, own, DECIDED_BY[rung]] += count
    return [Ambiguity(*key, count) for key, count in sorted(rows.items())]


def s1_breaches(governance: dict[str, Any], found: Sequence[Ambiguity], stand: Stand) -> list[Abort]:
    """Breached caps in the order 090, 092, 091, 093; `governance` is the block of the run report."""
    caps, total = stand.caps, stand.sites_total
    guessed, preferred = _decided_by(found, "fallback"), _decided_by(found, "border_preference")
    breaches = [
        _on_fallback("2A-S1-090", text, guessed, stand, countries=_countries(guessed))
        for text in above("fallback_rate", governance["fallback_count"], caps.fallback_rate_cap, total)
    ]
    overridden = {iso: entry["overrides_total"] for iso, entry in governance["override_by_country"].items()}
    breaches += override_breaches("2A-S1-092", overridden, _listed(_decided_by(found, "override")), stand)
    for country in governance["fallback_country_violations"]:
        entry, here = governance["fallback_by_country"][country], [row for row in guessed if row.country_iso == country]
        what = f"{country}: {entry['fallback_total']} of {entry['sites_total']} sites on fallback"
        text = f"{what}, rate {entry['fallback_rate']:.8f} > cap {caps.fallback_country_cap}"
        breaches.append(_on_fallback("2A-S1-091", text, here, stand, country=country))
    for text in above("preferred_rate", governance["preferred_count"], caps.preferred_rate_cap, total):
        where = _countries(preferred)
        breaches.append(Abort("2A-S1-093", text + _listed(preferred), seed=stand.seed, countries=where))
    return breaches


def _on_fallback(code: str, text: str, guessed: Sequence[Ambiguity], stand: Stand, **where: Any) -> Abort:
    approver = " or ".join(stand.caps.approvers.who_may("override")) or "..."
    action = _fallback_advice(guessed, approver) if guessed else ""
    return Abort(code, text + _listed(guessed), action=action, seed=stand.seed, **where)


def _fallback_advice(guessed: Sequence[Ambiguity], approver: str) -> str:
    """The lines of policy that would decide places on fallback; there is at least one."""
    worst = guessed[0]
    if any(len(entry.own_zones) == 1 for entry in guessed):
        lines = "governance: {border_preference: {value: in_country, why: ..., source: ...}}"
    else:
        why = "BORDER_OVERLAP" if worst.zones else "COASTLINE_GAP"
        row = f"scope: country, target: {worst.country_iso}, tzid: {' or '.join(worst.own_zones) or '...'}"
        row += f", reason_code: {why}, owner: ..., approved_by: {approver}, notes: ..."
        lines = f"tz_overrides: {{add: [{{{row}}}]}}"
    return f"Tune policy, never the caps. In the candidate's `policy:`, {lines} decides {worst}."


def _decided_by(found: Iterable[Ambiguity], what: str) -> list[Ambiguity]:
    """Those that `what` decided, most rows first."""
    kept = [entry for entry in found if entry.decided_by == what]
    return sorted(kept, key=lambda entry: (-entry.rows, entry.country_iso, entry.zones))


def _listed(found: Sequence[Ambiguity]) -> str:
    """The largest of them in words, as the end of a message; empty for none."""
    if not found:
        return ""
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return f"; where: {', '.join(map(str, found[:SHOWN]))}{more}"


def _countries(found: Iterable[Ambiguity]) -> str:
    return ";".join(sorted({entry.country_iso for entry in found}))
