"""Countries that hold a run back, by failure mechanism, and what may still be corrected (certification.md P3)."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from scripts.certification.purchase import Prices, prices
from scripts.certification.verdict import Seeds
from scripts.lib.files import write_json
from scripts.lib.text_tables import read_csv, write_csv
from scripts.scoring.cohorts import SINGLE_ZONE_SHARE
from scripts.scoring.gates import GRADES, Limits, read_limits
from scripts.scoring.governance_metrics import PolicyRows, rows_of
from scripts.scoring.metric_value import exact
from scripts.scoring.seed_metrics import SeedMetrics, read_seeds
from scripts.states.governance import emitted

MECHANISMS = ["fallback", "override", "leakage", "concentration"]
HELD = ["country_iso", "mechanism", "worst", "sites", "blocking"]
Held = tuple[str, str, float, int, bool]  # one country of one seed, by the columns `HELD`


def main(
    *,
    seed_metrics: list[str],
    country_diagnostics: list[str],
    zone_counts: list[str],
    gates: str,
    watchlist: str,
    correction_budget: str,
) -> None:
    limits, seeds = read_limits(gates), read_seeds(seed_metrics)
    tables = dict(zip(seeds, map(read_csv, country_diagnostics), strict=True))
    write_csv(watchlist, watch_rows(seeds, tables, limits))
    counts = dict(zip(seeds, map(read_csv, zone_counts), strict=True))
    bought = {seed: prices(limits.realism, table, counts[seed]) for seed, table in tables.items() if len(table)}
    budgets = {str(seed): budget(metrics, limits, bought.get(seed, {})) for seed, metrics in seeds.items()}
    write_json(correction_budget, budgets)


def watch_rows(seeds: Seeds, tables: Mapping[int, pd.DataFrame], limits: Limits) -> pd.DataFrame:
    """One row per country and mechanism: governance blockers first, then by mechanism and sites.

    `tables` are the seeds' country tables (empty where withheld; S1's counts stand). Columns are rank, country_iso,
    mechanism, blocking (whether it alone fails a cap), worst value and most sites of all seeds, and these seeds.
    """
    held = [(seed, *row) for seed in sorted(seeds) for row in held_back(seeds[seed], tables[seed], limits)]
    by_seed = pd.DataFrame(held, columns=["seed", *HELD]).astype({"blocking": bool})
    found = by_seed.groupby(["country_iso", "mechanism"], as_index=False).agg(
        blocking=("blocking", "any"),
        worst=("worst", "max"),
        sites=("sites", "max"),
        seeds=("seed", lambda own: ";".join(map(str, own))),
    )
    found["order"] = found["mechanism"].map(MECHANISMS.index)
    by = {"blocking": False, "order": True, "sites": False, "country_iso": True}  # column -> ascending
    found = found.sort_values([*by], ascending=[*by.values()], ignore_index=True).drop(columns="order")
    found.insert(0, "rank", found.index + 1)
    return found


def held_back(metrics: SeedMetrics, table: pd.DataFrame, limits: Limits) -> Iterator[Held]:
    """What holds one seed back; rates of countries as reports show them."""
    rows = metrics.policy_rows or PolicyRows(0, {}, {}, {})
    above_cap = rows.violations(limits.fallback_country, "b")
    for country, part in rows.fallback.items():
        yield country, "fallback", emitted(*part), part.sites, country in above_cap
    # The cap on overrides is one for all countries: where it is exceeded, each of them holds the seed back.
    over_budget = not metrics.gate(limits.gates["override_rate"]).holds(rows.override_rate, "b")
    for country, part in rows.overridden.items():
        yield country, "override", emitted(*part), part.sites, over_budget
    dominance = limits.gates["c_multi_median_top1_share"]
    for row in table.to_dict("records"):
        country, top, sites = row["country_iso"], row["top1_share"], row["site_count"]
        if row["out_of_support_share"] > 0:
            yield country, "leakage", row["out_of_support_share"], sites, False
        if (row["is_c_multi"] and not dominance.holds(top, "b")) or (
            row["is_c_large"] and exact(top) >= SINGLE_ZONE_SHARE
        ):
            yield country, "concentration", top, sites, False


def budget(metrics: SeedMetrics, limits: Limits, bought: Prices) -> dict[str, Any]:
    """Rows that each mechanism may use on one seed, and how many it used.

    The budget is the cap's: it is never raised. Concentration has none, as redistribution is prohibited; `bought` says
    how many rows would buy each gate.
    """
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


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
