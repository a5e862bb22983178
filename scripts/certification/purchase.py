"""How few sites, moved to another zone of their country, would buy each realism gate if the law allowed it.

S1 lets policy decide only where geometry is ambiguous (states.md §3: never override what geometry decides), so none may
be moved. The number says what binds: that law, and no budget.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

import numpy as np
import pandas as pd

from scripts.scoring.cohorts import SINGLE_ZONE_SHARE
from scripts.scoring.gates import Gate
from scripts.scoring.metric_value import exact

Sites = Sequence[int]  # of one country by zone, two or more, the fullest first; its own without sites count 0
Prices = dict[str, int | None]  # rows by gate
Price = Callable[[Sites, Gate], int | None]


def prices(gates: Mapping[str, Gate], countries: pd.DataFrame, counts: pd.DataFrame) -> Prices:
    """Rows at most that bring each gate of one seed to B; None where no number of rows is enough.

    `countries` has the columns of the country diagnostics, `counts` country_iso, tzid and sites. A median is within its
    band when more than half of its countries are.
    """
    zones = counts.groupby(["country_iso", "tzid"])["sites"].sum()
    found: Prices = {}
    for name, gate in gates.items():
        flag, is_share, price = PRICES[name]
        cohort = countries[countries[flag]]
        paid = []
        for iso, known in zip(cohort["country_iso"], cohort["tz_world_support_count"], strict=True):
            sites = zones[iso].tolist()
            sites = sorted(sites + [0] * (int(known) - len(sites)), reverse=True)
            paid.append(price(sites, gate) if len(sites) > 1 else None)
        enough = math.ceil(exact(gate.b or 0) * len(paid)) if is_share else len(paid) // 2 + 1
        known_prices = sorted(rows for rows in paid if rows is not None)
        found[name] = sum(known_prices[:enough]) if 0 < enough <= len(known_prices) else None
    return found


def _second_zone(sites: Sites, gate: Gate) -> int | None:
    return None if sum(sites) < 2 else int(not sites[1])


def _top1(sites: Sites, gate: Gate) -> int:
    return max(0, math.ceil(sites[0] - exact(gate.b or 0) * sum(sites)))


def _gap(sites: Sites, gate: Gate) -> int:
    over = (sites[0] - sites[1]) - exact(gate.b or 0) * sum(sites)  # a row that changes sides counts twice
    return max(0, math.ceil(over / 2))


def _below_single(sites: Sites, gate: Gate) -> int:
    return max(0, math.floor(sites[0] - Fraction(SINGLE_ZONE_SHARE) * sum(sites)) + 1)


def _entropy(sites: Sites, gate: Gate) -> int | None:
    """By halving, rows of the fullest zone spread evenly over the others: enough, if not always the fewest."""
    low, high = 0, sites[0] - sites[0] // len(sites)
    if not gate.holds(_entropy_after(sites, high), "b"):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if gate.holds(_entropy_after(sites, middle), "b") else (middle + 1, high)
    return low


def _entropy_after(sites: Sites, moved: int) -> float:
    """H / ln K when `moved` rows of the fullest zone are spread over the others."""
    each, rest = divmod(moved, len(sites) - 1)
    after = [sites[0] - moved, *(count + each + (place < rest) for place, count in enumerate(sites[1:]))]
    share = np.array([count for count in after if count]) / sum(sites)
    return float(-(share * np.log(share)).sum() / np.log(len(sites)))


PRICES: dict[str, tuple[str, bool, Price]] = {  # cohort, whether the gate asks for a share of countries, price of one
    "c_multi_share_distinct_ge2": ("is_c_multi", True, _second_zone),
    "c_multi_median_top1_share": ("is_c_multi", False, _top1),
    "c_multi_median_top1_top2_gap": ("is_c_multi", False, _gap),
    "c_multi_median_entropy_norm": ("is_c_multi", False, _entropy),
    "c_large_share_top1_lt_095": ("is_c_large", True, _below_single),
}
