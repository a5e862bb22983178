"""The verdict over all seeds follows the algorithm (certification.md §6, §8)."""

from dataclasses import replace

import numpy as np
import pytest

from scripts.certification.verdict import judge, stability
from scripts.scoring.seed_metrics import SiteRows
from tests.unit.certification.nouns import LIMITS, SEEDS, seed_metrics

VALUES = {"PASS_BPLUS": {}, "PASS_B": {"fallback_rate": 0.0005}, "FAIL_REALISM": {"fallback_rate": 0.01}}


def run(*verdicts, **changes):
    """Status and failing checks of as many seeds as there are verdicts."""
    seeds = {
        seed: seed_metrics(seed, values=VALUES[verdict], **changes)
        for seed, verdict in zip(SEEDS, verdicts, strict=False)
    }
    found = judge(SEEDS, seeds, LIMITS)
    return found.status, found.failing_gates


def test_verdict_over_all_seeds():
    plus = ["PASS_BPLUS"] * 4
    assert run(*plus) == ("PASS_BPLUS", [])
    assert run(*plus[:3], "PASS_B") == ("PASS_B", [])
    assert run(*plus[:3], "FAIL_REALISM") == ("FAIL_REALISM", ["seed_202_hard_gates"])
    assert run(*plus, site_rows=SiteRows("same", "m")) == ("FAIL_REALISM", ["required_seed_data_distinct"])


def test_missing_seed_fails():
    assert run(*["PASS_BPLUS"] * 3) == (
        "FAIL_REALISM",
        ["required_seed_coverage", "stability_cv_b", "stability_cv_bplus", "seed_202_hard_gates"],
    )


@pytest.mark.parametrize(
    ("last", "status", "failing"),
    [  # entropy_norm 0.35 on three seeds; population CV of (1, 1, 1, x) is sqrt(3) |x - 1| / (3 + x)
        (0.35, "PASS_BPLUS", []),
        (0.55, "PASS_B", ["stability_cv_bplus"]),
        (0.75, "FAIL_REALISM", ["stability_cv_b", "stability_cv_bplus"]),
    ],
)
def test_one_seed_that_stands_apart_is_unstable(last, status, failing):
    values = dict.fromkeys(SEEDS, 0.35) | {202: last}
    seeds = {seed: seed_metrics(seed, values={"c_multi_median_entropy_norm": value}) for seed, value in values.items()}
    found = judge(SEEDS, seeds, LIMITS)
    x = last / 0.35
    assert found.stability["c_multi_median_entropy_norm"].cv == pytest.approx(3**0.5 * (x - 1) / (3 + x))
    assert (found.status, found.failing_gates) == (status, failing)


@pytest.mark.parametrize(("grade", "limit"), [("b", 0.30), ("bplus", 0.20)])
def test_stability_flips_at_its_limit(grade, limit):
    assert LIMITS.stability_cv.threshold(grade) == limit
    assert LIMITS.stability_cv.holds(limit, grade)
    assert not LIMITS.stability_cv.holds(float(np.nextafter(limit, 1)), grade)


def cv(*values, least=2):
    limits = replace(LIMITS, stability_min_seeds=replace(LIMITS.stability_min_seeds, value=least))
    found = stability(dict(enumerate(values)), limits)
    assert (found.cv is None) == (found.reason is not None)
    return found.cv


def test_stability_by_hand():
    assert cv(1.0, 3.0) == 0.5  # population standard deviation 1, mean 2
    assert cv(0.0, 0.0) == 0.0
    assert cv(-1.0, 1.0) is None
    assert cv(1.0, None) is None
    assert cv(least=1) is None


def test_stability_needs_enough_seeds():
    least = int(LIMITS.stability_min_seeds.value)
    assert least == 4
    for count in (1, least - 1, least):
        assert (cv(*[0.5] * count, least=least) is None) == (count < least)
