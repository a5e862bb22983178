"""Every P3 candidate beside P0: one row a gate, one column a run, and what each candidate's movement is worth."""

import pandas as pd

from scripts.certification.certificate import Certificate
from scripts.certification.comparison import Comparison
from scripts.certification.gate_table import GateRow
from scripts.lib.errors import UsageError
from scripts.lib.files import read_json, write_text
from scripts.lib.records import record
from scripts.lib.text_tables import markdown, number


def main(*, certifications: list[str], comparisons: list[str], table: str) -> None:
    if not certifications:
        raise UsageError("no candidate of lane P3", where="config/candidates/", action="Add one: docs/extending.md.")
    certificates = [record(Certificate, read_json(path)) for path in certifications]
    write_text(table, report(certificates, [record(Comparison, read_json(path)) for path in comparisons]))


def report(certificates: list[Certificate], comparisons: list[Comparison]) -> str:
    """Markdown: value per seed for every gate and run, then one paragraph a candidate."""
    required = certificates[0].required_seeds
    order = " / ".join(map(str, required))
    lines = ["# Candidates of lane P3 beside P0", "", f"Values of seeds {order}; `-` where a seed has none.", ""]
    lines += [markdown(pd.DataFrame(gate_values(certificates))), ""]
    for found in comparisons:
        for name, against in found.against.items():
            reasons = sorted(f"seed {seed}: {why}" for seed, why in against.vetoes)
            vetoes = f" Vetoes: {'; '.join(reasons)}." if reasons else ""
            lines.append(f"* **{found.run}** against {name}: {against.outcome}{vetoes}")
    accepted = [found.run for found in comparisons if found.to_p0 and found.to_p0.accepted]
    lines += ["", f"Accepted against P0: {', '.join(accepted) or 'none'}."]
    return "\n".join(lines) + "\n"


def gate_values(certificates: list[Certificate]) -> list[dict[str, str]]:
    """One row a gate: name, what B asks for, and the values of each run."""
    rows = []
    for row in certificates[0].gates:
        asked = "(B+ only)" if row.b_contract is None else f"{row.op} {number(row.b_contract)}"
        values = {entry.run: _values(entry.row(row.gate), entry.required_seeds) for entry in certificates}
        rows.append({"gate": row.gate, "B": asked} | values)
    return rows


def _values(row: GateRow, seeds: list[int]) -> str:
    if row.axis == "stability":
        return number(row.value) or "-"
    return " / ".join(number(row.values[seed]) or "-" for seed in seeds)


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
