"""Realism of one seed: the cohort metrics, and how far they are to be believed (certification.md §4)."""

from dataclasses import dataclass

import pandas as pd

from scripts.scoring.caveat import Caveat
from scripts.scoring.cohort_metrics import NAMES, cohort_metrics
from scripts.scoring.gates import Limits
from scripts.scoring.metric_value import WITHHELD, MetricValue
from scripts.scoring.seed_metrics import PolygonSupport, Reading
from scripts.scoring.variants import (
    Counted,
    GuessedRows,
    c_large_caveats,
    c_large_readings,
    polygon_support,
    reachable,
    variant_caveats,
    variant_metrics,
    variant_tables,
)


@dataclass(frozen=True)
class Realism:
    """The cohort metrics, their variants, other readings of them, and what 2A policy could still reach."""

    metrics: dict[str, MetricValue]
    variants: dict[str, dict[str, MetricValue]]
    c_large_readings: dict[str, Reading]
    polygon_support: PolygonSupport | None
    reach_2a: dict[str, MetricValue]


def realism(counted: Counted, guessed: GuessedRows, polygons: pd.DataFrame) -> Realism:
    """Everything that is counted in the country table, or why there is nothing.

    `polygons` are the zones of each country as the polygons have them: country_iso, tzid.
    """
    if counted.table.empty:
        nothing = dict.fromkeys(NAMES, WITHHELD)
        return Realism(nothing, {}, {}, None, nothing)
    reach = counted.recounted(reachable(counted.counts, counted.support))
    return Realism(
        metrics=cohort_metrics(counted.table),
        variants=variant_metrics(variant_tables(counted, guessed)),
        c_large_readings=c_large_readings(counted),
        polygon_support=polygon_support(counted, polygons),
        reach_2a=cohort_metrics(reach),
    )


def realism_caveats(found: Realism, table: pd.DataFrame, limits: Limits) -> list[Caveat]:
    """What the metrics rest on, other readings that would not pass, and countries with H / ln K above 1.

    Only leakage can do the latter: they are flagged, not clipped (certification.md A4).
    """
    caveats = variant_caveats(found.variants, limits)
    caveats += c_large_caveats(found.c_large_readings, limits.gates["c_large_share_top1_lt_095"])
    odd = table[table["is_c_multi"] & (table["entropy_norm"] > 1 + 1e-12)]["country_iso"].tolist()
    if odd:
        gate, says = "c_multi_median_entropy_norm", f"entropy above 1 in {', '.join(odd)}: sites in more zones than K"
        caveats.append(Caveat("entropy_above_one", "B", says, gate=gate, numbers={"countries": odd}))
    return caveats
