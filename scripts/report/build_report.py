"""The verdict page: one self-contained HTML file, every number taken from the certificate and its evidence."""

from functools import partial
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from scripts.lib.contracts import load_yaml
from scripts.lib.errors import reason_codes
from scripts.lib.files import read_json, write_text
from scripts.lib.text_tables import read_csv
from scripts.report.figures import countries_figure, gates_figure, matrix_figure
from scripts.report.page import SENTENCES, caveat_text, explained, in_order, number, other_checks
from scripts.scoring.gates import holds

TEMPLATE = Path(__file__).parent / "verdict.html"
VARIANTS = ("literal", "in_support", "polygon", "without_nudged", "without_fallback", "half_floor")


def main(
    *,
    certification: str,
    freeze_record: str,
    seed_metrics: list[str],
    s4_reports: list[str],
    country_diagnostics: list[str],
    share_matrix: list[str],
    governance_audit: list[str],
    metrics: str,
    captions: list[str],
    report: str,
) -> None:
    certificate, names = read_json(certification), load_yaml(metrics)
    seeds = {entry["seed"]: entry for entry in map(read_json, seed_metrics)}
    tables = dict(zip(seeds, map(read_csv, country_diagnostics), strict=True))
    audits = [table for table in map(read_csv, governance_audit) if len(table)]
    codes = reason_codes()
    page = (
        environment(certificate["required_seeds"])
        .get_template(TEMPLATE.name)
        .render(
            certificate=certificate,
            sentence=SENTENCES[certificate["status"]],
            decided_by=[(reason, explained(reason, names, codes)) for reason in certificate["decided_by"]],
            other_checks=other_checks(certificate),
            freeze=read_json(freeze_record),
            seeds=seeds,
            legality=list(map(read_json, s4_reports)),
            codes=codes,
            captions={Path(path).stem: Path(path).read_text(encoding="utf-8").strip() for path in captions},
            figures=figures(certificate, tables, [read_csv(path) for path in share_matrix]),
            audit=pd.concat(audits).to_dict("records") if audits else [],
            tables={seed: table.to_dict("records") for seed, table in tables.items()},
            gated_reading=gated_reading(certificate),
        )
    )
    write_text(report, page)


def figures(
    certificate: dict[str, Any], tables: dict[int, pd.DataFrame], matrices: list[pd.DataFrame]
) -> dict[str, str]:
    """The figures as SVG text; the matrix is that of the first seed that has one."""
    threshold = certificate["thresholds"]["gates"]["c_multi_median_top1_share"]["b"]
    return {
        "gates": gates_figure(certificate["gates"], certificate["required_seeds"]),
        "countries": countries_figure(tables, threshold),
        "matrix": matrix_figure(next((matrix for matrix in matrices if len(matrix)), pd.DataFrame())),
    }


def gated_reading(certificate: dict[str, Any]) -> str:
    """Which reading of C_large the cohort contract makes a gate."""
    cohort = certificate["cohort_contract"].get("c_large", {"min_support": {"value": 2}})
    return "literal" if cohort["min_support"]["value"] < 2 else "eligible"


def environment(required: list[int]) -> jinja2.Environment:
    """Templates beside the library, everything escaped, a missing name an error; seeds in the order of the run."""
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATE.parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    found.globals["VARIANTS"] = VARIANTS
    found.filters |= {
        "number": number,
        "in_order": partial(in_order, required=required),
        "caveat_text": partial(caveat_text, required=required),
        "holds": lambda value, row: holds(value, row["op"], row["b"]),
    }
    return found


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
