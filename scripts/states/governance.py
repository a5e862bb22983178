"""Fallback and override rates, their caps, and the report block that shows both (states.md §3.2)."""

from typing import Any

import numpy as np

from scripts.lib.errors import Abort
from scripts.states.policy import country_name


def rate(part: int, whole: int) -> float:
    """part / whole, 0 for an empty whole: what caps and gates are compared with."""
    return part / whole if whole else 0.0


def emitted(part: int, whole: int) -> float:
    """The rate as reports show it, to 8 decimals; nothing is decided by it."""
    return round(rate(part, whole), 8)


def fallback_block(
    sites: np.ndarray, within: np.ndarray, outside: np.ndarray, overridden: np.ndarray, caps: dict[str, Any]
) -> dict[str, Any]:
    """The `governance` block of S1; all arrays int64 [65536] by country code."""
    fallback = within + outside
    total, fallbacks, overrides = int(sites.sum()), int(fallback.sum()), int(overridden.sum())
    fell_back = {
        country_name(int(code)): {
            "sites_total": int(sites[code]),
            "fallback_total": int(fallback[code]),
            "fallback_within_threshold": int(within[code]),
            "fallback_outside_threshold": int(outside[code]),
            "fallback_rate": emitted(int(fallback[code]), int(sites[code])),
        }
        for code in np.flatnonzero(fallback)
    }
    return {
        "caps": caps,
        "fallback_count": fallbacks,
        "rates": {"fallback_rate": emitted(fallbacks, total), "override_rate": emitted(overrides, total)},
        "fallback_by_country": fell_back,
        "override_by_country": override_by_country(sites, overridden),
        "fallback_country_violations": country_violations(fell_back, caps, caps["fallback_country_cap"]),
    }


def _by_country(what: str, plural: str, sites: np.ndarray, rows: np.ndarray) -> dict[str, Any]:
    """Sites, rows and rate of each country that has rows; arrays int64 [65536] by country code."""
    return {
        country_name(int(code)): {
            "sites_total": int(sites[code]),
            f"{plural}_total": int(rows[code]),
            f"{what}_rate": emitted(int(rows[code]), int(sites[code])),
        }
        for code in np.flatnonzero(rows)
    }


def override_by_country(sites: np.ndarray, overridden: np.ndarray) -> dict[str, Any]:
    """Overrides per country that has any."""
    return _by_country("override", "overrides", sites, overridden)


def preferred_by_country(sites: np.ndarray, preferred: np.ndarray) -> dict[str, Any]:
    """Border-ambiguous rows that went to the country's own zone."""
    return _by_country("preferred", "preferred", sites, preferred)


def country_violations(by_country: dict[str, Any], caps: dict[str, Any], cap: float) -> list[str]:
    """Countries above `cap`, among those with enough sites and enough fallback rows (decisions.md §5 decision 6)."""
    return sorted(
        country
        for country, entry in by_country.items()
        if rate(entry["fallback_total"], entry["sites_total"]) > cap
        and entry["sites_total"] >= caps["fallback_country_min_sites"]
        and entry["fallback_total"] >= caps["fallback_country_min_rows"]
    )


def s1_breaches(counts: dict[str, Any], governance: dict[str, Any], seed: int) -> list[Abort]:
    """Breached caps in the order 090, 092, 091; `counts` and `governance` are blocks of the run report."""
    caps, total = governance["caps"], counts["sites_total"]
    breaches = _above_cap("2A-S1-090", "fallback_rate", counts["fallback_count"], total, caps, seed)
    breaches += _above_cap("2A-S1-092", "override_rate", counts["overrides_applied"], total, caps, seed)
    for country in governance["fallback_country_violations"]:
        entry = governance["fallback_by_country"][country]
        breaches.append(
            Abort(
                "2A-S1-091",
                f"{country}: {entry['fallback_total']} of {entry['sites_total']} sites on fallback,"
                f" rate {entry['fallback_rate']:.8f} > cap {caps['fallback_country_cap']}",
                seed=seed,
                country=country,
            )
        )
    return breaches


def s2_breaches(counts: dict[str, Any], caps: dict[str, Any], seed: int) -> list[Abort]:
    """The S2 override cap."""
    return _above_cap("2A-S2-090", "override_rate", counts["overridden_total"], counts["sites_total"], caps, seed)


def _above_cap(code: str, name: str, rows: int, total: int, caps: dict[str, Any], seed: int) -> list[Abort]:
    cap = caps[f"{name}_cap"]
    if rate(rows, total) <= cap:
        return []
    return [Abort(code, f"{name} {emitted(rows, total):.8f} ({rows} of {total} sites) > cap {cap}", seed=seed)]
