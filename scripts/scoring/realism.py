"""Realism of one seed: the cohort metrics, and how far they are to be believed (certification.md §4)."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from scripts.scoring.cohort_metrics import NAMES, cohort_metrics
from scripts.scoring.gates import Limits
from scripts.scoring.metric_value import WITHHELD, MetricValue
from scripts.scoring.seed_metrics import Caveat, Reading
from scripts.scoring.variants import (
    Counted,
    c_large_readings,
    reachable,
    variant_caveats,
    variant_metrics,
    variant_tables,
)


@dataclass(frozen=True)
class Realism:
    """The cohort metrics, their variants, the readings of C_large, and what 2A policy could still reach."""

    metrics: dict[str, MetricValue]
    variants: dict[str, dict[str, MetricValue]]
    c_large_readings: dict[str, Reading]
    reach_2a: dict[str, MetricValue]


def realism(counted: Counted, fallback: Mapping[str, int]) -> Realism:
    """Everything that is counted in the country table, or why there is nothing; `fallback` are rows by country."""
    if counted.table.empty:
        nothing = dict.fromkeys(NAMES, WITHHELD)
        return Realism(nothing, {}, {}, nothing)
    reach = counted.recounted(reachable(counted.counts, counted.support))
    return Realism(
        metrics=cohort_metrics(counted.table),
        variants=variant_metrics(variant_tables(counted, fallback)),
        c_large_readings=c_large_readings(counted),
        reach_2a=cohort_metrics(reach),
    )


def realism_caveats(found: Realism, table: pd.DataFrame, limits: Limits) -> list[Caveat]:
    """What the metrics rest on, and countries with H / ln K above 1.

    Only leakage can do the latter: they are flagged, not clipped (certification.md A4).
    """
    caveats = variant_caveats(found.variants, limits)
    odd = table[table["is_c_multi"] & (table["entropy_norm"] > 1)]["country_iso"].tolist()
    if odd:
        gate = "c_multi_median_entropy_norm"
        caveats.append({"caveat": "entropy_above_one", "gate": gate, "grade": "B", "countries": odd})
    return caveats
