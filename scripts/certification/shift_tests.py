"""Two country tables against each other: distribution tests with effect sizes (certification.md §7)."""

import math
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from scripts.scoring.gates import Limits
from scripts.scoring.metric_value import unavailable

Json = dict[str, Any]  # as the comparison is written; nothing reads it but people
Sample = np.ndarray[tuple[int], np.dtype[np.float64]]


def shift(before: Sample, after: Sample, better: str) -> Json:
    """KS and Wasserstein-1 between two samples of country values, float64 [n] and [m], with direction and effect.

    `effect` is Cliff's delta, P(after > before) - P(after < before), turned so that positive is toward the bands;
    `better` is higher or lower.
    """
    if not len(before) or not len(after):
        return unavailable("one of the two runs has no countries here").to_json()
    sign = 1 if better == "higher" else -1
    difference = np.sign(after[:, None] - before[None, :])
    ks = stats.ks_2samp(before, after)
    return {
        "status": "ok",
        "n": [len(before), len(after)],
        "ks": float(ks.statistic),
        "ks_p": float(ks.pvalue),
        "wasserstein": float(stats.wasserstein_distance(before, after)),
        "median_shift": float(np.median(after) - np.median(before)),
        "effect": sign * float(difference.mean()),
    }


def wilson(successes: int, total: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a proportion."""
    share, z = successes / total, float(stats.norm.ppf(0.975))
    centre = share + z**2 / (2 * total)
    half = z * math.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    return (centre - half) / (1 + z**2 / total), (centre + half) / (1 + z**2 / total)


def proportion_lift(before: tuple[int, int], after: tuple[int, int], limits: Limits) -> Json:
    """Lift of a share, `before` and `after` as (part, whole): two-proportion z, Fisher's exact test, interval, effect.

    The interval is Newcombe's of 95 %, the effect Cohen's h. Credible: up by `credible_lift` or more, and the exact
    test (one-sided) below `credible_p`; n is about 30 or less, so z alone would not do.
    """
    (x1, n1), (x2, n2) = before, after
    if not n1 or not n2:
        return unavailable("one of the two cohorts is empty").to_json()
    first, second, pooled = x1 / n1, x2 / n2, (x1 + x2) / (n1 + n2)
    error = math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
    lift = second - first
    (low1, high1), (low2, high2) = wilson(x1, n1), wilson(x2, n2)
    exact = float(stats.fisher_exact([[x2, n2 - x2], [x1, n1 - x1]], alternative="greater")[1])
    z = lift / error if error else None
    return {
        "status": "ok",
        "counts": [[x1, n1], [x2, n2]],
        "lift": lift,
        "z": z,
        "z_note": None if error else "both shares are 0 or both 1: z is not defined",
        "z_p": None if z is None else float(2 * stats.norm.sf(abs(z))),
        "fisher_p_greater": exact,
        "interval": [
            lift - math.hypot(second - low2, high1 - first),
            lift + math.hypot(high2 - second, first - low1),
        ],
        "cohens_h": 2 * math.asin(math.sqrt(second)) - 2 * math.asin(math.sqrt(first)),
        "credible": lift >= limits.credible_lift.value and exact < limits.credible_p.value,
    }


def seed_tests(before: pd.DataFrame, after: pd.DataFrame, limits: Limits) -> Json:
    """All tests of one seed between two country tables, or why there are none."""
    withheld = [side for side, table in (("baseline", before), ("candidate", after)) if table.empty]
    if withheld:
        return unavailable(f"{' and '.join(withheld)} withheld").to_json()
    multi = [table[table["is_c_multi"]] for table in (before, after)]
    found: Json = {}
    for cohort, (old, new) in (("all", (before, after)), ("C_multi", multi)):
        for name, better in (("top1_share", "lower"), ("entropy_norm", "higher")):
            found[f"{cohort}:{name}"] = shift(_sample(old, name), _sample(new, name), better)
    first, second = ((int((table["distinct_tzid_count"] >= 2).sum()), len(table)) for table in multi)
    found["C_multi:share_distinct_ge2"] = proportion_lift(first, second, limits)
    return found


def _sample(table: pd.DataFrame, column: str) -> Sample:
    return table[column].to_numpy(np.float64)
