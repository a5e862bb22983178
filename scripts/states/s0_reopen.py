"""Whether a run may read an upstream that is not frozen: evidence, scope and approval (certification.md §14)."""

import csv
from collections.abc import Sequence
from pathlib import Path

import yaml

from scripts.lib.approvals import APPROVERS, Approval, check_approval, read_approvers
from scripts.lib.contracts import load_yaml, read_document
from scripts.lib.errors import Abort, raise_all
from scripts.lib.files import sha256_file
from scripts.lib.pins import SeedPins

SCHEMA = "schemas.config.yaml#/reopen"
GATE_TABLE = "segment2a_gate_table.csv"
CORRECT = "Correct the record and have it approved; `python -m scripts.certification.pin_reopen RECORD` writes digests."


def check_reopen(authority: str, paths: Sequence[str], upstream: SeedPins, approvers: str = APPROVERS) -> None:
    """Whether a seed may read `authority` by the record that the candidate names, if any, in `paths` (2A-S0-004).

    No authority is one that needs no record.
    """
    if not authority:
        return
    if not paths:
        raise Abort(
            "2A-S0-004",
            f"authority `{authority}` is not frozen and the candidate names no existing reopen record",
            action=f"Name `{authority}` under `frozen_authorities` if any candidate may read it; else give the"
            " candidate `reopen: NAME`, a record config/reopen/NAME.yaml.",
            path="config/config.yaml",
            seed=upstream.seed,
        )
    (path,) = paths
    problems = _problems(path, authority, upstream, approvers)
    raise_all([Abort("2A-S0-004", why, action=CORRECT, path=path, seed=upstream.seed) for why in problems])


def _problems(path: str, authority: str, upstream: SeedPins, approvers: str) -> list[str]:
    """What keeps the record at `path` from opening `authority` to the seed, in words."""
    found, errors = read_document(path, SCHEMA)
    if errors:
        return [f"reopen record incomplete: {'; '.join(errors[:5])}"]
    problems, approval = [], found["approval"]
    if found["authority"] != authority:
        problems.append(f"the record reopens `{found['authority']}`, the candidate reads `{authority}`")
    if upstream.seed not in found["scope"]["seeds"]:
        problems.append(f"seed {upstream.seed} is outside the record's scope {found['scope']['seeds']}")
    if approval["decision"] != "approved":
        problems.append(f"approval is `{approval['decision']}`; it must stand before the run")
    allowed = Approval("reopen", approval["approver"], found["requested_by"], approval["date"])
    flaws = check_approval(allowed, read_approvers(approvers), latest=upstream.created_utc[:10])
    problems += [f"approval: {why}" for why in flaws]
    faults = [_evidence_fault(entry["path"], entry["sha256"]) for entry in found["evidence"]]
    problems += [fault for fault in faults if fault]
    if not any(_contradicts(Path(entry["path"])) for entry in found["evidence"]):
        problems.append(
            f"nothing contradicts the upstream: no evidence is a {GATE_TABLE} in which a realism gate fails"
        )
    return problems


def _evidence_fault(path: str, sha256: str) -> str:
    """What is wrong with a file of evidence; empty when it has the bytes that the record names."""
    if not Path(path).is_file():
        return f"evidence {path} is missing"
    return f"evidence {path} has other bytes than the record says" if sha256_file(path) != sha256 else ""


def _contradicts(path: Path) -> bool:
    """Whether the file is a run's gate table with a realism gate that fails: what contradicts an upstream."""
    if path.name != GATE_TABLE or not path.is_file():
        return False
    with open(path, encoding="utf-8", newline="") as stream:
        return any((row.get("axis"), row.get("verdict")) == ("realism", "FAIL") for row in csv.DictReader(stream))


def evidence_paths(record_path: str) -> list[str]:
    """Paths of evidence that can be waited for: results that rules make, and files that exist."""
    try:
        paths = [entry["path"] for entry in load_yaml(record_path)["evidence"]]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError):
        return []  # S0 says what is wrong with the record
    return [path for path in paths if path.startswith("results/") or Path(path).is_file()]
