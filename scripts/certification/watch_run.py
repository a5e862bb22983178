"""Watchlist of a run: failure mechanism per country, ranked, and the correction budget per mechanism."""

import pandas as pd

from scripts.certification.watchlist import budgets, watch_rows
from scripts.lib.contracts import load_yaml
from scripts.lib.files import read_json, write_json
from scripts.lib.text_tables import read_csv, write_csv

COLUMNS = ["rank", "country_iso", "mechanism", "blocking", "worst", "sites", "seeds"]


def main(
    *,
    seed_metrics: list[str],
    country_diagnostics: list[str],
    gates: str,
    watchlist: str,
    correction_budget: str,
) -> None:
    limits = load_yaml(gates)
    seeds = {entry["seed"]: entry for entry in map(read_json, seed_metrics)}
    tables = dict(zip(seeds, map(read_csv, country_diagnostics), strict=True))
    rows = watch_rows(seeds, tables, limits)
    write_csv(watchlist, pd.DataFrame(rows, columns=COLUMNS))
    write_json(correction_budget, budgets(seeds, limits))


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main, snakemake)
