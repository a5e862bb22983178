"""How many sites of each country geometry did not decide, as S1 counted them (certification.md §4).

S1 reports rates to 8 decimals; what is compared is divided here from its counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from scripts.scoring.exact import exact, quotient
from scripts.scoring.gates import CountryCap, Grade


class Part(NamedTuple):
    """So many rows of a country's sites."""

    rows: int
    sites: int

    @property
    def rate(self) -> Fraction:
        return quotient(self.rows, self.sites)


@dataclass(frozen=True)
class Exempt:
    """A country above the run's cap on fallback that the cap does not bind: `exempt_by` min_sites, min_rows or both."""

    sites_total: int
    fallback_total: int
    fallback_rate: float
    exempt_by: list[str]


@dataclass(frozen=True)
class PolicyRows:
    """Rows that fell back to the nearest polygon, that overrides set, that border preference set: by country."""

    sites_total: int
    fallback: dict[str, Part]
    overridden: dict[str, Part]
    preferred: dict[str, Part]

    @property
    def fallback_rate(self) -> Fraction:
        return quotient(rows_of(self.fallback), self.sites_total)

    @property
    def override_rate(self) -> Fraction:
        return quotient(rows_of(self.overridden), self.sites_total)

    @property
    def helped(self) -> dict[str, Part]:
        """Rows that policy decided. They are ambiguous: without it they would go to the nearest polygon."""
        return added(self.overridden, self.preferred)

    def without_policy(self) -> "PolicyRows":
        """As if overridden and border-preferred rows had fallen back."""
        return PolicyRows(self.sites_total, added(self.fallback, self.helped), {}, {})

    def violations(self, cap: CountryCap, grade: Grade) -> list[str]:
        """Countries above the cap, among those with enough sites and enough fallback rows (design §5 decision 6)."""
        return sorted(
            country
            for country, part in self.fallback.items()
            if part.rate > exact(cap.threshold(grade))
            and part.sites >= cap.min_sites.value
            and part.rows >= cap.min_rows.value
        )


def rows_of(parts: Mapping[str, Part]) -> int:
    """Rows of all countries together."""
    return sum(part.rows for part in parts.values())


def added(first: Mapping[str, Part], second: Mapping[str, Part]) -> dict[str, Part]:
    """The rows of both, by country."""
    found = dict(first)
    for country, part in second.items():
        found[country] = Part(part.rows + first[country].rows, part.sites) if country in first else part
    return found


def policy_rows(governance: dict[str, Any] | None, sites_total: int | None) -> PolicyRows | None:
    """From the `governance` block of S1's report and its `sites_total`; None where S1 did not get that far."""
    if not governance:
        return None

    def parts(what: str, plural: str) -> dict[str, Part]:
        by_country = governance.get(f"{what}_by_country", {})
        return {country: Part(entry[f"{plural}_total"], entry["sites_total"]) for country, entry in by_country.items()}

    names = (("fallback", "fallback"), ("override", "overrides"), ("preferred", "preferred"))
    return PolicyRows(sites_total or 0, *(parts(*name) for name in names))
