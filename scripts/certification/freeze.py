"""Decision, blockers, triage and reopen contract of a run (certification.md §13, §14)."""

from fnmatch import fnmatchcase
from typing import Any

from scripts.scoring.gates import holds

REOPEN_CONTRACT = {
    "refused_without": [
        "contradiction evidence (paths and sha256)",
        "exact scope (state, knob)",
        "approval before execution",
    ],
    "record": "config/reopen/<name>.yaml, named by the candidate; S0 checks it and refuses with 2A-S0-004",
    "owner_split": {
        "1B": "intra-country spread, representative placement, no single-tile concentration",
        "2A": "assignment correctness, provenance, fallback and override governance",
        "validation": "cohort thresholds, fallback budgets, seed stability",
    },
    "preconditions": [
        {
            "owner": "segment-1B",
            "phase": "P4",
            "what": "a placement change that moves the blockers below, with its evidence",
        },
        {"owner": "data-engine-governance", "phase": "P4", "what": "approval of the record, before the run"},
        {
            "owner": "segment-2A",
            "phase": "P4",
            "what": "witness seeds 42 and 7 first, all seeds only on positive movement",
        },
    ],
}


def surface_of(name: str, triage: dict[str, Any]) -> dict[str, Any]:
    """The first triage entry whose pattern matches a gate, check or reason code."""
    return next(entry for entry in triage["entries"] if any(fnmatchcase(name, glob) for glob in entry["gates"]))


def triage_entries(failed: list[str], seed_failed: dict[str, dict], codes: dict[str, list[str]], triage) -> list[dict]:
    """What to look at first for everything that failed, causes before consequences.

    `failed` are aggregate checks, `seed_failed` failing gates by seed, `codes` reason codes by seed.
    """
    seeds_of: dict[str, set[str]] = {}
    for seed in seed_failed:
        names = codes[seed] or seed_failed[seed]["B"]  # a reason code is the cause of all that is missing after it
        for name in names:
            seeds_of.setdefault(name, set()).add(seed)
    for name in failed:
        if not name.endswith("_hard_gates"):
            seeds_of.setdefault(name, set())
    entries: dict[str, dict[str, Any]] = {}
    for name, seeds in seeds_of.items():
        found = surface_of(name, triage)
        entry = entries.setdefault(
            found["first"], {"symptoms": set(), "seeds": set(), "look_at": found["surface"], "first": found["first"]}
        )
        entry["symptoms"].add(name)
        entry["seeds"] |= seeds
    order = [entry["first"] for entry in triage["entries"]]
    # What fails over all seeds follows from what fails on each.
    ranked = sorted(
        entries.values(), key=lambda entry: (not _has_code(entry), not entry["seeds"], order.index(entry["first"]))
    )
    return [
        entry
        | {"symptoms": sorted(entry["symptoms"]), "seeds": [seed for seed in seed_failed if seed in entry["seeds"]]}
        for entry in ranked
    ]


def _has_code(entry: dict[str, Any]) -> bool:
    return any(name.startswith("2A-") for name in entry["symptoms"])


def blocker_matrix(rows: list[dict[str, Any]], triage: dict[str, Any]) -> list[dict[str, Any]]:
    """Every gate that fails B: values and gaps per seed, owning surface, and by what it cannot be reached."""
    blockers = []
    for row in rows:
        if row["holds_b"]:
            continue
        sign = 1 if row["op"] == ">=" else -1
        gaps = {
            seed: None if value is None else max(0.0, sign * (row["b"] - value))
            for seed, value in row["values"].items()
        }
        reach = row["reach_2a"]
        blockers.append(
            {
                "gate": row["gate"],
                "values": row["values"] or {"cv": row["value"]},
                "b": row["b"],
                "gap_to_b": gaps or {"cv": None if row["value"] is None else row["value"] - row["b"]},
                "reason": row["reason"],
                "surface": surface_of(row["gate"].split(":")[0], triage)["surface"],
                "unreachable": {
                    "by_2a_policy": None if reach is None else not holds(reach, row["op"], row["b"]),
                    "by_topology": not row["ceiling"]["passes_b"] if row["ceiling"] else None,
                    "on_earth": not row["earth"]["passes_b"] if row["earth"] else None,
                },
            }
        )
    return blockers


def decision_of(status: str) -> str:
    """LOCK for a passing verdict, else the best-effort freeze."""
    return "FREEZE_WITH_BLOCKERS" if status == "FAIL_REALISM" else "LOCK"
