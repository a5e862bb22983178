"""A run against its P0 baseline and its parent: tests, movement per axis, veto (certification.md §7, P3)."""

from typing import Any

import pandas as pd

from scripts.certification.compare import compare, seed_tests, veto_reasons
from scripts.lib.contracts import load_yaml
from scripts.lib.files import read_json, write_json, write_text
from scripts.lib.text_tables import markdown, number, read_csv
from scripts.scoring.metrics import unavailable


def main(
    *,
    seed_metrics: list[str],
    country_diagnostics: list[str],
    gates: str,
    comparison: str,
    comparison_report: str,
    run: str,
    authorities: dict[str, str],
    baseline_metrics: list[str] | str = (),
    baseline_diagnostics: list[str] | str = (),
    baseline_names: list[str] = (),
) -> None:
    limits = load_yaml(gates)
    after = read_runs([run] * len(seed_metrics), seed_metrics, country_diagnostics)[run]
    runs = read_runs(baseline_names, baseline_metrics, baseline_diagnostics)
    against = {}
    for name, before in runs.items():
        entry = compare(
            {seed: part["metrics"] for seed, part in before.items()},
            {seed: part["metrics"] for seed, part in after.items()},
            limits,
            authorities[run] == authorities[name],
        )
        for seed, found in entry["seeds"].items():
            old, new = (part[int(seed)]["countries"] for part in (before, after))
            empty = [side for side, table in (("baseline", old), ("candidate", new)) if table.empty]
            found["tests"] = unavailable(f"{' and '.join(empty)} withheld") if empty else seed_tests(old, new, limits)
        against[name] = entry
    status = "ok" if against else "not_applicable"
    reason = None if against else "a baseline has nothing to be compared with"
    p0 = next(iter(against), None)
    write_json(comparison, {"run": run, "status": status, "reason": reason, "p0": p0, "against": against})
    write_text(comparison_report, report(run, against))


def read_runs(names: list[str], metrics: list[str], tables: list[str]) -> dict[str, dict[int, dict[str, Any]]]:
    """`{run: {seed: {metrics, countries}}}` from parallel lists, one entry a seed."""
    found: dict[str, dict[int, dict[str, Any]]] = {}
    for name, path, table in zip(names, metrics, tables, strict=True):
        entry = read_json(path)
        found.setdefault(name, {})[entry["seed"]] = {"metrics": entry, "countries": read_csv(table)}
    return found


def report(run: str, against: dict[str, Any]) -> str:
    """The comparison as Markdown: one table a baseline, then vetoes in words."""
    lines = [f"# {run} against its baselines", ""]
    if not against:
        lines += ["A baseline: nothing to compare with.", ""]
    for name, entry in against.items():
        lines += [f"## Against {name}", "", outcome(entry), ""]
        rows = [
            {"gate": gate, "seed": seed, **cells(move)}
            for seed, found in entry["seeds"].items()
            for gate, move in found["movement"].items()
        ]
        lines += [markdown(pd.DataFrame(rows).sort_values(["gate", "seed"])), ""]
        rates = [
            {"rate": rate, "seed": seed, "baseline": number(move["baseline"]), "candidate": number(move["candidate"])}
            for seed, found in entry["seeds"].items()
            for rate, move in found["governance"].items()
            if rate != "error_codes"
        ]
        lines += [markdown(pd.DataFrame(rates)), ""]
        lines += [f"* seed {seed}: vetoed, {reason}" for seed, reason in veto_reasons(entry)]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def outcome(entry: dict[str, Any]) -> str:
    """One sentence: does it improve, and does it count."""
    if not entry["comparable_seeds"]:
        return "No seed has metrics on both sides: movement cannot be measured."
    if entry["improves"]:
        verb = "vetoed" if entry["vetoed"] else "accepted"
        return f"Improves {', '.join(entry['improved_gates'])} on {entry['comparable_seeds']} seeds; {verb}."
    return f"No failing realism gate improves on all of the {entry['comparable_seeds']} comparable seeds."


def cells(move: dict[str, Any]) -> dict[str, str]:
    """The cells of one movement."""
    if move["status"] != "ok":
        return {"baseline": "", "candidate": "", "gain": "", "counts": f"no: {move['reason']}"}
    counts = "yes" if move["counts"] else "no"
    bought = f", rests on {' and '.join(move['bought_with'])}" if move["bought_with"] else ""
    return {name: number(move[name]) for name in ("baseline", "candidate", "gain")} | {"counts": counts + bought}


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main, snakemake)
