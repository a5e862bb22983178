"""Rates of fallback, overrides and border preference, and the report blocks that show them (states.md §3.2)."""

from typing import Any, NamedTuple

import numpy as np

from scripts.lib.records import plain_fields
from scripts.states.caps import Caps, CountryCap
from scripts.states.countries import country_name

Entries = dict[str, dict[str, Any]]  # of a run report, by country


def rate(part: int, whole: int) -> float:
    """part / whole, 0 for an empty whole: what caps and gates are compared with."""
    return part / whole if whole else 0.0


def emitted(part: int, whole: int) -> float:
    """The rate as reports show it, to 8 decimals; nothing is decided by it."""
    return round(rate(part, whole), 8)


class Decided(NamedTuple):
    """Sites, and rows that policy or a guess decided: int64 [COUNTRIES] by country code."""

    sites: np.ndarray
    within: np.ndarray
    outside: np.ndarray
    overridden: np.ndarray
    preferred: np.ndarray


def s1_block(caps: Caps, rows: Decided, abroad: int = 0) -> dict[str, Any]:
    """The `governance` block of S1; `abroad` are rows that the nudge put into a zone that is not of their country."""
    fallback = rows.within + rows.outside
    total, fallbacks = int(rows.sites.sum()), int(fallback.sum())
    overrides, preferences = int(rows.overridden.sum()), int(rows.preferred.sum())
    fell_back = _by_country("fallback", "fallback", rows.sites, fallback)
    for code in np.flatnonzero(fallback).tolist():
        edges = {
            "fallback_within_threshold": int(rows.within[code]),
            "fallback_outside_threshold": int(rows.outside[code]),
        }
        fell_back[country_name(code)] |= edges
    return {
        "caps": caps.report(),
        "exceptions": exceptions_block(caps),
        "fallback_count": fallbacks,
        "preferred_count": preferences,
        "nudged_abroad": abroad,
        "rates": {
            "fallback_rate": emitted(fallbacks, total),
            "override_rate": emitted(overrides, total),
            "preferred_rate": emitted(preferences, total),
        },
        "fallback_by_country": fell_back,
        "override_by_country": override_by_country(rows.sites, rows.overridden),
        "preferred_by_country": _by_country("preferred", "preferred", rows.sites, rows.preferred),
        "fallback_country_violations": country_violations(fell_back, caps.country),
        "fallback_country_exempt": country_exempt(fell_back, caps.country),
    }


def exceptions_block(caps: Caps) -> list[dict[str, Any]]:
    """Every exception of the policy as it was approved, and why it does not hold (null where it does)."""
    judged = [(entry, None) for entry in caps.exceptions] + [(entry, why) for entry, why in caps.refused]
    return [plain_fields(entry) | {"refused": why} for entry, why in sorted(judged, key=lambda pair: pair[0].id)]


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


def country_violations(by_country: Entries, cap: CountryCap) -> list[str]:
    """Countries above the cap, among those with enough sites and enough fallback rows (decisions.md §5 decision 6)."""
    return sorted(country for country, entry in by_country.items() if _above(entry, cap) and not exempt_by(entry, cap))


def country_exempt(by_country: Entries, cap: CountryCap) -> Entries:
    """Countries above the cap that it does not bind, with their rate and what exempts them (certification.md A10)."""
    return {
        country: {
            **{name: entry[name] for name in ("sites_total", "fallback_total", "fallback_rate")},
            "exempt_by": exempt_by(entry, cap),
        }
        for country, entry in sorted(by_country.items())
        if _above(entry, cap) and exempt_by(entry, cap)
    }


def exempt_by(entry: dict[str, Any], cap: CountryCap) -> list[str]:
    """The floors that keep the cap from a country: too few sites, too few rows on fallback."""
    floors = {"min_sites": entry["sites_total"] < cap.min_sites, "min_rows": entry["fallback_total"] < cap.min_rows}
    return [name for name, below in floors.items() if below]


def _above(entry: dict[str, Any], cap: CountryCap) -> bool:
    return rate(entry["fallback_total"], entry["sites_total"]) > cap.rate
