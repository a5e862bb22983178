"""The verdict of a run from its seeds' metrics: stability, checks over all seeds, caveats (certification.md §6, §8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from scripts.lib.records import plain, plain_fields
from scripts.scoring.checks import VERDICTS, Verdict
from scripts.scoring.gates import Limits
from scripts.scoring.seed_metrics import Caveat, SeedMetrics

Seeds = Mapping[int, SeedMetrics]


@dataclass(frozen=True)
class Stability:
    """Coefficient of variation of one metric over the required seeds, or None with the reason; `values` by seed."""

    cv: float | None
    values: dict[int, float | None]
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        if self.reason is None:
            return {"cv": self.cv, "values": plain(self.values), "status": "ok"}
        return plain_fields(self) | {"status": "not_computable"}


@dataclass(frozen=True)
class Judgement:
    """What follows from the seeds' metrics and the limits alone, so that anybody can compute it again."""

    status: Verdict
    failing_gates: list[str]
    checks: dict[str, bool]
    stability: dict[str, Stability]

    @property
    def passes(self) -> bool:
        """Whether the verdict is a pass of either grade."""
        return reaches(self.status, "PASS_B")


def reaches(status: Verdict, grade: Verdict) -> bool:
    """Whether a verdict is as good as `grade` or better."""
    return VERDICTS.index(status) >= VERDICTS.index(grade)


def judge(required: list[int], seeds: Seeds, limits: Limits) -> Judgement:
    """Stability, checks over all seeds, failing list and verdict (§8 steps 2 and 3)."""
    found = {name: stability(metric_values(required, seeds, name), limits) for name in limits.stability_metrics}
    cvs = [entry.cv for entry in found.values()]
    data = [seeds[seed].site_locations_sha256 for seed in required if seed in seeds]
    checks = {
        "required_seed_coverage": all(seed in seeds for seed in required),
        # One seed's data four times over is one seed.
        "required_seed_data_distinct": len(set(data)) == len(data),
        "stability_cv_b": all(limits.stability_cv.holds(cv, "b") for cv in cvs),
        "stability_cv_bplus": all(limits.stability_cv.holds(cv, "bplus") for cv in cvs),
        **{f"seed_{seed}_hard_gates": seed in seeds and seeds[seed].verdict != VERDICTS[0] for seed in required},
    }
    b = all(ok for name, ok in checks.items() if name != "stability_cv_bplus")
    bplus = b and all(checks.values()) and all(seeds[seed].verdict == VERDICTS[2] for seed in required)
    status = VERDICTS[2 if bplus else 1 if b else 0]
    return Judgement(status, [name for name, ok in checks.items() if not ok], checks, found)


def metric_values(required: list[int], seeds: Seeds, name: str) -> dict[int, float | None]:
    """The value of a metric by required seed, None where the seed or its value is missing."""
    return {seed: seeds[seed].metrics[name].value if seed in seeds else None for seed in required}


def stability(values: dict[int, float | None], limits: Limits) -> Stability:
    """CV = population standard deviation / mean over the seeds; not available when a seed has no value (§6).

    Nor is it with fewer seeds than `stability_min_seeds`, so that a run of few seeds cannot pass.
    """
    known = [value for value in values.values() if value is not None]
    least = int(limits.stability_min_seeds.value)
    if len(known) < len(values):
        return Stability(None, values, "a required seed has no value")
    if len(known) < least:
        return Stability(None, values, f"{len(known)} of at least {least} seeds")
    mean = float(np.mean(known))
    if mean:
        return Stability(float(np.std(known)) / mean, values)
    return Stability(None, values, "mean is zero") if any(known) else Stability(0.0, values)


def run_caveats(seeds: Seeds, limits: Limits) -> list[Caveat]:
    """What a reader must know beside the verdict: the seeds' caveats, and seeds that differ."""
    found: list[Caveat] = [{"seed": seed} | entry for seed, metrics in seeds.items() for entry in metrics.caveats]
    scored = {str(seed): metrics for seed, metrics in seeds.items() if metrics.sites_total}
    sizes = {seed: metrics.sites_total for seed, metrics in scored.items()}
    if sizes and max(sizes.values()) > limits.unequal_seed_sizes.value * min(sizes.values()):
        found.append({"caveat": "seed_sizes_differ", "sites_total": sizes})
    members = {seed: metrics.cohort_members["C_multi"] for seed, metrics in scored.items()}
    if len(set(map(tuple, members.values()))) > 1:
        found.append({"caveat": "seed_cohorts_differ", "cohort": "C_multi", "members": members})
    return found
