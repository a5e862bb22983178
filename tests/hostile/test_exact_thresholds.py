"""12.20: a value that is exactly its threshold holds it, whatever a float makes of it."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from scripts.scoring.cohorts import cohort_metrics
from scripts.scoring.country_table import country_table
from scripts.scoring.gates import read_limits
from scripts.scoring.governance_metrics import policy_rows
from scripts.scoring.metric_value import exact, root

LIMITS = read_limits("config/certification/gates.yaml")
GAP = LIMITS.gates["c_multi_median_top1_top2_gap"]
SUPPORT = pd.DataFrame({"country_iso": ["AA"] * 3, "tzid": ["Z/1", "Z/2", "Z/3"]})


def pairs(numerator: int, denominator: int, largest: int) -> list[tuple[int, int, int]]:
    """All (n, a, b) with a >= b >= 1, a + b <= n <= `largest` and (a - b) / n = numerator / denominator."""
    return [
        (n, b + n * numerator // denominator, b)
        for n in range(denominator, largest + 1, denominator)
        for b in range(1, (n - n * numerator // denominator) // 2 + 1)
    ]


def table(rows: list[tuple[int, int, int]]) -> pd.DataFrame:
    """One country for each (n, top, second); what is left lies in two further zones, neither above the second."""
    parts = []
    for number, (n, top, second) in enumerate(rows):
        left, zones = n - top - second, [top, second]
        while left > 0:
            zones.append(min(left, second))
            left -= zones[-1]
        parts += [(f"{number:05d}", f"Z/{zone}", sites) for zone, sites in enumerate(zones)]
    return country_table(pd.DataFrame(parts, columns=["country_iso", "tzid", "sites"]), SUPPORT)


def gaps(found: pd.DataFrame) -> list:
    """The gap of each country as a cohort of its own, as gates read it."""
    flags = found.assign(is_c_multi=True, is_c_large=False)
    return [cohort_metrics(flags.iloc[[row]])[GAP.name] for row in range(len(flags))]


def test_every_exact_gap_of_085_up_to_2000_sites_holds_and_one_site_more_does_not():
    rows = pairs(17, 20, 2000)
    assert len(rows) == 7_550  # 20 k sites: floor(3 k / 2) second zones, k to 100
    found = table(rows)
    assert (found["top1_sites"] - found["top2_sites"]).mul(20).eq(found["site_count"] * 17).all()
    naive = found["top1_sites"] / found["site_count"] - found["top2_sites"] / found["site_count"]
    assert (naive > 0.85).sum() > 1_000  # what two divisions and a difference would have misjudged
    sample = found.iloc[np.linspace(0, len(found) - 1, 400).astype(int)]
    for value in gaps(sample):
        assert value.number == Fraction(17, 20) and GAP.holds(value.number, "b")
    one_more = sample.assign(top1_sites=sample["top1_sites"] + 1)
    assert not any(GAP.holds(value.number, "b") for value in gaps(one_more))


def test_the_case_of_the_audit():
    (value,) = gaps(table([(500, 460, 35)]))
    assert 460 / 500 - 35 / 500 > 0.85  # the difference of two floats
    assert GAP.holds(value.number, "b") and value.exact == "17/20" and value.value == 0.85
    (above,) = gaps(table([(500, 461, 35)]))
    assert not GAP.holds(above.number, "b")


def test_a_median_of_even_size_is_a_quotient():
    flags = table([(100, 90, 10), (1000, 940, 60)]).assign(is_c_multi=True, is_c_large=False)
    found = cohort_metrics(flags)["c_multi_median_top1_share"]
    assert found.number == Fraction(92, 100) and LIMITS.gates["c_multi_median_top1_share"].holds(found.number, "b")


@pytest.mark.parametrize(("top", "counts"), [(949, True), (950, False), (951, False)])
def test_single_zone_in_effect_is_strict(top, counts):
    flags = table([(1000, top, 1000 - top)]).assign(is_c_multi=False, is_c_large=True)
    assert cohort_metrics(flags)["c_large_share_top1_lt_095"].number == counts


@pytest.mark.parametrize(("rows", "holds"), [(1, True), (2, False)])
def test_a_rate_at_its_cap_holds(rows, holds):
    block = {"fallback_by_country": {"RS": {"sites_total": 2000, "fallback_total": rows}}}
    found = policy_rows(block, 2000)
    assert LIMITS.gates["fallback_rate"].holds(found.fallback_rate, "b") is holds
    country = policy_rows({"fallback_by_country": {"RS": {"sites_total": 2000 * rows, "fallback_total": 2 * rows}}}, 1)
    assert country.violations(LIMITS.fallback_country, "b") == []  # 2 of 2000 is 0.10 % exactly
    assert country.violations(LIMITS.fallback_country, "bplus") == ["RS"]


def test_floats_stand_for_the_decimal_that_they_are_written_as():
    assert exact(0.85) == Fraction(17, 20) and exact(Fraction(1, 3)) == Fraction(1, 3)
    assert root(Fraction(9, 100)) == 0.3 and root(Fraction(2)) == 2**0.5
