"""The policies of one candidate: the base files, then the changes of each ancestor, then its own.

Who may approve is no candidate's business: the project's list is sealed with the caps of every run.
"""

from typing import Any

import yaml

from scripts.lib.candidate import read_candidate
from scripts.lib.contracts import load_yaml
from scripts.lib.files import write_text
from scripts.states.policy import nudge_digest


def apply_changes(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """`base` = {tz_overrides: [...], tz_nudge: {...}, governance: {...}} with a candidate's `policy` block applied."""
    overrides = changes.get("tz_overrides", {})
    dropped = {(row["scope"], row["target"]) for row in overrides.get("remove", [])}
    rows = [row for row in base["tz_overrides"] if (row["scope"], row["target"]) not in dropped]
    nudge = {**base["tz_nudge"], **changes.get("tz_nudge", {})}
    nudge["sha256_digest"] = nudge_digest(nudge["semver"], nudge["epsilon_degrees"])
    return {
        "tz_overrides": rows + overrides.get("add", []),
        "tz_nudge": nudge,
        "governance": {**base["governance"], **changes.get("governance", {})},
    }


def main(
    *,
    base_overrides: str,
    base_nudge: str,
    base_governance: str,
    approvers: str,
    candidates: list[str],
    tz_overrides: str,
    tz_nudge: str,
    governance: str,
) -> None:
    policy = {
        "tz_overrides": load_yaml(base_overrides),
        "tz_nudge": load_yaml(base_nudge, as_text=True),
        "governance": load_yaml(base_governance),
    }
    for path in candidates:
        policy = apply_changes(policy, read_candidate(path).policy)
    policy["governance"] |= {"approvers": load_yaml(approvers)}
    for name, path in (("tz_overrides", tz_overrides), ("tz_nudge", tz_nudge), ("governance", governance)):
        write_text(path, yaml.safe_dump(policy[name], sort_keys=True, allow_unicode=True, width=120))


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
