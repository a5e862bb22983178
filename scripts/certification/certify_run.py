"""Reduce the seeds of one run to one certificate, verdict and freeze record (certification.md §6, §8, §9, §14)."""

from typing import Any

import pandas as pd

from scripts.certification.certify import certify, run_caveats
from scripts.certification.deciding import decided_by, verdict_lines
from scripts.certification.freeze import REOPEN_CONTRACT, blocker_matrix, decision_of, triage_entries
from scripts.lib.contracts import load_yaml
from scripts.lib.files import read_json, sha256_file, write_json, write_text
from scripts.lib.rootpaths import dataset_path
from scripts.lib.text_tables import write_csv
from scripts.scoring.gate_table import flat, gate_rows


def main(
    *,
    seed_metrics: list[str],
    earth: list[str],
    diagnostics: list[str],
    comparison: str,
    gates: str,
    triage: str,
    metrics: str,
    certification: str,
    gate_table: str,
    freeze_record: str,
    verdict: str,
    run: str,
    authority: str,
    required_seeds: list[int],
    retained: dict[str, dict[str, str]],
) -> None:
    limits, guide = load_yaml(gates), load_yaml(triage)
    seeds = {entry["seed"]: entry for entry in map(read_json, seed_metrics)}
    scorecards = {entry["seed"]: entry for entry in map(read_json, earth)}
    found = certify(required_seeds, seeds, limits)
    rows = gate_rows(required_seeds, seeds, scorecards, found["stability"], limits, load_yaml(metrics))
    compared = read_json(comparison)
    evidence = [*seed_metrics, *earth, *diagnostics, comparison]
    certificate = {
        "run": run,
        "authority": authority,
        "runset": runset(required_seeds, seeds),
        "required_seeds": required_seeds,
        "selected_seed_run_map": {str(seed): entry["run_id"] for seed, entry in seeds.items()},
        "fingerprints": {str(seed): entry["manifest_fingerprint"] for seed, entry in seeds.items()},
        "missing_seeds": [seed for seed in required_seeds if seed not in seeds],
        "decision": decision_of(found["status"]),
        "thresholds": limits,
        "gates": rows,
        "caveats": run_caveats(seeds, compared, limits),
        "triage": triage_entries(found["failing_gates"], found["seed_failing_gates"], found["seed_error_codes"], guide),
        "comparison": {name: entry["accepted"] for name, entry in compared["against"].items()},
        "evidence": [{"path": path, "sha256": sha256_file(path)} for path in sorted(evidence)],
        **found,
    }
    certificate["decided_by"] = decided_by(certificate)
    write_json(certification, certificate)
    # Twelve digits: the table is evidence that others check by digest, and the last digits of a logarithm are a CPU's.
    write_csv(gate_table, pd.DataFrame([flat(row, required_seeds) for row in rows]), digits=12)
    write_json(freeze_record, freeze(certificate, blocker_matrix(rows, guide), retained))
    write_text(verdict, verdict_lines(certificate, dataset_path("report", run=run)))


def freeze(
    certificate: dict[str, Any], blockers: list[dict[str, Any]], retained: dict[str, dict[str, str]]
) -> dict[str, Any]:
    """The freeze record; after a pass it locks the run and has no blockers. `retained` are run ids by run and seed."""
    return {
        "run": certificate["run"],
        "verdict": certificate["status"],
        "decision": certificate["decision"],
        "authority": certificate["authority"],
        "run_root": f"results/runs/{certificate['run']}",
        "run_ids": certificate["selected_seed_run_map"],
        "fingerprints": certificate["fingerprints"],
        "retained": retained,
        "blockers": blockers,
        "other_failed_checks": {
            seed: [name for name in failed["B"] if name not in certificate["thresholds"]["gates"]]
            for seed, failed in certificate["seed_failing_gates"].items()
        },
        "reopen_contract": REOPEN_CONTRACT,
        "next_actions": [
            {key: entry[key] for key in ("symptoms", "seeds", "look_at", "first")} for entry in certificate["triage"]
        ],
        "reports": certificate["evidence"],
    }


def runset(required: list[int], seeds: dict[int, dict[str, Any]]) -> str:
    """`<seed>-<first 8 of run_id>` joined by `_`, in required order."""
    return "_".join(f"{seed}-{seeds[seed]['run_id'][:8]}" for seed in required if seed in seeds)


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main, snakemake)
