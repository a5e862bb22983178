"""The sealed governance policy: caps, border preference, approved exceptions (states.md §3.2)."""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from scripts.states.policy import read_policy

DATASET, SCHEMA = "governance", "schemas.2A.yaml#/policy/governance_v1"


class CountryCap(NamedTuple):
    """The cap on a country's fallback rate, and the sites and fallback rows below which it does not bind."""

    rate: float
    min_sites: float
    min_rows: float


@dataclass(frozen=True)
class Caps:
    """Rates are shares of sites. An approved exception in force raises `override_rate_cap`; `exceptions` are their ids.

    `border_preference` is None where the policy does not speak of it.
    """

    fallback_rate_cap: float
    fallback_country_cap: float
    fallback_country_min_sites: float
    fallback_country_min_rows: float
    override_rate_cap: float
    exceptions: list[str]
    border_preference: str | None = None

    @property
    def country(self) -> CountryCap:
        return CountryCap(self.fallback_country_cap, self.fallback_country_min_sites, self.fallback_country_min_rows)

    def report(self) -> dict[str, Any]:
        """The `governance.caps` block of a run report."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def load_caps(path: str, cutoff: str) -> Caps:
    """The caps in force on `cutoff` (yyyy-mm-dd); raises `Fault` CONTENT."""
    policy = read_policy(DATASET, SCHEMA, path)
    in_force = [entry for entry in policy.pop("exceptions") if entry["expiry"] >= cutoff]
    values = {name: entry["value"] for name, entry in policy.items()}
    values["override_rate_cap"] = max([values["override_rate_cap"], *(entry["rate"] for entry in in_force)])
    return Caps(**values, exceptions=sorted(entry["id"] for entry in in_force))
