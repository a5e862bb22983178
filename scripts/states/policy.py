"""The sealed policies nudge and governance (states.md §1.1, §3.2; certification.md A12); overrides.py has the third."""

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import yaml

from scripts.lib.approvals import Approval, Approvers, check_approval, day_problems
from scripts.lib.contracts import load_yaml, schema_errors
from scripts.lib.errors import Breach, Fault
from scripts.lib.files import sha256_text
from scripts.lib.records import record

FOREVER = "9999-12-31"


def read_policy(dataset: str, rule: str, path: str, *, as_text: bool = False) -> Any:
    """The policy at `path`, held to the schema `rule`, every scalar as text on request; raises `Fault` CONTENT."""
    try:
        policy = load_yaml(path, as_text=as_text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        raise Fault(Breach.CONTENT, dataset, " ".join(str(problem).split())[:200], path=path) from None
    check_policy(dataset, schema_errors(policy, f"schemas.2A.yaml#/policy/{rule}"), path)
    return policy


def check_policy(dataset: str, problems: list[str], path: str) -> None:
    """Raises `Fault` CONTENT that shows the first of the `problems`, if there is any."""
    if problems:
        raise Fault(Breach.CONTENT, dataset, "; ".join(problems[:5]), path=path, errors=len(problems))


class Nudge(NamedTuple):
    semver: str
    epsilon_degrees: float
    sha256_digest: str


def load_nudge(path: str) -> Nudge:
    """tz_nudge with its digest checked over the decimal as written; raises `Fault` CONTENT."""
    policy = read_policy("tz_nudge", "tz_nudge_v1", path, as_text=True)
    written = policy["epsilon_degrees"]
    if nudge_digest(policy["semver"], written) != policy["sha256_digest"]:
        message = "sha256_digest does not cover semver and epsilon_degrees as written"
        raise Fault(Breach.CONTENT, "tz_nudge", message, path=path)
    if not Decimal(written) > 0:
        raise Fault(Breach.CONTENT, "tz_nudge", f"epsilon_degrees must be > 0, found {written}", path=path)
    return Nudge(policy["semver"], float(written), policy["sha256_digest"])


def nudge_digest(semver: str, epsilon: str) -> str:
    """The law of tz_nudge.sha256_digest (states.md §1.1)."""
    return sha256_text(f"semver={semver}\nepsilon_degrees={epsilon}\n")


@dataclass(frozen=True)
class Scope:
    """What an exception is about: the cap on overrides, for rows of these countries."""

    cap: str
    countries: tuple[str, ...]


@dataclass(frozen=True)
class CapException:
    """From `valid_from` to `expiry`, overrides of its countries may bring the override rate of a run up to `rate`."""

    id: str
    approver: str
    requester: str
    scope: Scope
    rate: float
    valid_from: str
    expiry: str
    reason: str

    def flaws(self, approvers: Approvers, ceiling: float, cutoff: str | None = None) -> list[str]:
        """Why it does not hold on `cutoff` (yyyy-mm-dd), or on any day whatever, in words; empty when it holds."""
        approval = Approval("exception", self.approver, self.requester, self.valid_from)
        found = check_approval(approval, approvers, cutoff or FOREVER)
        found += day_problems(self.expiry, self.valid_from, FOREVER, "the day from which it would hold")
        if self.rate > ceiling:
            found.append(f"rate {self.rate} is above the ceiling {ceiling} (override_exception_ceiling)")
        if cutoff and self.expiry < cutoff:
            found.append(f"lapsed on {self.expiry}")
        return found


@dataclass(frozen=True)
class Caps:
    """Rates are shares of sites; `exceptions` hold, the `refused` do not, and why not."""

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
    refused: tuple[tuple[CapException, str], ...] = ()
    border_preference: str = "none"  # or in_country

    def report(self) -> dict[str, Any]:
        """The `governance.caps` block of S1's run report."""
        return {name: value for name, value in asdict(self).items() if isinstance(value, float | int | str)}


def load_caps(path: str, cutoff: str) -> Caps:
    """The caps, and which exceptions hold on `cutoff` (yyyy-mm-dd); raises `Fault` CONTENT."""
    policy = read_policy("governance", "sealed_governance_v1", path)
    approvers = record(Approvers, policy.pop("approvers"))
    entries = sorted((record(CapException, entry) for entry in policy.pop("exceptions")), key=lambda entry: entry.id)
    values = {name: entry["value"] for name, entry in policy.items()}
    why = [(entry, entry.flaws(approvers, values["override_exception_ceiling"], cutoff)) for entry in entries]
    return Caps(
        **values,
        approvers=approvers,
        exceptions=tuple(entry for entry, problems in why if not problems),
        refused=tuple((entry, "; ".join(problems)) for entry, problems in why if problems),
    )
