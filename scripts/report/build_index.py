"""All runs on one page: verdict, gates held, movement against P0, candidates side by side, ledger of phases."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.lib.contracts import dataset_path
from scripts.lib.files import read_json, write_text
from scripts.report.evidence import Document, document, link
from scripts.report.gate_rows import GateRow, gate_rows
from scripts.report.page import environment
from scripts.report.verdict import DECISIONS

OUTCOMES = {True: "accepted", False: "not accepted"}


@dataclass(frozen=True)
class Movement:
    """What a run's movement against its P0 baseline is worth, in the words of its comparison."""

    against: str
    accepted: bool
    outcome: str
    same_upstream: bool


@dataclass(frozen=True)
class Entry:
    """One run of the index; `page`, `world` and `countries` are links, None where the run has none."""

    run: str
    lane: str
    certificate: Document
    decision: str
    rows: list[GateRow]
    movement: Movement | None
    page: str | None
    world: str | None
    countries: str | None
    wanted: bool  # the run that this command asked for
    earlier: bool  # from an earlier command: shown as it lies, and not part of an archive

    @property
    def held(self) -> int:
        """Gates that hold B, among those that B asks for."""
        return sum(not row.fails for row in self.rows if row.b)

    @property
    def asked(self) -> int:
        """Gates that B asks for."""
        return sum(row.b is not None for row in self.rows)


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
    entries = [entry_of(run, index, lanes.get(run, "gone"), run == candidate, run in others) for run in runs]
    entries.sort(key=lambda entry: (entry.lane, entry.run))
    html = (
        environment()
        .get_template("index.html")
        .render(
            entries=entries,
            gates=next(entry.rows for entry in entries if entry.wanted),
            ledger=document(phase_ledger, index),
            candidate=candidate,
            outcomes=OUTCOMES,
        )
    )
    write_text(index, html)


def entry_of(run: str, index: str, lane: str, wanted: bool, earlier: bool) -> Entry:
    """A run from its certificate and comparison as they lie."""
    certificate = document(dataset_path("certification", run=run), index)
    return Entry(
        run=run,
        lane=lane,
        certificate=certificate,
        decision=DECISIONS.get(certificate.data["decision"], certificate.data["decision"]),
        rows=readable_rows(certificate) if earlier else gate_rows(certificate),
        movement=movement_of(dataset_path("comparison", run=run)),
        page=_existing("report", run, index),
        world=_existing("world_map", run, index),
        countries=_existing("country_maps", run, index),
        wanted=wanted,
        earlier=earlier,
    )


def readable_rows(certificate: Document) -> list[GateRow]:
    """The gates of a run from an earlier command; none where an older version wrote them in another form."""
    try:
        return gate_rows(certificate)
    except (KeyError, TypeError, ValueError):
        return []


def movement_of(path: str) -> Movement | None:
    """Movement against P0; None for a baseline, or where no comparison lies."""
    compared: dict[str, Any] = read_json(path) if Path(path).is_file() else {"p0": None}
    p0 = compared["p0"]
    if not p0 or p0 not in compared["against"]:
        return None
    entry = compared["against"][p0]
    return Movement(p0, entry["accepted"], entry.get("outcome", ""), entry.get("same_upstream", True))


def _existing(dataset: str, run: str, index: str) -> str | None:
    path = dataset_path(dataset, run=run)
    return link(path, index) if Path(path).is_file() else None


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
