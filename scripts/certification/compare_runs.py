"""A run against its P0 baseline and its parent: tests, movement per axis, veto (certification.md §7, P3)."""

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from scripts.certification.comparison import Against, Comparison, Movement
from scripts.certification.movement import compare
from scripts.certification.shift_tests import seed_tests
from scripts.lib.files import sha256_file, write_json, write_text
from scripts.lib.records import plain
from scripts.lib.text_tables import markdown, number, read_csv
from scripts.scoring.gates import Limits, read_limits
from scripts.scoring.seed_metrics import SeedMetrics, read_seeds


class Scored(NamedTuple):
    """What scoring found of one run: metrics and country table by seed."""

    seeds: dict[int, SeedMetrics]
    countries: dict[int, pd.DataFrame]
    sha256: dict[int, str]  # of the metrics


def main(
    *,
    seed_metrics: list[str],
    country_diagnostics: list[str],
    gates: str,
    comparison: str,
    comparison_report: str,
    run: str,
    authorities: dict[str, str],
    baseline_metrics: list[str],
    baseline_diagnostics: list[str],
    baseline_names: list[str],
) -> None:
    limits = read_limits(gates)
    after = scored(seed_metrics, country_diagnostics)
    against = {}
    for name in dict.fromkeys(baseline_names):
        own = [place for place, other in enumerate(baseline_names) if other == name]
        before = scored([baseline_metrics[at] for at in own], [baseline_diagnostics[at] for at in own])
        against[name] = compared(before, after, limits, authorities[run] == authorities[name])
    found = Comparison(run, next(iter(against), None), against)
    write_json(comparison, plain(found))
    write_text(comparison_report, report(found))


def scored(metrics: list[str], tables: list[str]) -> Scored:
    """From parallel lists of files, one a seed."""
    seeds = read_seeds(metrics)
    countries = dict(zip(seeds, map(read_csv, tables), strict=True))
    return Scored(seeds, countries, dict(zip(seeds, map(sha256_file, metrics), strict=True)))


def compared(before: Scored, after: Scored, limits: Limits, same_upstream: bool) -> Against:
    """One run against another, with the tests of their country tables."""
    both = [seed for seed in after.seeds if seed in before.seeds]
    tests = {seed: seed_tests(before.countries[seed], after.countries[seed], limits) for seed in both}
    return compare(
        before.seeds, after.seeds, limits, same_upstream=same_upstream, tests=tests, baseline_sha256=before.sha256
    )


def report(found: Comparison) -> str:
    """The comparison as Markdown: one table a baseline, then vetoes in words."""
    lines = [f"# {found.run} against its baselines", ""]
    if not found.against:
        lines += ["A baseline: nothing to compare with.", ""]
    for name, against in found.against.items():
        lines += [f"## Against {name}", "", against.outcome, "", *_tables(against)]
        lines += [f"* seed {seed}: vetoed, {reason}" for seed, reason in against.vetoes]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _tables(against: Against) -> list[str]:
    if not against.seeds:
        return ["The runs have no seed in common.", ""]
    moves = [
        {"gate": gate, "seed": str(seed), **cells(move)}
        for seed, entry in against.seeds.items()
        for gate, move in entry.movement.items()
    ]
    rates = [
        {"rate": name, "seed": seed, "baseline": number(rate.baseline), "candidate": number(rate.candidate)}
        for seed, entry in against.seeds.items()
        for name, rate in entry.governance.rates.items()
    ]
    return [markdown(pd.DataFrame(moves).sort_values(["gate", "seed"])), "", markdown(pd.DataFrame(rates)), ""]


def cells(move: Movement) -> Mapping[str, str]:
    """The cells of one movement."""
    if move.reason is not None:
        return {"baseline": "", "candidate": "", "gain": "", "counts": f"no: {move.reason}"}
    bought = f", rests on {' and '.join(move.bought_with)}" if move.bought_with else ""
    numbers = {"baseline": number(move.baseline), "candidate": number(move.candidate), "gain": number(move.gain)}
    return numbers | {"counts": ("yes" if move.counts else "no") + bought}


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
