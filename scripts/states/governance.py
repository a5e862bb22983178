"""Fallback and override rates, their caps, and the report block that shows both (states.md §3.2)."""

from typing import Any

import numpy as np

from scripts.lib.errors import Abort
from scripts.states.caps import Caps, CountryCap
from scripts.states.countries import country_name

Entries = dict[str, dict[str, Any]]  # of a run report, by country


def rate(part: int, whole: int) -> float:
    """part / whole, 0 for an empty whole: what caps and gates are compared with."""
    return part / whole if whole else 0.0


def emitted(part: int, whole: int) -> float:
    """The rate as reports show it, to 8 decimals; nothing is decided by it."""
    return round(rate(part, whole), 8)


def fallback_block(
    caps: Caps, *, sites: np.ndarray, within: np.ndarray, outside: np.ndarray, overridden: np.ndarray
) -> dict[str, Any]:
    """The `governance` block of S1; all arrays int64 [COUNTRIES] by country code."""
    fallback = within + outside
    total, fallbacks, overrides = int(sites.sum()), int(fallback.sum()), int(overridden.sum())
    fell_back = _by_country("fallback", "fallback", sites, fallback)
    for code in np.flatnonzero(fallback).tolist():
        edges = {"fallback_within_threshold": int(within[code]), "fallback_outside_threshold": int(outside[code])}
        fell_back[country_name(code)] |= edges
    return {
        "caps": caps.report(),
        "fallback_count": fallbacks,
        "rates": {"fallback_rate": emitted(fallbacks, total), "override_rate": emitted(overrides, total)},
        "fallback_by_country": fell_back,
        "override_by_country": override_by_country(sites, overridden),
        "fallback_country_violations": country_violations(fell_back, caps.country),
    }


def _by_country(what: str, plural: str, sites: np.ndarray, rows: np.ndarray) -> Entries:
    """Sites, rows and rate of each country that has rows; arrays int64 [COUNTRIES] by country code."""
    return {
        country_name(code): {
            "sites_total": int(sites[code]),
            f"{plural}_total": int(rows[code]),
            f"{what}_rate": emitted(int(rows[code]), int(sites[code])),
        }
        for code in np.flatnonzero(rows).tolist()
    }


def override_by_country(sites: np.ndarray, overridden: np.ndarray) -> Entries:
    """Overrides per country that has any."""
    return _by_country("override", "overrides", sites, overridden)


def preferred_by_country(sites: np.ndarray, preferred: np.ndarray) -> Entries:
    """Border-ambiguous rows that went to the country's own zone."""
    return _by_country("preferred", "preferred", sites, preferred)


def country_violations(by_country: Entries, cap: CountryCap) -> list[str]:
    """Countries above the cap, among those with enough sites and enough fallback rows (decisions.md §5 decision 6)."""
    return sorted(
        country
        for country, entry in by_country.items()
        if rate(entry["fallback_total"], entry["sites_total"]) > cap.rate
        and entry["sites_total"] >= cap.min_sites
        and entry["fallback_total"] >= cap.min_rows
    )


def s1_breaches(counts: dict[str, Any], governance: dict[str, Any], caps: Caps, seed: int) -> list[Abort]:
    """Breached caps in the order 090, 092, 091; `counts` and `governance` are blocks of the run report."""
    total = counts["sites_total"]
    breaches = _above("2A-S1-090", "fallback_rate", caps.fallback_rate_cap, counts["fallback_count"], total, seed)
    breaches += _above("2A-S1-092", "override_rate", caps.override_rate_cap, counts["overrides_applied"], total, seed)
    for country in governance["fallback_country_violations"]:
        entry = governance["fallback_by_country"][country]
        breaches.append(
            Abort(
                "2A-S1-091",
                f"{country}: {entry['fallback_total']} of {entry['sites_total']} sites on fallback,"
                f" rate {entry['fallback_rate']:.8f} > cap {caps.fallback_country_cap}",
                seed=seed,
                country=country,
            )
        )
    return breaches


def s2_breaches(counts: dict[str, Any], caps: Caps, seed: int) -> list[Abort]:
    """The S2 override cap."""
    rows, total = counts["overridden_total"], counts["sites_total"]
    return _above("2A-S2-090", "override_rate", caps.override_rate_cap, rows, total, seed)


def _above(code: str, name: str, cap: float, rows: int, total: int, seed: int) -> list[Abort]:
    if rate(rows, total) <= cap:
        return []
    return [Abort(code, f"{name} {emitted(rows, total):.8f} ({rows} of {total} sites) > cap {cap}", seed=seed)]
