"""How a state ends: its dataset published or withheld, its run report written, its status a value (decisions.md §3).

A breach found in the data is recorded, not thrown at the user: the report says `fail` with its codes, the dataset is
withheld, and later states of the seed report `blocked`. So one bad seed never hides the verdict.
What is published is judged on its staged bytes (states.md §1), a table by Parquet schema and row-group statistics, so
that the check costs the same for any number of rows.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from scripts.lib.contracts import arrow_schema, catalog_path, dictionary, schema_errors
from scripts.lib.errors import Abort, AbortGroup, Breach, Codes, Fault, coded, reason_codes
from scripts.lib.files import discard, read_json, sha256_file, staged, write_json
from scripts.lib.logs import event, say
from scripts.lib.published import is_withheld, withhold

Tokens = dict[str, int | str]  # seed and manifest_fingerprint, or the latter alone
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
        _withdraw_bundle(dataset, path, header)
    before = [(path, status_of(path)) for path in sorted(previous)]
    blockers = [{"report": path, "status": found} for path, found in before if found != "pass"]
    if blockers:
        status = "blocked"
        body["blocked_by"] = blockers
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
                code, message = breach.code, str(breach)
                event("VALIDATION", message, severity=logging.ERROR, id=code, result="fail", code=code)
                say(message)
    if status != "pass":
        withheld = sorted({error["code"] for error in body["errors"]}) or [f"2A-{state}-blocked"]
        for dataset, path in outputs.items():
            withhold(dataset, path, withheld)
    write_json(report, _composed(state, status, header, body))
    event("EMIT", status=status)
    return status


def status_of(report: str | Path) -> str:
    """The status in a run report; `missing` or `unreadable` when there is none."""
    try:
        return str(read_json(report)["status"])
    except FileNotFoundError:
        return "missing"
    except (ValueError, KeyError, TypeError):
        return "unreadable"


def report_errors(state: str, report: Body) -> list[str]:
    """How a run report breaks the schema of its state; empty when it is complete."""
    return schema_errors(report, f"schemas.2A.yaml#/reports/{state.lower()}_run_report_v1")


def _withdraw_bundle(dataset: str, path: str, header: Tokens) -> None:
    """Take back what S5 sealed before, when a state runs anew whose `dataset` was removed from `path` for that.

    So no flag vouches for evidence in the making, and S5 never replaces a bundle (decisions.md §5, decision 15).
    """
    own = catalog_path(dataset, **header)
    if path.endswith(own) and not Path(path).exists():
        discard(Path(path.removesuffix(own) + catalog_path("validation_bundle_2A", **header)))


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


def check_output(dataset: str, path: str, stage: Path, tokens: Tokens, verified_at_utc: str) -> None:
    """OUTPUT, EMBED, TIMESTAMP or OVERWRITE for one staged dataset that must not be published at `path`."""
    entry = dictionary()[dataset]
    if entry["schema_ref"]:
        check = _check_table if entry["format"] == "parquet" else _check_document
        check(dataset, entry["schema_ref"], stage, tokens, verified_at_utc)
    if not path.endswith(catalog_path(dataset, **tokens)):
        raise Fault(Breach.EMBED, dataset, f"{dataset} lies at another path than its tokens say", path=path)
    # Write-once: the same bytes are a no-op.
    if Path(path).exists() and not is_withheld(path) and sha256_file(path) != sha256_file(stage):
        raise Fault(Breach.OVERWRITE, dataset, "published with other bytes", path=path)


def _check_table(dataset: str, schema_ref: str, stage: Path, tokens: Tokens, verified_at_utc: str) -> None:
    import pyarrow.parquet as pq  # here, as S5 has no table

    found, wanted = pq.read_schema(stage).remove_metadata(), arrow_schema(schema_ref)
    if not found.equals(wanted):
        names = [name for name in wanted.names if name not in found.names or found.field(name) != wanted.field(name)]
        odd = names + [name for name in found.names if name not in wanted.names]
        raise Fault(Breach.OUTPUT, dataset, f"columns differ from the schema: {', '.join(odd) or 'their order'}")
    check_embedded(dataset, stage, tokens, verified_at_utc)


def check_embedded(dataset: str, table: str | Path, tokens: Tokens, verified_at_utc: str) -> None:
    """Every row of a table carries exactly these tokens (EMBED) and the receipt's time (TIMESTAMP)."""
    import pyarrow.parquet as pq

    wanted = {name: (Breach.EMBED, value) for name, value in tokens.items()}
    wanted["created_utc"] = (Breach.TIMESTAMP, verified_at_utc)
    metadata = pq.read_metadata(table)
    for group in range(metadata.num_row_groups):
        for number in range(metadata.num_columns):
            column = metadata.row_group(group).column(number)
            name, statistics = column.path_in_schema, column.statistics
            if name not in wanted:
                continue
            kind, value = wanted[name]
            if statistics is None or (statistics.min, statistics.max) != (value, value):
                raise Fault(kind, dataset, f"rows carry another {name} than {value}", path=Path(table).name)


def _check_document(dataset: str, schema_ref: str, stage: Path, tokens: Tokens, verified_at_utc: str) -> None:
    found = read_json(stage)
    if errors := schema_errors(found, schema_ref):
        raise Fault(Breach.OUTPUT, dataset, "; ".join(errors[:3]), path=stage.name)
    if other := [name for name, value in tokens.items() if found[name] != value]:
        raise Fault(Breach.EMBED, dataset, f"{', '.join(other)} differ from the path", path=stage.name)
    if any(found[name] != verified_at_utc for name in ("created_utc", "generated_utc") if name in found):
        raise Fault(Breach.TIMESTAMP, dataset, "the timestamp differs from the receipt", path=stage.name)
