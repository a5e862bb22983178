"""All runs on one page: verdict, gates held, movement against P0, candidates side by side, ledger of phases."""

from pathlib import Path
from typing import Any

from scripts.lib.contracts import dataset_path
from scripts.lib.files import read_json, write_text
from scripts.report.evidence import Document, document, link
from scripts.report.gate_rows import GateRow, gate_rows
from scripts.report.page import environment
from scripts.report.verdict import DECISIONS


def main(
    *,
    certifications: list[str],
    comparisons: list[str],
    reports: list[str],
    phase_ledger: str,
    index: str,
    candidate: str,
    lanes: dict[str, str],
    others: dict[str, str],
) -> None:
    runs = [read_json(path)["run"] for path in certifications] + list(others)
    entries = [entry_of(run, index, lanes.get(run, "gone"), run in others) for run in runs]
    template = environment().get_template("index.html")
    html = template.render(
        entries=sorted(entries, key=lambda entry: (entry["lane"], entry["run"])),
        gates=next(entry["rows"] for entry in entries if entry["run"] == candidate),
        ledger=document(phase_ledger, index),
        candidate=candidate,
    )
    write_text(index, html)


def entry_of(run: str, index: str, lane: str, earlier: bool) -> dict[str, Any]:
    """A run from its certificate and comparison as they lie; `page`, `world` and `countries` are links or None.

    One from an earlier command is shown as it lies, and not part of an archive.
    """
    certificate = document(dataset_path("certification", run=run), index)
    return {
        "run": run,
        "lane": lane,
        "earlier": earlier,
        "certificate": certificate,
        "decision": DECISIONS.get(certificate.data["decision"], certificate.data["decision"]),
        "rows": readable_rows(certificate) if earlier else gate_rows(certificate),
        "compared": Path(dataset_path("comparison", run=run)).is_file(),
        "movement": movement_of(dataset_path("comparison", run=run)),
        "page": _existing("report", run, index),
        "world": _existing("world_map", run, index),
        "countries": _existing("country_maps", run, index),
    }


def readable_rows(certificate: Document) -> list[GateRow]:
    """The gates of a run from an earlier command; none where an older version wrote them in another form."""
    try:
        return gate_rows(certificate)
    except (KeyError, TypeError, ValueError):
        return []


def movement_of(path: str) -> dict[str, Any] | None:
    """Movement against P0; None for a baseline, or where no comparison lies."""
    compared = read_json(path) if Path(path).is_file() else {"p0": None, "against": {}}
    p0, by_baseline = compared["p0"], compared["against"]
    return {"outcome": "", "same_upstream": True, "against": p0, **by_baseline[p0]} if p0 in by_baseline else None


def _existing(dataset: str, run: str, index: str) -> str | None:
    path = dataset_path(dataset, run=run)
    return link(path, index) if Path(path).is_file() else None


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
