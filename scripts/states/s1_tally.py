"""What S1 counts of its rows, and the report blocks and breaches that follow from the counts (states.md §3.1, §3.2)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from scripts.lib.errors import Abort, Finding
from scripts.lib.records import plain
from scripts.states import ladder
from scripts.states.ambiguity import Ambiguity, Cells, open_cells
from scripts.states.governance import by_country, emitted, exceptions_block, rate
from scripts.states.overrides import SCOPES
from scripts.states.policy import Caps
from scripts.states.site_key import COUNTRIES, named
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
    """Rows by rung and country code int64 [RUNGS, COUNTRIES], by override scope int64 [3]; zones seen bool [zones]."""

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
        cells = open_cells(country, found)
        return cls(_broken(found, zones), rungs.reshape(RUNGS, COUNTRIES), scopes, seen, cells)


def _broken(found: ladder.Resolution, zones: int) -> Counter[str]:
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
    unresolved, within, outside = (
        rung[number] for number in (ladder.UNRESOLVED, ladder.NEAREST_WITHIN, ladder.NEAREST_OUTSIDE)
    )
    governance = governance_block(caps, tally.rungs, borders)
    return {
        "counts": {
            "sites_total": passed.keys.rows,
            "rows_emitted": passed.written - unresolved,
            "border_nudged": sum(rung[ladder.NUDGED :]),
            "distinct_tzids": int(tally.zones.sum()),
            "overrides_applied": rung[ladder.OVERRIDE],
            **{f"overrides_{scope}": rows for scope, rows in zip(SCOPES, tally.scopes.tolist(), strict=True)},
            "overrides_country_singleton_auto": rung[ladder.SINGLETON],
            "fallback_nearest_within_threshold": within,
            "fallback_nearest_outside_threshold": outside,
            "fallback_count": governance["fallback_count"],
            "fallback_rate": governance["rates"]["fallback_rate"],
        },
        "checks": {
            **passed.checks(),
            "null_tzid": unresolved + tally.broken["null_tzid"],
            "unknown_tzid": tally.broken["unknown_tzid"],
        },
        "governance": governance,
        "diagnostics": {
            "border_ambiguity_unresolved": {"total": unresolved, "by_country": named(tally.rungs[ladder.UNRESOLVED])},
            "border_ambiguity_fallbacks": {"within_threshold": within, "outside_threshold": outside},
            "border_ambiguity": plain(borders),
        },
    }


def governance_block(caps: Caps, rungs: np.ndarray, borders: Sequence[Ambiguity]) -> dict[str, Any]:
    """The `governance` block from rows by rung and country; the floors of the country cap exempt small countries."""
    sites, overridden, preferred = rungs.sum(axis=0), rungs[ladder.OVERRIDE], rungs[ladder.PREFERRED]
    within, outside = rungs[ladder.NEAREST_WITHIN], rungs[ladder.NEAREST_OUTSIDE]
    fallback, edges = within + outside, {"fallback_within_threshold": within, "fallback_outside_threshold": outside}
    decided = {"fallback": fallback, "override": overridden, "preferred": preferred}
    counts = {name: int(rows.sum()) for name, rows in decided.items()}
    fell_back = by_country("fallback_total", "fallback_rate", sites, fallback, **edges)
    exempt = {
        country: _floors(entry, caps)
        for country, entry in fell_back.items()
        if rate(entry["fallback_total"], entry["sites_total"]) > caps.fallback_country_cap
    }
    shown = ("sites_total", "fallback_total", "fallback_rate")
    return {
        "caps": caps.report(),
        "exceptions": exceptions_block(caps),
        "fallback_count": counts["fallback"],
        "preferred_count": counts["preferred"],
        "nudged_abroad": sum(place.rows for place in borders if place.decided_by == "nudge" and not place.own_zones),
        "rates": {f"{name}_rate": emitted(count, int(sites.sum())) for name, count in counts.items()},
        "fallback_by_country": fell_back,
        "override_by_country": by_country("overrides_total", "override_rate", sites, overridden),
        "preferred_by_country": by_country("preferred_total", "preferred_rate", sites, preferred),
        "fallback_country_violations": [country for country, floors in exempt.items() if not floors],
        "fallback_country_exempt": {
            country: {name: fell_back[country][name] for name in shown} | {"exempt_by": floors}
            for country, floors in exempt.items()
            if floors
        },
    }


def _floors(entry: dict[str, Any], caps: Caps) -> list[str]:
    """What keeps the cap from a country: too few sites, too few rows on fallback (decisions.md §5 decision 6)."""
    floors = {
        "min_sites": entry["sites_total"] < caps.fallback_country_min_sites,
        "min_rows": entry["fallback_total"] < caps.fallback_country_min_rows,
    }
    return [name for name, below in floors.items() if below]


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
