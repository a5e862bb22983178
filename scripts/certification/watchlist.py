"""Countries that hold a run back, by failure mechanism, and what may still be corrected (certification.md P3)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

import pandas as pd

from scripts.certification.purchase import Prices
from scripts.certification.verdict import Seeds
from scripts.scoring.cohorts import SINGLE_ZONE_SHARE
from scripts.scoring.gates import GRADES, Limits
from scripts.scoring.governance_metrics import PolicyRows, rows_of
from scripts.scoring.metric_value import exact
from scripts.scoring.seed_metrics import SeedMetrics
from scripts.states.governance import emitted

Mechanism = Literal["fallback", "override", "leakage", "concentration"]
MECHANISMS: tuple[Mechanism, ...] = get_args(Mechanism)


class Held(NamedTuple):
    """One country of one seed: how bad it is, how many sites it has, and whether it alone fails a cap."""

    country: str
    mechanism: Mechanism
    value: float
    sites: int
    blocking: bool


@dataclass(frozen=True)
class Watched:
    """A row of the watchlist: worst value, most sites and all seeds of one country and mechanism."""

    rank: int
    country_iso: str
    mechanism: Mechanism
    blocking: bool
    worst: float
    sites: int
    seeds: str


def watch_rows(seeds: Seeds, tables: Mapping[int, pd.DataFrame], limits: Limits) -> list[Watched]:
    """One row per country and mechanism: governance blockers first, then by mechanism and sites.

    `tables` are the seeds' country tables (empty where withheld; S1's counts stand).
    """
    found: dict[tuple[str, Mechanism], dict[int, Held]] = {}
    for seed in sorted(seeds):
        for held in held_back(seeds[seed], tables[seed], limits):
            found.setdefault((held.country, held.mechanism), {})[seed] = held
    rows = [
        Watched(
            rank=0,
            country_iso=country,
            mechanism=mechanism,
            blocking=any(held.blocking for held in by_seed.values()),
            worst=max(held.value for held in by_seed.values()),
            sites=max(held.sites for held in by_seed.values()),
            seeds=";".join(map(str, by_seed)),
        )
        for (country, mechanism), by_seed in found.items()
    ]
    rows.sort(key=lambda row: (not row.blocking, MECHANISMS.index(row.mechanism), -row.sites, row.country_iso))
    return [Watched(**vars(row) | {"rank": rank}) for rank, row in enumerate(rows, 1)]


def held_back(metrics: SeedMetrics, table: pd.DataFrame, limits: Limits) -> Iterator[Held]:
    """What holds one seed back; rates of countries as reports show them."""
    rows = metrics.policy_rows or PolicyRows(0, {}, {}, {})
    above_cap = rows.violations(limits.fallback_country, "b")
    for country, part in rows.fallback.items():
        yield Held(country, "fallback", emitted(*part), part.sites, country in above_cap)
    # The cap on overrides is one for all countries: where it is exceeded, each of them holds the seed back.
    over_budget = not metrics.gate(limits.gates["override_rate"]).holds(rows.override_rate, "b")
    for country, part in rows.overridden.items():
        yield Held(country, "override", emitted(*part), part.sites, over_budget)
    dominance = limits.gates["c_multi_median_top1_share"]
    for row in table.to_dict("records"):
        country, top, sites = row["country_iso"], row["top1_share"], row["site_count"]
        if row["out_of_support_share"] > 0:
            yield Held(country, "leakage", row["out_of_support_share"], sites, False)
        if (row["is_c_multi"] and not dominance.holds(top, "b")) or (
            row["is_c_large"] and exact(top) >= SINGLE_ZONE_SHARE
        ):
            yield Held(country, "concentration", top, sites, False)


def budgets(seeds: Seeds, limits: Limits, bought: Mapping[int, Prices]) -> dict[str, Any]:
    """Rows that each mechanism may use per seed, and how many it used.

    The budget is the cap's: it is never raised. Concentration has none, as redistribution is prohibited; `bought` says
    by seed how many rows would buy each gate.
    """
    return {str(seed): budget(metrics, limits, bought.get(seed, {})) for seed, metrics in sorted(seeds.items())}


def budget(metrics: SeedMetrics, limits: Limits, bought: Prices) -> dict[str, Any]:
    """The budget of one seed."""
    rows = metrics.policy_rows
    if rows is None:
        return {"status": "not_computable", "reason": "S1 reported no governance"}
    found: dict[str, Any] = {
        "sites_total": rows.sites_total,
        "fallback_rate": emitted(rows_of(rows.fallback), rows.sites_total),
        "concentration": {
            "rows_allowed": 0,
            "why": "sites are not redistributed (certification.md §1)",
            "rows_to_buy": bought,
        },
    }
    for name, used in (("fallback", rows_of(rows.fallback)), ("override", rows_of(rows.overridden))):
        gate = limits.gates[f"{name}_rate"]
        allowed = {grade: int((gate.threshold(grade) or 0) * rows.sites_total) for grade in GRADES}
        grades = {grade: {"rows_allowed": most, "rows_left": most - used} for grade, most in allowed.items()}
        found[name] = grades | {"rows_used": used}
    return found
