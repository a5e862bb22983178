"""How a state ends: its dataset published or withheld, its run report written, its status a value (design §3).

A breach found in the data is recorded, not thrown at the user: the report says `fail` with its codes, the dataset is
withheld, and later states of the seed report `blocked`. So one bad seed never hides the verdict.
"""

import logging
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from scripts.lib.contracts import arrow_schema, dictionary
from scripts.lib.errors import Abort, AbortGroup
from scripts.lib.files import canonical_json, read_json, sha256_file, staged, write_json, write_text
from scripts.lib.logs import event, say

Stages = dict[str, Path]


def run_state(
    state: str,
    compute: Callable[[Stages], dict[str, Any]],
    *,
    header: dict[str, Any],
    outputs: dict[str, str],
    report: str,
    previous: list[str] = (),
) -> str:
    """Run one state and write its report; returns the status `pass`, `fail` or `blocked`.

    `compute` gets a staging path per output (dataset id -> path), writes to it and returns the body of the report;
    it raises `Abort` or `AbortGroup` on a breach. `previous` are reports that must say `pass` before anything is read.
    """
    body: dict[str, Any] = {"errors": [], "warnings": []}
    blockers = {path: status_of(path) for path in previous if status_of(path) != "pass"}
    if blockers:
        status = "blocked"
        body["blocked_by"] = [{"report": path, "status": found} for path, found in sorted(blockers.items())]
    else:
        try:
            body |= _publish(state, compute, outputs)
            status = "pass"
        except (Abort, AbortGroup) as problem:
            status = "fail"
            breaches = getattr(problem, "breaches", [problem])
            body["errors"] = [breach.finding() for breach in breaches]
            for breach in breaches:
                body |= breach.context.pop("report", {})
                event(
                    "VALIDATION", str(breach), severity=logging.ERROR, id=breach.code, result="fail", code=breach.code
                )
                say(str(breach))
    if status != "pass":
        codes = sorted({error["code"] for error in body["errors"]}) or [f"2A-{state}-blocked"]
        for dataset, path in outputs.items():
            withhold(dataset, path, codes)
    write_json(report, {"segment": "2A", "state": state, "status": status, **header, **body})
    event("EMIT", status=status)
    return status


def _publish(state: str, compute: Callable[[Stages], dict[str, Any]], outputs: dict[str, str]) -> dict[str, Any]:
    with ExitStack() as stack:
        stages = {dataset: stack.enter_context(staged(path)) for dataset, path in outputs.items()}
        body = compute(stages)
        for dataset, path in outputs.items():
            refuse_overwrite(state, path, stages[dataset])
    return body


def refuse_overwrite(state: str, path: str | Path, stage: Path) -> None:
    """Write-once: other bytes at a published path are a breach, the same bytes a no-op (states.md §1)."""
    if Path(path).exists() and not is_withheld(path) and sha256_file(path) != sha256_file(stage):
        raise Abort(f"2A-{state}-041", "published with other bytes", path=str(path))


def status_of(report: str | Path) -> str:
    """The status in a run report; `missing` or `unreadable` when there is none."""
    try:
        return read_json(report)["status"]
    except FileNotFoundError:
        return "missing"
    except (ValueError, KeyError, TypeError):
        return "unreadable"


def withhold(dataset: str, path: str, codes: list[str]) -> None:
    """Leave a file that declares itself withheld: no rows of the right schema, or a marker in JSON."""
    entry = dictionary()[dataset]
    if entry["format"] == "parquet":
        from scripts.lib.tables import write_table  # here, as S3 and S4 write no tables

        write_table(path, arrow_schema(entry["schema_ref"]).empty_table(), withheld=canonical_json(codes))
    elif entry["format"] == "json":
        write_json(path, {"withheld": codes})
    else:
        write_text(path, "")


def is_withheld(path: str | Path) -> bool:
    """Whether the dataset at `path` was withheld."""
    if str(path).endswith(".parquet"):
        from scripts.lib.tables import withheld_codes

        return bool(withheld_codes(path))
    if str(path).endswith(".json"):
        return "withheld" in read_json(path)
    return Path(path).stat().st_size == 0
