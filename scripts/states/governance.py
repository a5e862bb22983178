"""What S1 and S2 report of policy, and the cap on overrides they share (states.md §3.2; certification.md A12)."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from scripts.lib.approvals import APPROVERS
from scripts.lib.errors import Abort
from scripts.lib.records import plain_fields
from scripts.states.policy import Caps
from scripts.states.site_key import country_name


class Stand(NamedTuple):
    """What caps are held against: a seed, its sites, the caps, and the day (yyyy-mm-dd) of its receipt."""

    seed: int
    sites_total: int
    caps: Caps
    day: str


def rate(part: int, whole: int) -> float:
    """part / whole, 0 for an empty whole: what caps are compared with."""
    return part / whole if whole else 0.0


def emitted(part: int, whole: int) -> float:
    """The rate as reports show it, to 8 decimals; nothing is decided by it."""
    return round(rate(part, whole), 8)


def above(name: str, rows: int, cap: float, total: int) -> list[str]:
    """That the rate is above its cap, in words; nothing where it is not."""
    if rate(rows, total) <= cap:
        return []
    return [f"{name} {emitted(rows, total):.8f} ({rows} of {total} sites) > cap {cap}"]


def by_country(
    total_as: str, rate_as: str, sites: np.ndarray, rows: np.ndarray, **parts: np.ndarray
) -> dict[str, dict[str, Any]]:
    """Sites, rows, their rate and parts of each country that has rows, in alphabetical order.

    Arrays are int64 [COUNTRIES] by country code; `total_as` and `rate_as` name rows and rate.
    """
    return {
        country_name(code): {
            "sites_total": int(sites[code]),
            total_as: int(rows[code]),
            rate_as: emitted(int(rows[code]), int(sites[code])),
            **{name: int(part[code]) for name, part in parts.items()},
        }
        for code in np.flatnonzero(rows).tolist()
    }


def exceptions_block(caps: Caps) -> list[dict[str, Any]]:
    """Every exception of the policy as it was approved, and why it does not hold (null where it does)."""
    judged = [*((entry, None) for entry in caps.exceptions), *caps.refused]
    return [plain_fields(entry) | {"refused": why} for entry, why in sorted(judged, key=lambda pair: pair[0].id)]


def override_breaches(code: str, overridden: Mapping[str, int], where: str, stand: Stand) -> list[Abort]:
    """The override cap, which exceptions in force lift for their countries, as far as they say and no further.

    `overridden` are rows by country, `where` says at which places, as the end of a message.
    """
    problems = _beyond_cap(overridden, stand)
    if not problems:
        return []
    refused = "".join(f"; exception {entry.id} does not hold: {why}" for entry, why in stand.caps.refused)
    message, countries = "; ".join(problems) + refused + where, ";".join(sorted(overridden))
    return [Abort(code, message, action=_exception_advice(overridden, stand), seed=stand.seed, countries=countries)]


def _beyond_cap(overridden: Mapping[str, int], stand: Stand) -> list[str]:
    """How the overrides exceed what the cap and the exceptions allow together."""
    caps, total = stand.caps, stand.sites_total
    rows = sum(overridden.values())
    if rate(rows, total) <= caps.override_rate_cap or not caps.exceptions:
        return above("override_rate", rows, caps.override_rate_cap, total)
    highest = max(caps.exceptions, key=lambda entry: entry.rate)
    lifted = max(highest.rate, caps.override_rate_cap)
    problems = above(f"override_rate, lifted by {highest.id},", rows, lifted, total)
    for entry in caps.exceptions:
        inside = sum(overridden.get(country, 0) for country in entry.scope.countries)
        problems += above(f"override_rate within {entry.id}", inside, max(entry.rate, caps.override_rate_cap), total)
    named = {country for entry in caps.exceptions for country in entry.scope.countries}
    outside = sum(count for country, count in overridden.items() if country not in named)
    return problems + above("override_rate outside the exceptions", outside, caps.override_rate_cap, total)


def _exception_advice(overridden: Mapping[str, int], stand: Stand) -> str:
    """The line of an exception that would let the seed pass, where one may go that far."""
    caps = stand.caps
    needed = math.ceil(sum(overridden.values()) / stand.sites_total * 10_000) / 10_000
    if needed > caps.override_exception_ceiling:
        ceiling = caps.override_exception_ceiling
        return f"Narrow the overrides: no exception may go beyond {ceiling} (override_exception_ceiling)."
    approver = " or ".join(caps.approvers.who_may("exception")) or "..."
    scope = f"{{cap: override_rate, countries: [{', '.join(_needed_countries(overridden, stand))}]}}"
    record = f"id: ..., approver: {approver}, requester: ..., scope: {scope}, rate: {needed}"
    record += f", valid_from: {stand.day}, expiry: ..., reason: ..."
    who = f"one of {APPROVERS} approves, in the candidate's `policy:`"
    return f"Narrow the overrides, or {who}, governance: {{exceptions: [{{{record}}}]}}."


def _needed_countries(overridden: Mapping[str, int], stand: Stand) -> list[str]:
    """The fewest countries without which the others are within the cap."""
    rest, needed = sum(overridden.values()), []
    for country, rows in sorted(overridden.items(), key=lambda entry: (-entry[1], entry[0])):
        if rate(rest, stand.sites_total) <= stand.caps.override_rate_cap:
            break
        needed.append(country)
        rest -= rows
    return sorted(needed)
