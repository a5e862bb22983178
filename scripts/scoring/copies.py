"""Seeds that are one drawing under several names: the same rows, or nearly the same counts (certification.md §6)."""

from collections.abc import Mapping
from fractions import Fraction
from itertools import combinations

import pandas as pd

from scripts.scoring.caveat import Caveat
from scripts.scoring.country_table import summed
from scripts.scoring.exact import exact, quotient
from scripts.scoring.seed_metrics import SeedMetrics


def same_rows(seeds: Mapping[int, SeedMetrics]) -> list[tuple[int, int]]:
    """Pairs of seeds with the same site keys and coordinates, under whatever bytes; a withheld seed shows no rows."""
    known = {seed: metrics.site_rows for seed, metrics in seeds.items() if metrics.site_rows}
    return [(one, other) for one, other in combinations(known, 2) if known[one].sha256 == known[other].sha256]


def near_copies(seeds: Mapping[int, SeedMetrics], counts: Mapping[int, pd.DataFrame], share: float) -> list[Caveat]:
    """Pairs of seeds whose counts by country and zone differ for at most `share` of their sites.

    `counts` has country_iso, tzid, sites by seed, and no rows for a withheld seed.
    """
    by_zone = {seed: _by_zone(counts[seed]) for seed in seeds if len(counts[seed])}
    found = []
    for one, other in combinations(by_zone, 2):
        moved = differing(by_zone[one], by_zone[other])
        rows = (seeds[one].site_rows, seeds[other].site_rows)
        if moved > exact(share) or (rows[0] and rows[0] == rows[1]):  # the same rows are a check of their own
            continue
        merchants = bool(rows[0] and rows[1] and rows[0].merchants_sha256 == rows[1].merchants_sha256)
        whose = "the same merchants and " if merchants else ""
        says = f"seeds {one} and {other} have {whose}counts by country and zone that differ in {float(moved):.3%}"
        numbers = {"seeds": [one, other], "share": float(moved), "same_merchants": merchants}
        found.append(Caveat("near_copy", "B", says, numbers=numbers))
    return found


def differing(one: pd.Series, other: pd.Series) -> Fraction:
    """Share of the sites of both that would have to change country or zone for the counts to be the same."""
    left, right = one.align(other, fill_value=0)
    return quotient(int((left - right).abs().sum()), int(left.sum() + right.sum()))


def _by_zone(counts: pd.DataFrame) -> pd.Series:
    return summed(counts, ["country_iso", "tzid"]).set_index(["country_iso", "tzid"])["sites"]
