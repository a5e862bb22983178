"""Which caps a seed exceeds, who did it, and what policy would have to say (states.md §3.2; certification.md A12)."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from scripts.lib.approvals import APPROVERS
from scripts.lib.errors import Abort
from scripts.states.ambiguity import Ambiguity, decided_by, fallback_advice, listed
from scripts.states.caps import Caps
from scripts.states.governance import emitted, rate


class Stand(NamedTuple):
    """What caps are held against: a seed, its sites, the caps, and the day (yyyy-mm-dd) of its receipt."""

    seed: int
    sites_total: int
    caps: Caps
    day: str


def s1_breaches(governance: dict[str, Any], found: Sequence[Ambiguity], stand: Stand) -> list[Abort]:
    """Breached caps in the order 090, 092, 091, 093; `governance` is the block of the run report."""
    caps, guessed = stand.caps, decided_by(found, "fallback")
    above = _above("fallback_rate", governance["fallback_count"], caps.fallback_rate_cap, stand.sites_total)
    breaches = [_on_fallback("2A-S1-090", text, guessed, stand) for text in above]
    overridden = {iso: entry["overrides_total"] for iso, entry in governance["override_by_country"].items()}
    breaches += override_breaches("2A-S1-092", overridden, listed(decided_by(found, "override")), stand)
    for country in governance["fallback_country_violations"]:
        entry, here = governance["fallback_by_country"][country], decided_by(found, "fallback", [country])
        what = f"{country}: {entry['fallback_total']} of {entry['sites_total']} sites on fallback"
        text = f"{what}, rate {entry['fallback_rate']:.8f} > cap {caps.fallback_country_cap}"
        breaches.append(_on_fallback("2A-S1-091", text, here, stand, country=country))
    preferred = decided_by(found, "border_preference")
    for text in _above("preferred_rate", governance["preferred_count"], caps.preferred_rate_cap, stand.sites_total):
        breaches.append(Abort("2A-S1-093", text + listed(preferred), seed=stand.seed, countries=_countries(preferred)))
    return breaches


def _on_fallback(code: str, text: str, guessed: Sequence[Ambiguity], stand: Stand, **context: Any) -> Abort:
    approver = " or ".join(stand.caps.approvers.who_may("override")) or "..."
    action = fallback_advice(guessed, approver) if guessed else ""
    context = context or {"countries": _countries(guessed)}
    return Abort(code, text + listed(guessed), action=action, seed=stand.seed, **context)


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
        return _above("override_rate", rows, caps.override_rate_cap, total)
    highest = max(caps.exceptions, key=lambda entry: entry.rate)
    lifted = max(highest.rate, caps.override_rate_cap)
    problems = _above(f"override_rate, lifted by {highest.id},", rows, lifted, total)
    for entry in caps.exceptions:
        inside = sum(overridden.get(country, 0) for country in entry.scope.countries)
        problems += _above(f"override_rate within {entry.id}", inside, max(entry.rate, caps.override_rate_cap), total)
    named = {country for entry in caps.exceptions for country in entry.scope.countries}
    outside = sum(count for country, count in overridden.items() if country not in named)
    return problems + _above("override_rate outside the exceptions", outside, caps.override_rate_cap, total)


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


def _above(name: str, rows: int, cap: float, total: int) -> list[str]:
    if rate(rows, total) <= cap:
        return []
    return [f"{name} {emitted(rows, total):.8f} ({rows} of {total} sites) > cap {cap}"]


def _countries(found: Sequence[Ambiguity]) -> str:
    return ";".join(sorted({entry.country_iso for entry in found}))
