"""Reduce the seeds of one run to one certificate, verdict and freeze record (certification.md §6, §8, §9, §14)."""

from typing import Any

import pandas as pd

from scripts.lib.certification.freeze import REOPEN_CONTRACT, blocker_matrix, decision_of, triage_entries
from scripts.lib.contracts import load_yaml
from scripts.lib.files import read_json, sha256_file, write_json, write_text
from scripts.lib.rootpaths import dataset_path
from scripts.lib.scoring.gate_table import flat, gate_rows, worst_seed
from scripts.lib.scoring.gates import aggregate, stability
from scripts.lib.text_tables import write_csv

UNEQUAL_SEEDS = 1.5


def main(
    *,
    seed_metrics: list[str],
    earth: list[str],
    diagnostics: list[str],
    comparison: str,
    gates: str,
    triage: str,
    certification: str,
    gate_table: str,
    freeze_record: str,
    verdict: str,
    run: str,
    authority: str,
    required_seeds: list[int],
) -> None:
    limits, guide = load_yaml(gates), load_yaml(triage)
    seeds = {entry["seed"]: entry for entry in map(read_json, seed_metrics)}
    scorecards = {entry["seed"]: entry for entry in map(read_json, earth)}
    found = certify(required_seeds, seeds, limits)
    rows = gate_rows(required_seeds, seeds, scorecards, found["stability"], limits)
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
        "caveats": run_caveats(seeds, compared),
        "triage": triage_entries(found["failing_gates"], found["seed_failing_gates"], found["seed_error_codes"], guide),
        "comparison": {name: entry["accepted"] for name, entry in compared["against"].items()},
        "evidence": [{"path": path, "sha256": sha256_file(path)} for path in sorted(evidence)],
        **found,
    }
    write_json(certification, certificate)
    # Twelve digits: the table is evidence that others check by digest, and the last digits of a logarithm are a CPU's.
    write_csv(gate_table, pd.DataFrame([flat(row, required_seeds) for row in rows]), digits=12)
    write_json(freeze_record, freeze(certificate, blocker_matrix(rows, limits, guide)))
    write_text(verdict, verdict_lines(certificate, dataset_path("report", run=run)))


def certify(required: list[int], seeds: dict[int, dict[str, Any]], limits: dict[str, Any]) -> dict[str, Any]:
    """Stability, seed verdicts, aggregate checks and verdict."""
    present = [seed for seed in required if seed in seeds]
    cvs = {
        name: stability({seed: seeds[seed]["metrics"][name]["value"] if seed in seeds else None for seed in required})
        for name in limits["stability_metrics"]
    }
    verdicts = {seed: seeds[seed]["verdict"] for seed in present}
    digests = [seeds[seed]["site_locations_sha256"] for seed in present]
    distinct = len(set(digests)) == len(digests)
    status, failed, checks = aggregate(required, verdicts, cvs, limits["stability_cv"], distinct)
    return {
        "status": status,
        "failing_gates": failed,
        "checks": checks,
        "stability": {
            name: {**entry, "values": {str(seed): value for seed, value in entry["values"].items()}}
            for name, entry in cvs.items()
        },
        "seed_verdicts": {str(seed): verdict for seed, verdict in verdicts.items()},
        "seed_failing_gates": {str(seed): seeds[seed]["failing_gates"] for seed in present},
        "seed_error_codes": {
            str(seed): sorted({code for codes in seeds[seed]["error_codes"].values() for code in codes})
            for seed in present
        },
        "cohort_contract": seeds[present[0]]["cohort_definitions"] if present else {},
    }


def run_caveats(seeds: dict[int, dict[str, Any]], compared: dict[str, Any]) -> list[dict[str, Any]]:
    """What a reader must know beside the verdict: the seeds' caveats, seeds that differ, and vetoes."""
    found = [{"seed": seed} | entry for seed, entry in seeds.items() for entry in entry["caveats"]]
    scored = {seed: entry for seed, entry in seeds.items() if entry["sites_total"]}
    sizes = {str(seed): entry["sites_total"] for seed, entry in scored.items()}
    if sizes and max(sizes.values()) > UNEQUAL_SEEDS * min(sizes.values()):
        found.append({"caveat": "seed_sizes_differ", "sites_total": sizes})
    members = {str(seed): entry["cohort_members"]["C_multi"] for seed, entry in scored.items()}
    if len(set(map(tuple, members.values()))) > 1:
        found.append({"caveat": "seed_cohorts_differ", "cohort": "C_multi", "members": members})
    for name, entry in compared["against"].items():
        for seed, part in entry["seeds"].items():
            found += [{"caveat": "vetoed", "against": name, "seed": int(seed), "why": why} for why in part["veto"]]
    return found


def freeze(certificate: dict[str, Any], blockers: list[dict[str, Any]]) -> dict[str, Any]:
    """The freeze record; after a pass it locks the run and has no blockers."""
    return {
        "run": certificate["run"],
        "verdict": certificate["status"],
        "decision": certificate["decision"],
        "authority": certificate["authority"],
        "run_root": f"results/runs/{certificate['run']}",
        "run_ids": certificate["selected_seed_run_map"],
        "fingerprints": certificate["fingerprints"],
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


def verdict_lines(certificate: dict[str, Any], path: str) -> str:
    """The three lines that end a run: verdict, what decided it, where to read on."""
    parts = []
    by_code: dict[str, list[str]] = {}
    for seed, codes in certificate["seed_error_codes"].items():
        for code in codes:
            by_code.setdefault(code, []).append(seed)
    parts += [f"{code} on {_seeds(seeds)}" for code, seeds in sorted(by_code.items())]
    grade = "b" if certificate["status"] == "FAIL_REALISM" else "bplus"
    failed = [row for row in map(_with_known_value, certificate["gates"]) if not row[f"holds_{grade}"]]
    if by_code:  # the code already says what governance found
        failed = [row for row in failed if row["axis"] != "governance"]
    unstable = any(row["axis"] == "stability" for row in failed)
    shown = [row for row in failed if row["axis"] != "stability" and row["value"] is not None][:2]
    parts += [f"{row['gate']} {row['value']:.4g}, asked {row['op']} {row[grade]:g}" for row in shown]
    if unstable:
        parts.append("stability across seeds")
    if not certificate["checks"]["required_seed_coverage"]:
        parts.append(f"no data for {_seeds(certificate['missing_seeds'])}")
    more = len([row for row in failed if row["axis"] != "stability"]) - len(shown)
    parts += [f"{more} more" if more else ""]
    decided = "; ".join(part for part in parts if part)
    if not decided:
        held = certificate["status"] == "PASS_BPLUS"
        failed_checks = sorted(
            {name for found in certificate["seed_failing_gates"].values() for name in found["BPLUS"]}
        )
        decided = "every gate holds" if held else ", ".join(failed_checks[:3] or certificate["failing_gates"])
    caveats = sorted({entry["caveat"] for entry in certificate["caveats"]})
    noted = f" (with caveats: {', '.join(caveats)})" if caveats and certificate["status"] != "FAIL_REALISM" else ""
    return f"{certificate['run']}: {certificate['status']}{noted}\n  decided by: {decided}\n  read on:    {path}\n"


def _with_known_value(row: dict[str, Any]) -> dict[str, Any]:
    """The row with the least favourable value that there is, for a gate that a withheld seed leaves open."""
    known = {int(seed): value for seed, value in row["values"].items() if value is not None}
    if row["value"] is not None or not known:
        return row
    return row | {"value": known[worst_seed(known, row["op"])]}


def _seeds(seeds: list) -> str:
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main, snakemake)
