"""Reduce the seeds of one run to one certificate and one verdict (certification.md §6, §8, §9)."""

from pathlib import Path
from typing import Any

from scripts.lib.contracts import load_yaml
from scripts.lib.files import read_json, write_json, write_text
from scripts.lib.gates import aggregate, stability


def main(
    *,
    seed_metrics: list[str],
    gates: str,
    certification: str,
    verdict: str,
    run: str,
    required_seeds: list[int],
) -> None:
    limits = load_yaml(gates)
    seeds = {entry["seed"]: entry for entry in (read_json(path) for path in seed_metrics)}
    found = certify(required_seeds, seeds, limits)
    paths = {entry["seed"]: path for entry, path in zip(seeds.values(), seed_metrics, strict=True)}
    certificate = {
        "run": run,
        "runset": runset(required_seeds, seeds),
        "required_seeds": required_seeds,
        "selected_seed_run_map": {str(seed): entry["run_id"] for seed, entry in seeds.items()},
        "missing_seeds": [seed for seed in required_seeds if seed not in seeds],
        "thresholds": limits,
        "diagnostics": {str(seed): path for seed, path in paths.items()},
        **found,
    }
    write_json(certification, certificate)
    write_text(verdict, verdict_lines(certificate, certification))


def certify(required: list[int], seeds: dict[int, dict[str, Any]], limits: dict[str, Any]) -> dict[str, Any]:
    """Stability, seed verdicts, aggregate checks and verdict."""
    present = [seed for seed in required if seed in seeds]
    cvs = {
        name: stability({seed: seeds[seed]["metrics"][name]["value"] if seed in seeds else None for seed in required})
        for name in limits["stability_metrics"]
    }
    verdicts = {seed: seeds[seed]["verdict"] for seed in present}
    status, failed, checks = aggregate(required, verdicts, cvs, limits["stability_cv"])
    return {
        "status": status,
        "failing_gates": failed,
        "checks": checks,
        "stability": {name: {**entry, "values": _text_keys(entry["values"])} for name, entry in cvs.items()},
        "seed_verdicts": {str(seed): verdict for seed, verdict in verdicts.items()},
        "seed_failing_gates": {str(seed): seeds[seed]["failing_gates"] for seed in present},
        "seed_error_codes": {
            str(seed): sorted({code for codes in seeds[seed]["error_codes"].values() for code in codes})
            for seed in present
        },
        "cohort_contract": seeds[present[0]]["cohort_definitions"] if present else {},
    }


def _text_keys(values: dict[int, Any]) -> dict[str, Any]:
    return {str(key): value for key, value in values.items()}


def runset(required: list[int], seeds: dict[int, dict[str, Any]]) -> str:
    """`<seed>-<first 8 of run_id>` joined by `_`, in required order."""
    return "_".join(f"{seed}-{seeds[seed]['run_id'][:8]}" for seed in required if seed in seeds)


def verdict_lines(certificate: dict[str, Any], path: str) -> str:
    """The three lines that end a run: verdict, deciding gates, where to read on."""
    lines = []
    for seed, failed in certificate["seed_failing_gates"].items():
        codes = certificate["seed_error_codes"][seed]
        grade = "B" if failed["B"] else "BPLUS"
        gates = [name for name in failed[grade] if not name.endswith("_status_pass")] if not codes else []
        if codes or gates:
            lines.append(f"seed {seed}: {', '.join(codes or gates[:3])}{' ...' if len(gates) > 3 else ''}")
    lines += [name for name in certificate["failing_gates"] if not name.endswith("hard_gates")]
    decided = "; ".join(lines) or "every gate holds"
    return f"{certificate['run']}: {certificate['status']}\n  decided by: {decided}\n  read on:    {Path(path)}\n"


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main, snakemake)
