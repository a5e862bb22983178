"""The verdict in words: what it means and what decided it, what a pass still rests on, and the caveats beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scripts.lib.errors import ReasonCode
from scripts.report.cause import Cause, causes_before_realism, seeds_text, stability
from scripts.report.evidence import Run
from scripts.report.gate_rows import GateRow
from scripts.report.realism_cause import realism_causes

PASSES = {
    "PASS_BPLUS": "Lawful and realistic: every hard gate holds on every seed, and so does every B+ band.",
    "PASS_B": "Lawful and realistic enough: every hard gate holds on every seed within the B bands.",
}
DECISIONS = {"FREEZE_WITH_BLOCKERS": "frozen as best effort", "LOCK": "locked"}
GRADES = {"B": "B", "BPLUS": "B+", None: None}


@dataclass(frozen=True)
class Verdict:
    """What the first screen says before any figure: of a pass, `first` says what keeps it from the next grade."""

    status: str
    decision: str
    first: Cause
    also: list[Cause]  # further causes

    @property
    def passes(self) -> bool:
        return self.status != "FAIL_REALISM"


def causes(run: Run, codes: dict[str, ReasonCode]) -> list[Cause]:
    """All causes of a failing verdict, those first that hide others; empty for a pass."""
    if run.certificate.data["status"] != "FAIL_REALISM":
        return []
    return [*causes_before_realism(run, codes), *realism_causes(run), *stability(run)]


def verdict_of(run: Run, found: list[Cause], rows: list[GateRow]) -> Verdict:
    """The verdict from the causes that were found."""
    data = run.certificate.data
    first, *also = found or [_pass(data, rows) if data["status"] in PASSES else _unknown(data)]
    return Verdict(data["status"], DECISIONS.get(data["decision"], data["decision"]), first, also)


def _pass(data: dict[str, Any], rows: list[GateRow]) -> Cause:
    missed = [row.name for row in rows if row.standing == "holds B"]
    amount = "One gate is" if len(missed) == 1 else f"{len(missed)} gates are"
    why = f"{amount} kept from B+: {'; '.join(missed)}." if missed else "No gate is missed."
    failing = {name for entry in data["seed_failing_gates"].values() for name in entry["BPLUS"]}
    other = sorted(failing - {row.name for row in rows})
    why += f" Checks that fail B+: {', '.join(other)}." if other else ""
    change = "Nothing is asked. The run is locked; snakemake archive packs it for those who read it downstream."
    return Cause("pass", PASSES[data["status"]], why, "nobody", change)


def _unknown(data: dict[str, Any]) -> Cause:
    """Of a run that fails for a reason that this page does not know: what the certificate says."""
    why = f"Decided by: {'; '.join(data['decided_by'])}."
    change = "Read the checks below; the certificate names what fails."
    return Cause("unknown", "At least one required check fails.", why, "validation", change)


def caveats(entries: Sequence[dict[str, Any]], required: Sequence[int]) -> list[tuple[str, str | None]]:
    """Caveats of a certificate in its order and its words, each with the grade of a pass that it limits.

    What differs by seed or value only is told together.
    """
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for entry in entries:
        matter, _, _ = entry["says"].partition(": ")
        groups.setdefault((entry["caveat"], entry["grade"], matter), []).append(entry)
    return [(_sentence(matter, group, required), GRADES[grade]) for (_, grade, matter), group in groups.items()]


def _sentence(matter: str, group: list[dict[str, Any]], required: Sequence[int]) -> str:
    """The matter, then what each seed has: `X holds B only thanks to overrides: 0.2 without (seeds 42, 7)`."""
    by_detail: dict[str, list[int | None]] = {}
    for entry in group:
        by_detail.setdefault(entry["says"].partition(": ")[2], []).append(entry.get("seed"))
    told = []
    for detail, found in by_detail.items():
        seeds = [seed for seed in required if seed in found]
        told.append(" ".join(filter(None, (detail, f"({seeds_text(seeds)})" if seeds else ""))))
    colon = ": " if any(by_detail) else " "
    return f"{matter[0].upper()}{matter[1:]}{colon}{'; '.join(told)}".rstrip(": ") + "."
