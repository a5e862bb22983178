"""What S1 counts of its rows, and the report blocks and breaches that follow from the counts (states.md §3.1, §3.2)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from scripts.lib.errors import Abort, Finding
from scripts.lib.records import plain
from scripts.states import ladder
from scripts.states.ambiguity import Ambiguity, Cells, nudged_abroad, open_cells
from scripts.states.caps import Caps
from scripts.states.countries import COUNTRIES, named
from scripts.states.governance import Decided, s1_block
from scripts.states.overrides import SCOPES
from scripts.states.site_pass import Laws, Passed, Tally

SITES = "site_locations"
RUNGS = ladder.UNRESOLVED + 1
# What every resolved row must satisfy, whichever rung decided it.
LAWS: Laws = {
    "null_tzid": ("2A-S1-052", "have no zone"),
    "unknown_tzid": ("2A-S1-053", "have a zone without polygon"),
    "nudge_pair": ("2A-S1-054", "carry half a nudge, or one that did not happen"),
}


@dataclass(frozen=True)
class S1Tally(Tally):
    """Rows by rung and country code int64 [RUNGS, COUNTRIES], by override scope int64 [3]; zones seen bool [zones].

    `cells`: rows that geometry left open, by country, covering zones and rung.
    """

    rungs: np.ndarray
    scopes: np.ndarray
    zones: np.ndarray
    cells: Cells

    @classmethod
    def nothing(cls, zones: int) -> Self:
        rungs, scopes = np.zeros((RUNGS, COUNTRIES), np.int64), np.zeros(len(SCOPES), np.int64)
        return cls(Counter(), rungs, scopes, np.zeros(zones, bool), Counter())

    @classmethod
    def of(cls, country: np.ndarray, found: ladder.Resolution, zones: int) -> Self:
        """The tally of one batch; `country` are codes uint16 [n]."""
        rungs = np.bincount(found.rung.astype(np.int64) * COUNTRIES + country, minlength=RUNGS * COUNTRIES)
        scopes = np.bincount(found.scope[found.scope >= 0], minlength=len(SCOPES))
        seen = np.bincount(found.zone[(found.zone >= 0) & (found.zone < zones)], minlength=zones) > 0
        return cls(
            broken(found, zones), rungs.reshape(RUNGS, COUNTRIES), scopes, seen, cells=open_cells(country, found)
        )


def broken(found: ladder.Resolution, zones: int) -> Counter[str]:
    """Rows that break each of the LAWS."""
    resolved, nudged = found.rung != ladder.UNRESOLVED, found.rung >= ladder.NUDGED
    lat_set, lon_set = ~np.isnan(found.nudge_lat), ~np.isnan(found.nudge_lon)
    return Counter(
        null_tzid=int((resolved & (found.zone < 0)).sum()),
        unknown_tzid=int((found.zone >= zones).sum()),
        nudge_pair=int(((lat_set != lon_set) | (nudged != lat_set)).sum()),
    )


def blocks(passed: Passed[S1Tally], caps: Caps, borders: Sequence[Ambiguity]) -> dict[str, Any]:
    """The `counts`, `checks`, `governance` and `diagnostics` blocks of the report; `borders` name the tally's cells."""
    tally = passed.tally
    rung = tally.rungs.sum(axis=1).tolist()
    rows = Decided(
        sites=tally.rungs.sum(axis=0),
        within=tally.rungs[ladder.NEAREST_WITHIN],
        outside=tally.rungs[ladder.NEAREST_OUTSIDE],
        overridden=tally.rungs[ladder.OVERRIDE],
        preferred=tally.rungs[ladder.PREFERRED],
    )
    governance = s1_block(caps, rows, nudged_abroad(borders))
    unresolved = named(tally.rungs[ladder.UNRESOLVED])
    return {
        "counts": {
            "sites_total": passed.keys.rows,
            "rows_emitted": passed.written - rung[ladder.UNRESOLVED],
            "border_nudged": sum(rung[ladder.NUDGED :]),
            "distinct_tzids": int(tally.zones.sum()),
            "overrides_applied": rung[ladder.OVERRIDE],
            **{f"overrides_{scope}": rows for scope, rows in zip(SCOPES, tally.scopes.tolist(), strict=True)},
            "overrides_country_singleton_auto": rung[ladder.SINGLETON],
            "fallback_nearest_within_threshold": rung[ladder.NEAREST_WITHIN],
            "fallback_nearest_outside_threshold": rung[ladder.NEAREST_OUTSIDE],
            "fallback_count": governance["fallback_count"],
            "fallback_rate": governance["rates"]["fallback_rate"],
        },
        "checks": {
            **passed.checks(),
            "null_tzid": rung[ladder.UNRESOLVED] + tally.broken["null_tzid"],
            "unknown_tzid": tally.broken["unknown_tzid"],
        },
        "governance": governance,
        "diagnostics": {
            "border_ambiguity_unresolved": {"total": rung[ladder.UNRESOLVED], "by_country": unresolved},
            "border_ambiguity_fallbacks": {
                "within_threshold": rung[ladder.NEAREST_WITHIN],
                "outside_threshold": rung[ladder.NEAREST_OUTSIDE],
            },
            "border_ambiguity": plain(borders),
        },
    }


def breaches(passed: Passed[S1Tally]) -> Sequence[Finding]:
    """Whatever is wrong with the table as a whole: sites that no rung decided first."""
    found: list[Finding] = [
        Abort("2A-S1-055", f"{rows} sites without zone", country=country, rows=rows)
        for country, rows in named(passed.tally.rungs[ladder.UNRESOLVED]).items()
    ]
    if not passed.promised:
        found.append(Abort("2A-S1-056", "site_locations holds no row", dataset=SITES))
    if passed.keys.gaps:
        message = f"site_order has {passed.keys.gaps} gaps: every merchant and country must count from 1"
        found.append(Abort("2A-S1-057", message, dataset=SITES))
    return [*found, *passed.tally.breaches(LAWS), *passed.breaches(SITES)]
