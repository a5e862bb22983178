"""How a state ends: its dataset published or withheld, its run report written, its status a value (decisions.md §3).

A breach found in the data is recorded, not thrown at the user: the report says `fail` with its codes, the dataset is
withheld, and later states of the seed report `blocked`. So one bad seed never hides the verdict.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from scripts.lib.contracts import catalog_path, schema_errors
from scripts.lib.errors import Abort, AbortGroup, Codes, coded, reason_codes
from scripts.lib.files import discard, read_json, sha256_file, staged, write_json
from scripts.lib.logs import event, say
from scripts.lib.published import withhold
from scripts.states.outputs import Tokens, check_output

Stages = dict[str, Path]
Body = dict[str, Any]  # of a run report: JSON by nature, held against its schema before it is written
KEPT = ("IMMUTABLE_PARTITION_OVERWRITE", "PARTITION_PURITY_VIOLATION")  # write-once: these fail the job


def run_state(
    state: str,
    codes: Codes,
    compute: Callable[[Stages], Body],
    *,
    header: Tokens,
    outputs: dict[str, str],
    report: str,
    previous: Sequence[str] = (),
) -> str:
    """Run one state and write its report; returns the status `pass`, `fail` or `blocked`.

    `compute` gets a staging path per output (dataset id -> path), writes to it and returns the body of the report;
    it raises `Fault`, which `codes` names, `Abort` or a group of them on a breach; a breach of write-once fails the
    job instead of the state. `previous` are reports that must say `pass` before anything is read.
    """
    body: Body = {"errors": [], "warnings": []}
    for dataset, path in outputs.items():
        withdraw_bundle(dataset, path, header)
    blockers = {path: status_of(path) for path in previous if status_of(path) != "pass"}
    if blockers:
        status = "blocked"
        body["blocked_by"] = [{"report": path, "status": found} for path, found in sorted(blockers.items())]
    else:
        try:
            with coded(codes):
                body |= _publish(state, compute, outputs, header)
            status = "pass"
        except (Abort, AbortGroup) as problem:
            breaches = [breach for breach in getattr(problem, "breaches", [problem]) if isinstance(breach, Abort)]
            if any(reason_codes()[breach.code].name in KEPT for breach in breaches):
                raise  # neither what is published nor its report is touched
            status = "fail"
            body["errors"] = [breach.finding() for breach in breaches]
            for breach in breaches:
                body |= breach.report
                event(
                    "VALIDATION", str(breach), severity=logging.ERROR, id=breach.code, result="fail", code=breach.code
                )
                say(str(breach))
    if status != "pass":
        withheld = sorted({error["code"] for error in body["errors"]}) or [f"2A-{state}-blocked"]
        for dataset, path in outputs.items():
            withhold(dataset, path, withheld)
    write_json(report, _composed(state, status, header, body))
    event("EMIT", status=status)
    return status


def withdraw_bundle(dataset: str, path: str, header: Tokens) -> None:
    """Take back what S5 sealed before, when a state runs anew whose `dataset` was removed from `path` for that.

    So no flag vouches for evidence in the making, and S5 never replaces a bundle (decisions.md §5, decision 15).
    """
    own = catalog_path(dataset, **header)
    if path.endswith(own) and not Path(path).exists():
        fingerprint = header["manifest_fingerprint"]
        discard(Path(path.removesuffix(own) + catalog_path("validation_bundle_2A", manifest_fingerprint=fingerprint)))


def report_errors(state: str, report: Body) -> list[str]:
    """How a run report breaks the schema of its state; empty when it is complete."""
    return schema_errors(report, f"schemas.2A.yaml#/reports/{state.lower()}_run_report_v1")


def _publish(state: str, compute: Callable[[Stages], Body], outputs: dict[str, str], header: Tokens) -> Body:
    """Compute into stages, judge them, and move them to their places only when everything holds."""
    with ExitStack() as stack:
        stages = {dataset: stack.enter_context(staged(path)) for dataset, path in outputs.items()}
        body: Body = {"errors": [], "warnings": [], **compute(stages)}
        for dataset, path in outputs.items():
            check_output(dataset, path, stages[dataset], header, body["s0"]["verified_at_utc"])
        body["published"] = {
            dataset: {"sha256_hex": sha256_file(stage), "size_bytes": stage.stat().st_size}
            for dataset, stage in stages.items()
        }
        _composed(state, "pass", header, body)
    return body


def _composed(state: str, status: str, header: Tokens, body: Body) -> Body:
    """The whole run report; a report that breaks its own schema is a bug of the state and is never written."""
    report = {"segment": "2A", "state": state, "status": status, **header, **body}
    if problems := report_errors(state, report):
        raise ValueError(f"the {state} run report breaks its schema: {'; '.join(problems[:3])}")
    return report


def status_of(report: str | Path) -> str:
    """The status in a run report; `missing` or `unreadable` when there is none."""
    try:
        return str(read_json(report)["status"])
    except FileNotFoundError:
        return "missing"
    except (ValueError, KeyError, TypeError):
        return "unreadable"
