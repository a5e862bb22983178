"""The verdict page: one self-contained HTML file, every number taken from the certificate and its evidence."""

import math
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from scripts.lib.certification.figures import countries_figure, gates_figure, matrix_figure
from scripts.lib.contracts import load_yaml
from scripts.lib.errors import reason_codes
from scripts.lib.files import read_json, write_text
from scripts.lib.text_tables import read_csv

TEMPLATE = Path(__file__).parent / "lib/certification/verdict.html"
SENTENCES = {
    "PASS_BPLUS": "Every hard gate holds on every seed, and so do all B+ bands.",
    "PASS_B": "Every hard gate holds on every seed within the B bands.",
    "FAIL_REALISM": "At least one hard gate fails on at least one seed: 2A is frozen as best effort, with blockers.",
}


def main(
    *,
    certification: str,
    freeze_record: str,
    seed_metrics: list[str],
    country_diagnostics: list[str],
    share_matrix: list[str],
    governance_audit: list[str],
    metrics: str,
    gates: str,
    captions: list[str],
    report: str,
) -> None:
    certificate = read_json(certification)
    seeds = {entry["seed"]: entry for entry in map(read_json, seed_metrics)}
    tables = dict(zip(seeds, map(read_csv, country_diagnostics), strict=True))
    matrices = [read_csv(path) for path in share_matrix]
    audits = [table for table in map(read_csv, governance_audit) if len(table)]
    gate_config = load_yaml(gates)["gates"]
    shown = next((matrix for matrix in matrices if len(matrix)), pd.DataFrame())
    page = (
        environment()
        .get_template(TEMPLATE.name)
        .render(
            certificate=certificate,
            sentence=SENTENCES[certificate["status"]],
            freeze=read_json(freeze_record),
            seeds=seeds,
            metrics=load_yaml(metrics),
            why={name: gate["why"] for name, gate in gate_config.items()},
            codes=reason_codes(),
            captions={Path(path).stem: Path(path).read_text(encoding="utf-8").strip() for path in captions},
            figures={
                "gates": gates_figure(certificate["gates"], certificate["required_seeds"]),
                "countries": countries_figure(tables, gate_config["c_multi_median_top1_share"]["b"]),
                "matrix": matrix_figure(shown),
            },
            audit=pd.concat(audits).to_dict("records") if audits else [],
            tables={seed: table.to_dict("records") for seed, table in tables.items()},
        )
    )
    write_text(report, page)


def environment() -> jinja2.Environment:
    """Templates beside the library, everything escaped, a missing name an error."""
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATE.parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    found.filters["number"] = number
    return found


def number(value: Any) -> str:
    """A number as people read it: at most six significant digits, a dash for none."""
    if value is None or math.isnan(value):
        return "–"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else f"{value:.6g}"


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main, snakemake)
