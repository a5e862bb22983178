"""The verdict of a run from its seeds' metrics: stability, checks over all seeds (certification.md §6, §8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any

from scripts.lib.records import plain, plain_fields
from scripts.scoring.gates import VERDICTS, Limits, Verdict
from scripts.scoring.metric_value import Number, exact, root
from scripts.scoring.seed_metrics import SeedMetrics

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


def same_rows(seeds: Seeds) -> list[tuple[int, int]]:
    """Pairs of seeds with the same site keys and coordinates, under whatever bytes; a withheld seed shows no rows."""
    known = {seed: metrics.site_rows for seed, metrics in seeds.items() if metrics.site_rows}
    return [(one, other) for one, other in combinations(known, 2) if known[one].sha256 == known[other].sha256]


def judge(required: list[int], seeds: Seeds, limits: Limits, *, certifiable: bool = True) -> Judgement:
    """Stability, checks over all seeds, failing list and verdict (§8 steps 2 and 3).

    A run that is not `certifiable` is judged all the same and can never pass.
    """
    present = {seed: seeds[seed] for seed in required if seed in seeds}
    found = {}
    for name in limits.stability_metrics:
        numbers = {seed: present[seed].metrics[name].number if seed in present else None for seed in required}
        found[name] = stability(numbers, limits)
    cvs = [entry.cv for entry in found.values()]
    checks = {
        "required_seed_coverage": set(required) <= seeds.keys(),
        "run_certifiable": certifiable,
        # One seed's rows four times over are one seed, whatever bytes they came in.
        "required_seed_data_distinct": not same_rows(present),
        "stability_cv_b": all(limits.stability_cv.holds(cv, "b") for cv in cvs),
        "stability_cv_bplus": all(limits.stability_cv.holds(cv, "bplus") for cv in cvs),
        **{f"seed_{seed}_hard_gates": seed in present and present[seed].verdict != VERDICTS[0] for seed in required},
    }
    b = all(ok for name, ok in checks.items() if name != "stability_cv_bplus")
    bplus = b and all(checks.values()) and all(seeds[seed].verdict == VERDICTS[2] for seed in required)
    status = VERDICTS[2 if bplus else 1 if b else 0]
    return Judgement(status, [name for name, ok in checks.items() if not ok], checks, found)


def stability(values: Mapping[int, Number | None], limits: Limits) -> Stability:
    """CV = population standard deviation / mean over the seeds; not available when a seed has no value (§6).

    Nor is it with fewer seeds than `stability_min_seeds`, so that a run of few seeds cannot pass.
    """
    known = [exact(value) for value in values.values() if value is not None]
    shown = {seed: None if value is None else float(value) for seed, value in values.items()}
    least = int(limits.stability_min_seeds.value)
    if len(known) < len(values):
        return Stability(None, shown, "a required seed has no value")
    if len(known) < least:
        return Stability(None, shown, f"{len(known)} of at least {least} seeds")
    if mean := sum(known, Fraction()) / len(known):
        variance = sum(((value - mean) ** 2 for value in known), Fraction()) / len(known)
        return Stability(root(variance / mean**2), shown)
    return Stability(None, shown, "mean is zero") if any(known) else Stability(0.0, shown)
