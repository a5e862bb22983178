"""Fallback and override rates, their caps, and the report block that shows both (states.md §3.2)."""

from typing import Any

import numpy as np

from scripts.lib.errors import Abort
from scripts.lib.states.policy import country_name


def rate(part: int, whole: int) -> float:
    """part / whole, 0 for an empty whole."""
    return part / whole if whole else 0.0


def fallback_block(
    sites: np.ndarray, within: np.ndarray, outside: np.ndarray, overridden: np.ndarray, caps: dict[str, Any]
) -> dict[str, Any]:
    """The `governance` block of S1; all arrays int64 [65536] by country code. Rates are unrounded here."""
    fallback = within + outside
    total, fallbacks, overrides = int(sites.sum()), int(fallback.sum()), int(overridden.sum())
    by_country = {
        country_name(int(code)): {
            "sites_total": int(sites[code]),
            "fallback_total": int(fallback[code]),
            "fallback_within_threshold": int(within[code]),
            "fallback_outside_threshold": int(outside[code]),
            "fallback_rate": rate(int(fallback[code]), int(sites[code])),
        }
        for code in np.flatnonzero(fallback)
    }
    return {
        "caps": caps,
        "fallback_count": fallbacks,
        "rates": {"fallback_rate": rate(fallbacks, total), "override_rate": rate(overrides, total)},
        "fallback_by_country": by_country,
        "override_by_country": override_by_country(sites, overridden),
        "fallback_country_violations": country_violations(by_country, caps, caps["fallback_country_cap"]),
    }


def override_by_country(sites: np.ndarray, overridden: np.ndarray) -> dict[str, Any]:
    """Overrides per country that has any; arrays int64 [65536] by country code."""
    return {
        country_name(int(code)): {
            "sites_total": int(sites[code]),
            "overrides_total": int(overridden[code]),
            "override_rate": rate(int(overridden[code]), int(sites[code])),
        }
        for code in np.flatnonzero(overridden)
    }


def preferred_by_country(sites: np.ndarray, preferred: np.ndarray) -> dict[str, Any]:
    """Border-ambiguous rows that went to the country's own zone; arrays int64 [65536] by country code."""
    return {
        country_name(int(code)): {
            "sites_total": int(sites[code]),
            "preferred_total": int(preferred[code]),
            "preferred_rate": rate(int(preferred[code]), int(sites[code])),
        }
        for code in np.flatnonzero(preferred)
    }


def country_violations(by_country: dict[str, Any], caps: dict[str, Any], cap: float) -> list[str]:
    """Countries above `cap`, among those with enough sites and enough fallback rows (design §5 decision 6)."""
    return sorted(
        country
        for country, entry in by_country.items()
        if entry["fallback_rate"] > cap
        and entry["sites_total"] >= caps["fallback_country_min_sites"]
        and entry["fallback_total"] >= caps["fallback_country_min_rows"]
    )


def s1_breaches(governance: dict[str, Any], seed: int) -> list[Abort]:
    """Breached caps in the order 090, 092, 091."""
    caps, rates = governance["caps"], governance["rates"]
    breaches = []
    for code, name in (("2A-S1-090", "fallback_rate"), ("2A-S1-092", "override_rate")):
        if rates[name] > caps[f"{name}_cap"]:
            breaches.append(Abort(code, f"{name} {rates[name]:.8f} > cap {caps[f'{name}_cap']}", seed=seed))
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


def s2_breaches(rates: dict[str, float], caps: dict[str, Any], seed: int) -> list[Abort]:
    """The S2 override cap."""
    if rates["override_rate"] > caps["override_rate_cap"]:
        message = f"override_rate {rates['override_rate']:.8f} > cap {caps['override_rate_cap']}"
        return [Abort("2A-S2-090", message, seed=seed)]
    return []
