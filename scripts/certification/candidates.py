"""Every P3 candidate beside P0: one row a gate, one column a run, and what each candidate's movement is worth."""

from typing import Any

import pandas as pd

from scripts.certification.compare import veto_reasons
from scripts.certification.compare_runs import outcome
from scripts.lib.errors import UsageError
from scripts.lib.files import read_json, write_text
from scripts.lib.text_tables import markdown, number


def main(*, certifications: list[str], comparisons: list[str], table: str) -> None:
    if not certifications:
        raise UsageError("no candidate of lane P3", where="config/candidates/", action="Add one: docs/extending.md.")
    write_text(table, report([read_json(path) for path in certifications], [read_json(path) for path in comparisons]))


def report(certificates: list[dict[str, Any]], comparisons: list[dict[str, Any]]) -> str:
    """Markdown: value per seed for every gate and run, then one paragraph a candidate."""
    gates = [row["gate"] for row in certificates[0]["gates"]]
    rows = []
    for gate in gates:
        found = {entry["run"]: next(row for row in entry["gates"] if row["gate"] == gate) for entry in certificates}
        first = next(iter(found.values()))
        asked = f"{first['op']} {number(first['b_contract'])}" if first["b_contract"] is not None else "(B+ only)"
        values = {entry["run"]: _values(found[entry["run"]], entry["required_seeds"]) for entry in certificates}
        rows.append({"gate": gate, "B": asked} | values)
    order = " / ".join(map(str, certificates[0]["required_seeds"]))
    lines = ["# Candidates of lane P3 beside P0", "", f"Values of seeds {order}; `-` where a seed has none.", ""]
    lines += [markdown(pd.DataFrame(rows)), ""]
    for entry in comparisons:
        for name, against in entry["against"].items():
            lines += [f"* **{entry['run']}** against {name}: {outcome(against)}{_vetoes(against)}"]
    accepted = [entry["run"] for entry in comparisons if entry["p0"] and entry["against"][entry["p0"]]["accepted"]]
    lines += ["", f"Accepted against P0: {', '.join(accepted) or 'none'}."]
    return "\n".join(lines) + "\n"


def _values(row: dict[str, Any], seeds: list[int]) -> str:
    if row["axis"] == "stability":
        return number(row["value"]) or "-"
    return " / ".join(number(row["values"][str(seed)]) or "-" for seed in seeds)


def _vetoes(against: dict[str, Any]) -> str:
    reasons = sorted(f"seed {seed}: {why}" for seed, why in veto_reasons(against))
    return f" Vetoes: {'; '.join(reasons)}." if reasons else ""


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main, snakemake)
