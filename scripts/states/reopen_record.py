"""Whether a run may read an upstream that is not frozen: evidence, scope and approval (certification.md §14)."""

from datetime import date
from pathlib import Path
from typing import Any

import yaml

from scripts.lib.contracts import load_yaml, schema_errors
from scripts.lib.errors import Abort, raise_all
from scripts.lib.files import sha256_file

SCHEMA = "schemas.config.yaml#/reopen"
CORRECT = "Correct the record and have it approved; `python -m scripts.certification.pin_reopen RECORD` writes digests."


def check_reopen(
    authority: str, frozen: bool, record_path: str | None, seed: int, created_utc: str
) -> dict[str, Any] | None:
    """The record that lets `seed` read `authority`, None where it is frozen and needs none.

    Raises 2A-S0-004 for a missing, incomplete or unapproved record, for one of another authority or seed, for an
    approval later than `created_utc` of the upstream run, and for evidence that is missing or has other bytes than the
    record says.
    """
    if frozen:
        return None
    if not record_path:
        raise Abort(
            "2A-S0-004",
            f"authority `{authority}` is not frozen and the candidate names no existing reopen record",
            action=f"Name `{authority}` under `frozen_authorities` if any candidate may read it; else give the"
            " candidate `reopen: NAME`, a record config/reopen/NAME.yaml.",
            path="config/config.yaml",
            seed=seed,
        )
    record = _read(record_path, seed)
    problems = []
    if record["authority"] != authority:
        problems.append(f"the record reopens `{record['authority']}`, the candidate reads `{authority}`")
    if seed not in record["scope"]["seeds"]:
        problems.append(f"seed {seed} is outside the record's scope {record['scope']['seeds']}")
    if record["approval"]["decision"] != "approved":
        problems.append(f"approval is `{record['approval']['decision']}`; it must stand before the run")
    problems += _approval_day(record["approval"]["date"], created_utc[:10])
    for entry in record["evidence"]:
        path = Path(entry["path"])
        if not path.is_file():
            problems.append(f"evidence {path} is missing")
        elif sha256_file(path) != entry["sha256"]:
            problems.append(f"evidence {path} has other bytes than the record says")
    raise_all([Abort("2A-S0-004", problem, action=CORRECT, path=record_path, seed=seed) for problem in problems])
    return record


def _approval_day(day: str, created: str) -> list[str]:
    try:
        date.fromisoformat(day)
    except ValueError:
        return [f"approval date {day!r} is not a day"]
    late = f"approval of {day} is later than the upstream run of {created}; it must stand before execution"
    return [late] if day > created else []


def _read(path: str, seed: int) -> dict[str, Any]:
    try:
        record = load_yaml(path)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        message = f"reopen record unreadable: {' '.join(str(problem).split())[:200]}"
        raise Abort("2A-S0-004", message, action=CORRECT, path=path, seed=seed) from None
    errors = schema_errors(record, SCHEMA)
    if errors:
        message = f"reopen record incomplete: {'; '.join(errors[:5])}"
        raise Abort("2A-S0-004", message, action=CORRECT, path=path, seed=seed)
    return record


def evidence_paths(record_path: str) -> list[str]:
    """Paths of evidence that can be waited for: results that rules make, and files that exist."""
    try:
        entries = load_yaml(record_path)["evidence"]
        paths = [entry["path"] for entry in entries]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError):
        return []  # S0 says what is wrong with the record
    return [path for path in paths if path.startswith("results/") or Path(path).is_file()]
