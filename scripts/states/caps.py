"""The sealed governance policy: caps, border preference, approved exceptions (states.md §3.2; certification.md A12)."""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from scripts.lib.approvals import Approval, Approvers, check_approval, day_problems
from scripts.lib.records import record
from scripts.states.policy import read_policy

DATASET, SCHEMA = "governance", "schemas.2A.yaml#/policy/sealed_governance_v1"

FOREVER = "9999-12-31"


class CountryCap(NamedTuple):
    """The cap on a country's fallback rate, and the sites and fallback rows below which it does not bind."""

    rate: float
    min_sites: float
    min_rows: float


@dataclass(frozen=True)
class Scope:
    """What an exception is about: the cap on overrides, for rows of these countries."""

    cap: str
    countries: tuple[str, ...]


@dataclass(frozen=True)
class CapException:
    """An approved exception: overrides of its countries may bring the override rate of a run up to `rate`.

    It holds from `valid_from` to `expiry`, both included, by the date of the receipt.
    """

    id: str
    approver: str
    requester: str
    scope: Scope
    rate: float
    valid_from: str
    expiry: str
    reason: str

    def flaws(self, approvers: Approvers, ceiling: float, latest: str = FOREVER) -> list[str]:
        """What is wrong with it on whatever day a run is of, in words; none of its days may be after `latest`."""
        found = check_approval(Approval("exception", self.approver, self.requester, self.valid_from), approvers, latest)
        found += day_problems(self.expiry, self.valid_from, FOREVER, "the day from which it would hold")
        if self.rate > ceiling:
            found.append(f"rate {self.rate} is above the ceiling {ceiling} (override_exception_ceiling)")
        return found

    def problems(self, approvers: Approvers, ceiling: float, cutoff: str) -> list[str]:
        """Why it does not hold on `cutoff` (yyyy-mm-dd), in words; empty when it holds."""
        lapsed = [f"lapsed on {self.expiry}"] if self.expiry < cutoff else []
        return self.flaws(approvers, ceiling, cutoff) + lapsed


class Refused(NamedTuple):
    """An exception that does not hold, and why."""

    exception: CapException
    why: str


@dataclass(frozen=True)
class Caps:
    """Rates are shares of sites; `exceptions` hold, the `refused` do not; `border_preference` is none or in_country."""

    fallback_rate_cap: float
    fallback_country_cap: float
    fallback_country_min_sites: float
    fallback_country_min_rows: float
    override_rate_cap: float
    override_exception_ceiling: float
    preferred_rate_cap: float
    epsilon_degrees_cap: float
    approvers: Approvers
    exceptions: tuple[CapException, ...] = ()
    refused: tuple[Refused, ...] = ()
    border_preference: str = "none"

    @property
    def country(self) -> CountryCap:
        return CountryCap(self.fallback_country_cap, self.fallback_country_min_sites, self.fallback_country_min_rows)

    def report(self) -> dict[str, Any]:
        """The `governance.caps` block of S1's run report."""
        return {name: value for name, value in asdict(self).items() if isinstance(value, float | int | str)}


def load_caps(path: str, cutoff: str) -> Caps:
    """The caps, and which exceptions hold on `cutoff` (yyyy-mm-dd); raises `Fault` CONTENT."""
    policy = read_policy(DATASET, SCHEMA, path)
    approvers = record(Approvers, policy.pop("approvers"))
    entries = sorted((record(CapException, entry) for entry in policy.pop("exceptions")), key=lambda entry: entry.id)
    values = {name: entry["value"] for name, entry in policy.items()}
    why = [(entry, entry.problems(approvers, values["override_exception_ceiling"], cutoff)) for entry in entries]
    return Caps(
        **values,
        approvers=approvers,
        exceptions=tuple(entry for entry, problems in why if not problems),
        refused=tuple(Refused(entry, "; ".join(problems)) for entry, problems in why if problems),
    )
