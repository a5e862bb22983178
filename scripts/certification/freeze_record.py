"""The freeze record: what stands when a run is locked, or frozen as best effort with what keeps it from B.

Every failed gate has its distance, its owner, and what cannot reach it (certification.md §14).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.certification.certificate import Certificate, FileDigest
from scripts.certification.gate_table import GateRow
from scripts.certification.triage import Action, Triage
from scripts.scoring.gates import holds, margin

S1_LAW = "S1 never overrides what geometry decides (states.md §3): policy places ambiguous sites and moves no other"


@dataclass(frozen=True)
class Blocker:
    """One gate that fails B; `values` and `gap_to_b` are by seed (as text), or the one `cv`."""

    gate: str
    values: dict[str, float | None]
    b: float | None
    gap_to_b: dict[str, float | None]
    reason: str | None
    surface: dict[str, str]
    unreachable: dict[str, bool | None]  # by_2a_policy, by_topology (of the cohort), on_earth; None where not known
    binding: str | None  # the law that keeps 2A's policy from the gate, where policy cannot reach it
    rows_to_buy: dict[str, int | None]  # by seed: rows that would buy B if that law allowed to move them


@dataclass(frozen=True)
class FreezeRecord:
    """What is frozen and why. After a pass it locks the run and has no blockers."""

    run: str
    verdict: str
    decision: str
    authority: str
    upstream_of_record: list[dict[str, str]]
    run_root: str
    run_ids: dict[int, str]
    fingerprints: dict[int, str]
    retained: dict[str, dict[str, str]]  # run ids by run and seed (as text)
    blockers: list[Blocker]
    other_failed_checks: dict[int, list[str]]  # by seed: those that are no gate
    reopen_contract: dict[str, Any]
    next_actions: list[Action]
    reports: list[FileDigest]


def freeze(
    certificate: Certificate, triage: Triage, retained: dict[str, dict[str, str]], budget: Mapping[str, Any]
) -> FreezeRecord:
    """The freeze record of a certified run; `budget` is its correction budget."""
    bought = {seed: entry.get("concentration", {}).get("rows_to_buy", {}) for seed, entry in budget.items()}
    gates = certificate.thresholds.gates
    return FreezeRecord(
        run=certificate.run,
        verdict=certificate.status,
        decision=certificate.decision,
        authority=certificate.authority,
        upstream_of_record=certificate.upstream_of_record,
        run_root=certificate.run_root,
        run_ids=certificate.selected_seed_run_map,
        fingerprints=certificate.fingerprints,
        retained=retained,
        blockers=[blocker(row, triage, bought) for row in certificate.gates if not row.holds("b")],
        other_failed_checks={
            seed: [name for name in failed["B"] if name not in gates]
            for seed, failed in certificate.seed_failing_gates.items()
        },
        reopen_contract=triage.reopen_contract,
        next_actions=certificate.triage,
        reports=certificate.evidence,
    )


def blocker(row: GateRow, triage: Triage, bought: Mapping[str, Mapping[str, int | None]]) -> Blocker:
    """The blocker that a failed gate is; `bought` are the rows that would buy each gate, by seed."""
    beyond_policy = None if row.reach_2a is None else not holds(row.reach_2a, row.op, row.b)
    values = {str(seed): value for seed, value in row.values.items()} or {"cv": row.value}
    distances = {seed: margin(value, row.op, row.b) for seed, value in values.items()}
    return Blocker(
        gate=row.gate,
        values=values,
        b=row.b,
        gap_to_b={seed: None if distance is None else max(0.0, -distance) for seed, distance in distances.items()},
        reason=row.reason,
        surface=triage.of(row.gate.split(":")[0]).surface,
        unreachable={
            "by_2a_policy": beyond_policy,
            "by_topology": None if row.ceiling is None else not row.ceiling.passes_b,
            "on_earth": None if row.earth is None else not row.earth.passes_b,
        },
        binding=S1_LAW if beyond_policy else None,
        rows_to_buy={seed: rows[row.gate] for seed, rows in bought.items() if row.gate in rows},
    )
