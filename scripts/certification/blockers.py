"""What keeps a run from B: every failed gate, its distance, its owner, what cannot reach it (certification.md §14)."""

from collections.abc import Mapping
from dataclasses import dataclass

from scripts.certification.gate_table import GateRow
from scripts.certification.triage import Surface, Triage
from scripts.scoring.gates import holds, margin

S1_LAW = "S1 never overrides what geometry decides (states.md §3): policy places ambiguous sites and moves no other"
Bought = Mapping[str, Mapping[str, int | None]]  # rows by seed and gate


@dataclass(frozen=True)
class Unreachable:
    """Whether B is out of reach of 2A's policy, of the cohort's topology, of Earth itself; None where not known."""

    by_2a_policy: bool | None
    by_topology: bool | None
    on_earth: bool | None


@dataclass(frozen=True)
class Blocker:
    """One gate that fails B; `values` and `gap_to_b` are by seed (as text), or the one `cv`."""

    gate: str
    values: dict[str, float | None]
    b: float | None
    gap_to_b: dict[str, float | None]
    reason: str | None
    surface: Surface
    unreachable: Unreachable
    binding: str | None  # the law that keeps 2A's policy from the gate, where policy cannot reach it
    rows_to_buy: dict[str, int | None]  # by seed: rows that would buy B if that law allowed to move them


def blocker_matrix(rows: list[GateRow], triage: Triage, bought: Bought) -> list[Blocker]:
    """Every gate that fails B; `bought` are the rows that would buy each."""
    return [blocker(row, triage, bought) for row in rows if not row.holds("b")]


def blocker(row: GateRow, triage: Triage, bought: Bought) -> Blocker:
    """The blocker that a failed gate is."""
    beyond_policy = None if row.reach_2a is None else not holds(row.reach_2a, row.op, row.b)
    values = {str(seed): value for seed, value in row.values.items()} or {"cv": row.value}
    return Blocker(
        gate=row.gate,
        values=values,
        b=row.b,
        gap_to_b={seed: _gap(value, row) for seed, value in values.items()},
        reason=row.reason,
        surface=triage.of(row.gate.split(":")[0]).surface,
        unreachable=Unreachable(
            by_2a_policy=beyond_policy,
            by_topology=None if row.ceiling is None else not row.ceiling.passes_b,
            on_earth=None if row.earth is None else not row.earth.passes_b,
        ),
        binding=S1_LAW if beyond_policy else None,
        rows_to_buy={seed: rows[row.gate] for seed, rows in bought.items() if row.gate in rows},
    )


def _gap(value: float | None, row: GateRow) -> float | None:
    distance = margin(value, row.op, row.b)
    return None if distance is None else max(0.0, -distance)
