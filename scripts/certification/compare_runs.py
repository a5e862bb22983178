"""A run against its P0 baseline and its parent: tests, movement per axis, vetoes (certification.md §7, P3)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from scripts.certification.comparison import Against, Comparison, Movement, Scored, SeedComparison, structure_lost
from scripts.certification.shift_tests import seed_tests
from scripts.lib.files import write_json, write_text
from scripts.lib.records import plain
from scripts.lib.text_tables import markdown, number
from scripts.scoring.gates import Gate, Limits, read_limits
from scripts.scoring.seed_metrics import SeedMetrics
from scripts.scoring.variants import ROWS_OF

RATES = ("fallback_rate", "override_rate")


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
    own = Scored.by_run([run] * len(seed_metrics), seed_metrics, country_diagnostics)
    after = own.get(run, Scored({}, {}, {}))  # none of its seeds may be there
    baselines = Scored.by_run(baseline_names, baseline_metrics, baseline_diagnostics)
    against = {
        name: compare(before, after, limits, same_upstream=authorities[run] == authorities[name])
        for name, before in baselines.items()
    }
    found = Comparison(run, next(iter(against), None), against)
    write_json(comparison, plain(found))
    write_text(comparison_report, report(found))


def compare(before: Scored, after: Scored, limits: Limits, *, same_upstream: bool) -> Against:
    """One run against another on all seeds that both have; the tables are those of countries."""
    both = [seed for seed in after.seeds if seed in before.seeds]
    tests = {seed: seed_tests(before.tables[seed], after.tables[seed], limits) for seed in both}
    seeds = {
        seed: compare_seed(before.seeds[seed], after.seeds[seed], limits, tests[seed], same_upstream=same_upstream)
        for seed in both
    }
    dropped = [seed for seed, metrics in before.seeds.items() if metrics.sites_total and seed not in after.seeds]
    return Against(same_upstream, dropped, seeds, before.sha256)


def compare_seed(
    before: SeedMetrics, after: SeedMetrics, limits: Limits, tests: dict[str, Any], *, same_upstream: bool
) -> SeedComparison:
    """Movement of every realism gate, governance and vetoes of one seed."""
    share = limits.improvement_min_gap_share.value
    moves = {name: movement(gate, before, after, share) for name, gate in limits.realism.items()}
    return SeedComparison(
        movement=moves,
        governance=governance(before, after),
        rescued=not before.sites_total and bool(after.sites_total),
        structure_lost=structure_lost(before, after, limits),
        veto=[*bought(moves, after, limits), *lost(before, after, same_upstream)],
        tests=tests,
    )


def movement(gate: Gate, before: SeedMetrics, after: SeedMetrics, min_gap_share: float) -> Movement:
    """Movement of one realism gate on one seed.

    It counts as an improvement when the gate failed and at least `min_gap_share` of the gap to B is closed, also
    without leaked, hand-set and guessed rows.
    """
    old, new = before.metrics[gate.name], after.metrics[gate.name]
    if old.value is None:
        return Movement(reason=f"baseline: {old.reason}")
    if new.value is None:
        return Movement(reason=f"candidate: {new.reason}")
    gap, gain = gate.gap(old.value, "b") or 0.0, gate.gain(old.value, new.value)
    improved = not gate.holds(old.value, "b") and gain > 0 and gain >= min_gap_share * gap
    causes = [
        cause
        for variant, cause in ROWS_OF.items()
        if improved and _variant_gain(gate, before, after, variant) < min_gap_share * gap
    ]
    return Movement(old.value, new.value, gain, gap, improved, causes)


def _variant_gain(gate: Gate, before: SeedMetrics, after: SeedMetrics, variant: str) -> float:
    old, new = (seed.variants[gate.name][variant].value for seed in (before, after))
    return 0.0 if old is None or new is None else gate.gain(old, new)


def governance(before: SeedMetrics, after: SeedMetrics) -> dict[str, Any]:
    """S1's rates, None where it reported none, and all states' codes on both sides; also where the seed failed."""
    found: dict[str, Any] = {"error_codes": {"baseline": before.codes, "candidate": after.codes}}
    for name in RATES:
        old, new = ((seed.s1_governance or {"rates": {}})["rates"].get(name) for seed in (before, after))
        rise = None if old is None or new is None else new - old
        found[name] = {"baseline": old, "candidate": new, "rise": rise}
    return found


def bought(moves: Mapping[str, Movement], after: SeedMetrics, limits: Limits) -> list[str]:
    """What a seed's movement was paid with: a cap exceeded or relaxed, the rows that it vanishes without (P3.2)."""
    found = []
    for name, gate in limits.governance.items():  # a rate that rises below its cap is no breach
        value, held = after.metrics[name].value, after.gate(gate)
        if value is not None and not held.holds(value, "b"):
            found.append(f"{name} {value:.6g} is above its cap {held.b:g}")
    for name, move in sorted(moves.items()):
        if move.bought_with:
            found.append(f"{name} improves only through {' and '.join(move.bought_with)}")
    relaxed = [entry.gate for entry in after.caveats if entry.caveat == "cap_relaxed"]
    return found + [f"{cap} is looser than the contract" for cap in relaxed]


def lost(before: SeedMetrics, after: SeedMetrics, same_upstream: bool) -> list[str]:
    """What the baseline had on a seed and the candidate has no more."""
    if not before.sites_total:
        return []
    if not after.sites_total:
        codes = ", ".join(after.codes) or "no reason code"
        return [f"the baseline had metrics here and the candidate has none ({codes})"]
    found = []
    for cohort in ("C_multi", "C_large"):
        gone = sorted(set(before.cohort_members[cohort]) - set(after.cohort_members[cohort]))
        found += [f"{cohort} lost {', '.join(gone)}"] if gone else []
    if same_upstream and before.site_locations_sha256 != after.site_locations_sha256:
        found.append("site_locations differs although the authority is the same")
    return found


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
        {"gate": gate, "seed": str(seed), **_cells(move)}
        for seed, entry in against.seeds.items()
        for gate, move in entry.movement.items()
    ]
    rates = [
        {"rate": name, "seed": seed}
        | {side: number(entry.governance[name][side]) for side in ("baseline", "candidate")}
        for seed, entry in against.seeds.items()
        for name in RATES
    ]
    return [markdown(pd.DataFrame(moves).sort_values(["gate", "seed"])), "", markdown(pd.DataFrame(rates)), ""]


def _cells(move: Movement) -> Mapping[str, str]:
    if move.reason is not None:
        return {"baseline": "", "candidate": "", "gain": "", "counts": f"no: {move.reason}"}
    bought = f", rests on {' and '.join(move.bought_with)}" if move.bought_with else ""
    numbers = {"baseline": number(move.baseline), "candidate": number(move.candidate), "gain": number(move.gain)}
    return numbers | {"counts": ("yes" if move.counts else "no") + bought}


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
