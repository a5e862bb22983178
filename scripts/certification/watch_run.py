"""Watchlist of a run: failure mechanism per country, ranked, and the correction budget per mechanism."""

from dataclasses import fields

import pandas as pd

from scripts.certification.purchase import prices
from scripts.certification.watchlist import Watched, budgets, watch_rows
from scripts.lib.files import write_json
from scripts.lib.text_tables import read_csv, write_csv
from scripts.scoring.gates import read_limits
from scripts.scoring.seed_metrics import read_seeds


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
    rows = watch_rows(seeds, tables, limits)
    write_csv(watchlist, pd.DataFrame(map(vars, rows), columns=[field.name for field in fields(Watched)]))
    counts = dict(zip(seeds, map(read_csv, zone_counts), strict=True))
    bought = {seed: prices(limits.realism, table, counts[seed]) for seed, table in tables.items() if len(table)}
    write_json(correction_budget, budgets(seeds, limits, bought))


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
