"""Which sites gates speak for: of gated cohorts, of other countries, of none that is known (certification.md §16)."""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from scripts.scoring.cohorts import Cohorts
from scripts.scoring.exact import exact, quotient
from scripts.scoring.gates import Limits


@dataclass(frozen=True)
class Coverage:
    """Sites of gated cohorts, of known countries outside them, and of country codes that no list knows, by code."""

    gated: int
    other: int
    unknown: dict[str, int]

    @property
    def total(self) -> int:
        return self.gated + self.other + sum(self.unknown.values())


def coverage(table: pd.DataFrame, known: Iterable[str]) -> Coverage:
    """From a country table with cohort flags; `known` are the country codes of zone.tab and of the populated places."""
    is_known, gated = table["country_iso"].isin(set(known)), table["is_c_multi"] | table["is_c_large"]
    unknown = table[~is_known]
    return Coverage(
        gated=int(table.loc[is_known & gated, "site_count"].sum()),
        other=int(table.loc[is_known & ~gated, "site_count"].sum()),
        unknown={str(row.country_iso): int(row.site_count) for row in unknown.itertuples()},  # type: ignore[arg-type]
    )


def coverage_checks(found: Coverage, table: pd.DataFrame, cohorts: Cohorts, limits: Limits) -> dict[str, bool]:
    """Whether cohorts have enough countries, and gates speak for enough sites; all false for a seed without rows."""
    unknown = quotient(sum(found.unknown.values()), found.total)
    return {
        "c_multi_enough_countries": int(table["is_c_multi"].sum()) >= cohorts.c_multi.min_countries.value,
        "c_large_enough_countries": int(table["is_c_large"].sum()) >= cohorts.c_large.min_countries.value,
        "gated_share_enough": quotient(found.gated, found.total) >= exact(limits.gated_share.value),
        "unknown_countries_bounded": found.total > 0 and unknown <= exact(limits.unknown_country_share.value),
    }
