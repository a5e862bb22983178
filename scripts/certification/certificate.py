"""The certificate of a run: certify_run writes it; gate, ledger, freeze record, phases and page read it."""

from dataclasses import dataclass
from typing import Any

from scripts.certification.approved import Approved
from scripts.certification.caveats import qualifications
from scripts.certification.gate_table import GateRow
from scripts.certification.triage import Action
from scripts.certification.verdict import Judgement, Seeds, judge
from scripts.lib.files import sha256_file
from scripts.lib.records import plain_fields
from scripts.reference.identify_reference import Reference
from scripts.scoring.caveat import Caveat
from scripts.scoring.gates import Limits, Verdict
from scripts.scoring.governance_metrics import Exempt
from scripts.scoring.seed_metrics import Coverage


@dataclass(frozen=True)
class FileDigest:
    """A file that something rests on: its path below the project and its hex SHA-256."""

    path: str
    sha256: str

    @classmethod
    def of(cls, path: str) -> "FileDigest":
        return cls(path, sha256_file(path))


@dataclass(frozen=True)
class Certificate(Judgement):
    """The judgement of a run and all that a reader needs to check it (certification.md §9); names as in the JSON."""

    run: str
    authority: str
    upstream_of_record: list[dict[str, str]]  # the authorities that the plan freezes (its section 1.3)
    required_seeds: list[int]
    missing_seeds: list[int]
    selected_seed_run_map: dict[int, str]  # run id by seed
    fingerprints: dict[int, str]
    seed_verdicts: dict[int, Verdict]
    seed_failing_gates: dict[int, dict[str, list[str]]]  # by seed, then grade
    seed_error_codes: dict[int, list[str]]
    thresholds: Limits
    cohort_contract: dict[str, Any]
    coverage: dict[int, Coverage]  # by seed
    reference: dict[str, Reference]
    not_certifiable: str | None  # why the run can never pass
    gates: list[GateRow]
    fallback_exempt: dict[int, dict[str, Exempt]]  # by seed and country: above the country cap, and not bound by it
    approvals: list[Approved]  # without which the run had not been, or would be worse
    caveats: list[Caveat]
    triage: list[Action]
    comparison: dict[str, bool]  # whether the run was accepted against each baseline
    evidence: list[FileDigest]
    decided_by: list[str]

    def follows_from(self, seeds: Seeds) -> bool:
        """Whether these seeds' metrics, judged again, give the verdict that it states."""
        again = judge(self.required_seeds, seeds, self.thresholds, certifiable=self.not_certifiable is None)
        return again == Judgement(self.status, self.failing_gates, self.checks, self.stability)

    @property
    def qualifications(self) -> list[str]:
        """What a reader must know with the verdict, as its line says it: approvals, and what limits a pass."""
        return [*(entry.says for entry in self.approvals), *qualifications(self.caveats, self.status)]

    @property
    def runset(self) -> str:
        """`<seed>-<first 8 of run_id>` joined by `_`, in required order."""
        runs = self.selected_seed_run_map
        return "_".join(f"{seed}-{runs[seed][:8]}" for seed in self.required_seeds if seed in runs)

    @property
    def decision(self) -> str:
        """LOCK for a passing verdict, else the best-effort freeze."""
        return "LOCK" if self.passes else "FREEZE_WITH_BLOCKERS"

    @property
    def run_root(self) -> str:
        return f"results/runs/{self.run}"

    def row(self, gate: str) -> GateRow:
        """The row of a gate, or of `stability_cv:<metric>`."""
        return next(row for row in self.gates if row.gate == gate)

    def to_json(self) -> dict[str, Any]:
        derived = {"runset": self.runset, "decision": self.decision, "qualifications": self.qualifications}
        return plain_fields(self) | derived
