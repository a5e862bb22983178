"""The verdict in words: what it means, what decided it, how many gates hold, what a pass still rests on."""

from dataclasses import dataclass

from scripts.report.cause_noun import Cause
from scripts.report.gate_rows import GateRow
from scripts.report.run_evidence import Run

PASSES = {
    "PASS_BPLUS": "Lawful and realistic: every hard gate holds on every seed, and so does every B+ band.",
    "PASS_B": "Lawful and realistic enough: every hard gate holds on every seed within the B bands.",
}
DECISIONS = {"FREEZE_WITH_BLOCKERS": "frozen as best effort", "LOCK": "locked"}


@dataclass(frozen=True)
class Verdict:
    """What the first screen says before any figure."""

    status: str
    decision: str
    headline: str
    why: str
    owner: str
    change: str
    read: list[tuple[str, str]]
    also: list[Cause]  # further causes, after the first

    @property
    def passes(self) -> bool:
        """Whether the run is good enough to lock."""
        return self.status != "FAIL_REALISM"


def verdict_of(run: Run, found: list[Cause], rows: list[GateRow]) -> Verdict:
    """The verdict from its first cause, or of a pass from what keeps it from the next grade."""
    data = run.certificate.data
    status, decision = data["status"], DECISIONS.get(data["decision"], data["decision"])
    if found:
        first, *also = found
        return Verdict(status, decision, first.headline, first.why, first.owner, first.change, first.read, also)
    if status not in PASSES:  # the certificate fails for a reason that this page does not know: say what it says
        why = f"Decided by: {'; '.join(data['decided_by'])}."
        change = "Read the checks below; the certificate names what fails."
        return Verdict(status, decision, "At least one required check fails.", why, "validation", change, [], [])
    missed = [row for row in rows if row.standing == "holds B"]
    why = (
        "No gate is missed."
        if not missed
        else f"{_amount(len(missed))} kept from B+: {'; '.join(row.name for row in missed)}."
    )
    other = sorted(
        {name for entry in data["seed_failing_gates"].values() for name in entry["BPLUS"]} - {row.name for row in rows}
    )
    why += f" Checks that fail B+: {', '.join(other)}." if other else ""
    change = "Nothing is asked. The run is locked; snakemake archive packs it for those who read it downstream."
    return Verdict(status, decision, PASSES[status], why, "nobody", change, [], [])


def _amount(number: int) -> str:
    return "One gate is" if number == 1 else f"{number} gates are"
