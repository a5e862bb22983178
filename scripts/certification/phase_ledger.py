"""Every Definition-of-Done statement P0.1-P4.4 evaluated from evidence files, in strict progression."""

from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from scripts.certification.evidence import Evidence
from scripts.certification.phases import CHECKS, progression
from scripts.lib.contracts import load_yaml
from scripts.lib.files import read_json, sha256_file, write_json, write_text
from scripts.lib.text_tables import markdown, read_csv


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
    reason_codes: str,
    phases: str,
    phase_ledger: str,
    phase_ledger_table: str,
    run: str,
    baselines: list[str],
    runs: list[str],
) -> None:
    certificates = {entry["run"]: entry for entry in map(read_json, certifications)}
    seeds: dict[str, dict[int, Any]] = {}
    counts: dict[str, dict[int, Any]] = {}
    for name, metrics, zones in zip(runs, map(read_json, seed_metrics), map(read_csv, zone_counts), strict=True):
        seeds.setdefault(name, {})[metrics["seed"]] = metrics
        counts.setdefault(name, {})[metrics["seed"]] = zones
    found = Evidence(
        run=run,
        baselines=baselines,
        certificates=certificates,
        seeds=seeds,
        counts=counts,
        support=pq.read_table(country_zones).to_pandas(),
        diagnostics={entry["seed"]: entry for entry in map(read_json, own_diagnostics)},
        audit=dict(zip(seeds[run], map(read_csv, own_audit), strict=True)),
        comparison=read_json(comparison),
        freeze=read_json(freeze_record),
        ledger=read_json(ledger),
        reason_codes=load_yaml(reason_codes)["codes"],
        gates=load_yaml(gates),
        digests={path: sha256_file(path) for path in [*seed_metrics, *zone_counts]},
    )
    own = {"certification": [path for path in certifications if f"/{run}/" in path]}
    files = {
        **own,
        **{f"certification:{name}": [path for path in certifications if f"/{name}/" in path] for name in baselines},
        "seed_metrics": seed_metrics,
        "zone_counts": zone_counts,
        "seed_diagnostics": own_diagnostics,
        "governance_audit": own_audit,
        "comparison": [comparison],
        "freeze_record": [freeze_record],
        "gate_table": [gate_table],
        "ledger": [ledger],
    }
    statements = evaluate(found, load_yaml(phases), files)
    stages = progression({entry["id"]: entry["holds"] for entry in statements})
    write_json(phase_ledger, {"run": run, "statements": statements, "phases": stages})
    write_text(phase_ledger_table, as_markdown(run, statements, stages))


def evaluate(found: Evidence, phases: dict[str, Any], files: dict[str, list[str]]) -> list[dict[str, Any]]:
    """One entry a statement, with the digests of the evidence it rests on."""
    entries = []
    for name, phase in phases.items():
        holds, why, keys = CHECKS[phase["check"]](found)
        paths = sorted({path for key in keys for path in files[key]})
        entries.append(
            {
                "id": name,
                "statement": phase["statement"],
                "holds": holds,
                "why": why,
                "evidence": [{"path": path, "sha256": sha256_file(path)} for path in paths],
            }
        )
    return entries


def as_markdown(run: str, statements: list[dict[str, Any]], stages: dict[str, dict[str, Any]]) -> str:
    """The ledger as a table, then the progression of the phases."""
    rows = [
        {
            "id": entry["id"],
            "statement": entry["statement"],
            "holds": "yes" if entry["holds"] else "no",
            "why": entry["why"].replace("|", "/"),
            "evidence": f"{len(entry['evidence'])} files",
        }
        for entry in statements
    ]
    lines = [f"# Phase ledger of {run}", "", markdown(pd.DataFrame(rows)), ""]
    for phase, entry in stages.items():
        before = ", ".join(entry["blocked_by"])
        if not entry["done"]:
            state = f"open: {', '.join(entry['open'])}" + (f"; may not start before {before}" if before else "")
        else:
            state = f"statements hold; out of order until {before}" if before else "done"
        lines.append(f"* {phase}: {state}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main, snakemake)
