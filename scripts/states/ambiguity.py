"""Places that geometry leaves open: which zones overlap there, in which countries, what decided (states.md §3.2).

Counted, never located: no coordinate and no site key leaves S1 by this way.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from scripts.states import ladder
from scripts.states.countries import country_name
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
    rows: dict[tuple[str, tuple[str, ...], tuple[str, ...], str], int] = defaultdict(int)
    tzids = decider.index.tzids
    for cell, count in cells.items():
        place, rung = divmod(cell, RUNGS)
        code, covering = divmod(place, SETS)
        zones = tuple(set_members(decider.index, covering))
        country = {tzids[zone] for zone in decider.countries.of(code).tolist()}
        own = tuple(zone for zone in zones if zone in country)
        rows[country_name(code), zones, own, DECIDED_BY[rung]] += count
    return [Ambiguity(*key, count) for key, count in sorted(rows.items())]


def nudged_abroad(found: Iterable[Ambiguity]) -> int:
    """Rows that the nudge put into a zone that is not of their country."""
    return sum(entry.rows for entry in found if entry.decided_by == "nudge" and not entry.own_zones)


def decided_by(found: Iterable[Ambiguity], what: str, countries: Iterable[str] | None = None) -> list[Ambiguity]:
    """Those that `what` decided, in some countries only on request; most rows first."""
    wanted = None if countries is None else set(countries)
    kept = [entry for entry in found if entry.decided_by == what and (wanted is None or entry.country_iso in wanted)]
    return sorted(kept, key=lambda entry: (-entry.rows, entry.country_iso, entry.zones))


def listed(found: Sequence[Ambiguity]) -> str:
    """The largest of them in words, as the end of a message; empty for none."""
    if not found:
        return ""
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return f"; where: {', '.join(map(str, found[:SHOWN]))}{more}"


def fallback_advice(found: Sequence[Ambiguity], approver: str) -> str:
    """The lines of policy that would decide places on fallback; `found` has at least one."""
    worst = found[0]
    if any(len(entry.own_zones) == 1 for entry in found):
        lines = "governance: {border_preference: {value: in_country, why: ..., source: ...}}"
    else:
        why = "BORDER_OVERLAP" if worst.zones else "COASTLINE_GAP"
        row = f"scope: country, target: {worst.country_iso}, tzid: {' or '.join(worst.own_zones) or '...'}"
        row += f", reason_code: {why}, owner: ..., approved_by: {approver}, notes: ..."
        lines = f"tz_overrides: {{add: [{{{row}}}]}}"
    return f"Tune policy, never the caps. In the candidate's `policy:`, {lines} decides {worst}."
