"""Gates and verdicts: thresholds come from config, comparisons are on unrounded values (certification.md §4-8)."""

import math
from typing import Any

import numpy as np

GRADES = ("b", "bplus")
VERDICTS = ("FAIL_REALISM", "PASS_B", "PASS_BPLUS")


def holds(value: float | None, op: str, threshold: float | None) -> bool:
    """Whether `value op threshold`; a missing value fails, a missing threshold does not gate."""
    if threshold is None:
        return True
    if value is None or math.isnan(value):
        return False
    return value >= threshold if op == ">=" else value <= threshold


def seed_checks(
    metrics: dict[str, dict[str, Any]], structural: dict[str, bool], gates: dict[str, Any]
) -> dict[str, dict[str, bool]]:
    """`{"B": {check: bool}, "BPLUS": {...}}`: structural checks and every gate of the grade."""
    checks = {}
    for grade in GRADES:
        found = dict(structural)
        for name, gate in gates["gates"].items():
            if gate[grade] is not None:
                found[name] = holds(metrics[name]["value"], gate["op"], gate[grade])
        checks[grade.upper()] = found
    return checks


def failing(checks: dict[str, dict[str, bool]]) -> dict[str, list[str]]:
    """Names of false checks by grade."""
    return {grade: sorted(name for name, ok in found.items() if not ok) for grade, found in checks.items()}


def seed_verdict(checks: dict[str, dict[str, bool]]) -> str:
    """Verdict of one seed (certification.md §8 step 1)."""
    if not all(checks["B"].values()):
        return "FAIL_REALISM"
    return "PASS_BPLUS" if all(checks["BPLUS"].values()) else "PASS_B"


def stability(values: dict[int, float | None], min_seeds: int) -> dict[str, Any]:
    """CV = population standard deviation / mean over the seeds; not available when a seed has no value (§6).

    Nor is it with fewer than `min_seeds` of them, so that a run of few seeds cannot pass.
    """
    known = [value for value in values.values() if value is not None]
    if len(known) < len(values):
        return {"cv": None, "status": "not_computable", "reason": "a required seed has no value", "values": values}
    if len(known) < min_seeds:
        reason = f"{len(known)} of at least {min_seeds} seeds"
        return {"cv": None, "status": "not_computable", "reason": reason, "values": values}
    mean = float(np.mean(known))
    if mean == 0:
        if all(value == 0 for value in known):
            return {"cv": 0.0, "status": "ok", "values": values}
        return {"cv": None, "status": "not_computable", "reason": "mean is zero", "values": values}
    return {"cv": float(np.std(known)) / mean, "status": "ok", "values": values}


def aggregate(
    required: list[int],
    verdicts: dict[int, str],
    cvs: dict[str, dict[str, Any]],
    limits: dict[str, Any],
    distinct: bool = True,
) -> tuple[str, list[str], dict[str, bool]]:
    """Verdict over all seeds, the failing list, and the aggregate checks (§8 steps 2 and 3).

    `distinct` says that no two seeds have the same upstream bytes: one seed's data four times over is one seed.
    """
    rank = {seed: VERDICTS.index(verdicts.get(seed, "FAIL_REALISM")) for seed in required}
    checks = {
        "required_seed_coverage": all(seed in verdicts for seed in required),
        "required_seed_data_distinct": distinct,
        "stability_cv_b": all(holds(entry["cv"], "<=", limits["b"]) for entry in cvs.values()),
        "stability_cv_bplus": all(holds(entry["cv"], "<=", limits["bplus"]) for entry in cvs.values()),
        **{f"seed_{seed}_hard_gates": rank[seed] >= 1 for seed in required},
    }
    b = all(ok for name, ok in checks.items() if name != "stability_cv_bplus")
    bplus = b and checks["stability_cv_bplus"] and all(value == 2 for value in rank.values())
    verdict = "PASS_BPLUS" if bplus else "PASS_B" if b else "FAIL_REALISM"
    return verdict, [name for name, ok in checks.items() if not ok], checks
