"""Every Definition-of-Done statement P0.1-P4.4 judged from evidence files, in strict progression."""

from dataclasses import dataclass

import pandas as pd
import pyarrow.parquet as pq

from scripts.certification.certificate import Certificate, FileDigest
from scripts.certification.comparison import Comparison, Scored
from scripts.certification.freeze_record import FreezeRecord
from scripts.certification.phase_evidence import Evidence
from scripts.certification.phases import STATEMENTS, Statement
from scripts.certification.run_ledger import Ledger
from scripts.certification.trials import trials_of
from scripts.lib.files import read_json, sha256_file, write_json, write_text
from scripts.lib.records import plain, record
from scripts.lib.text_tables import markdown, read_csv
from scripts.scoring.gates import read_limits


@dataclass(frozen=True)
class Judged:
    """A statement with what was found, and the files that it rests on."""

    id: str
    statement: str
    holds: bool
    why: str
    evidence: list[FileDigest]


@dataclass(frozen=True)
class Phase:
    """Which statements of a phase are open, and which of the phases before it, so that it may not start."""

    open: list[str]
    blocked_by: list[str]
    may_start: bool
    done: bool


def main(
    *,
    certifications: list[str],
    seed_metrics: list[str],
    zone_counts: list[str],
    own_diagnostics: list[str],
    own_audit: list[str],
    comparison: str,
    freeze_record: str,
    gate_table: str,
    ledger: str,
    country_zones: str,
    gates: str,
    p3_comparisons: list[str],
    phase_ledger: str,
    phase_ledger_table: str,
    run: str,
    baselines: list[str],
    runs: list[str],
    p3_runs: list[str],
    p3_lying: dict[str, str],
) -> None:
    scored = Scored.by_run(runs, seed_metrics, zone_counts)
    compared = record(Comparison, read_json(comparison))
    p0_sha256 = scored[compared.p0].sha256 if compared.p0 in scored else {}
    trials = sorted({*p3_comparisons, *(path for path, digest in p3_lying.items() if sha256_file(path) == digest)})
    certificates = [record(Certificate, read_json(path)) for path in certifications]
    paths_of = {found.run: path for found, path in zip(certificates, certifications, strict=True)}
    files = {
        "certification": [paths_of[run]],
        "baseline_certifications": [paths_of[name] for name in baselines],
        "seed_metrics": seed_metrics,
        "zone_counts": zone_counts,
        "seed_diagnostics": own_diagnostics,
        "governance_audit": own_audit,
        "p3_comparisons": trials,
        "freeze_record": [freeze_record],
        "gate_table": [gate_table],
        "ledger": [ledger],
    }
    found = Evidence(
        run=run,
        baselines=baselines,
        certificates={found.run: found for found in certificates},
        seeds={name: each.seeds for name, each in scored.items()},
        zone_counts={name: each.tables for name, each in scored.items()},
        support=pq.read_table(country_zones).to_pandas(),
        diagnostics={entry["seed"]: entry for entry in map(read_json, own_diagnostics)},
        audit=dict(zip(scored[run].seeds, map(read_csv, own_audit), strict=True)),
        comparison=compared,
        p3=trials_of(compared.p0, p3_runs, [record(Comparison, read_json(path)) for path in trials], p0_sha256),
        freeze=record(FreezeRecord, read_json(freeze_record)),
        ledger=record(Ledger, read_json(ledger)),
        limits=read_limits(gates),
        files={name: [FileDigest.of(path) for path in paths] for name, paths in files.items()},
    )
    judged = [judge(statement, found) for statement in STATEMENTS]
    phases = progression(judged)
    write_json(phase_ledger, plain({"run": run, "statements": judged, "phases": phases}))
    write_text(phase_ledger_table, as_markdown(run, judged, phases))


def judge(statement: Statement, found: Evidence) -> Judged:
    """One statement with the digests of the evidence it rests on."""
    files = {file.path: file for name in statement.evidence for file in found.files[name]}
    return Judged(statement.id, statement.text, *statement.check(found), [files[path] for path in sorted(files)])


def progression(judged: list[Judged]) -> dict[str, Phase]:
    """The phases in order: none may start with an open statement in one before it."""
    phases: dict[str, Phase] = {}
    blocked: list[str] = []
    for phase in sorted({entry.id.partition(".")[0] for entry in judged}):
        still_open = [entry.id for entry in judged if entry.id.startswith(f"{phase}.") and not entry.holds]
        phases[phase] = Phase(still_open, list(blocked), may_start=not blocked, done=not still_open)
        blocked += still_open
    return phases


def as_markdown(run: str, judged: list[Judged], phases: dict[str, Phase]) -> str:
    """The ledger as a table, then the progression of the phases."""
    rows = [
        {
            "id": entry.id,
            "statement": entry.statement,
            "holds": "yes" if entry.holds else "no",
            "why": entry.why.replace("|", "/"),
            "evidence": f"{len(entry.evidence)} files",
        }
        for entry in judged
    ]
    lines = [f"# Phase ledger of {run}", "", markdown(pd.DataFrame(rows)), ""]
    return "\n".join(lines + [f"* {name}: {state(phase)}" for name, phase in phases.items()]) + "\n"


def state(phase: Phase) -> str:
    """Where a phase stands, in words."""
    before = ", ".join(phase.blocked_by)
    if not phase.done:
        return f"open: {', '.join(phase.open)}" + (f"; may not start before {before}" if before else "")
    return f"statements hold; out of order until {before}" if before else "done"


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
