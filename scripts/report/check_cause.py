"""Causes among the checks that are no gate: structure, size of cohorts, sites that gates speak for, untouched rows."""

from collections.abc import Iterator

from scripts.report.cause_noun import Cause, seeds_text, surface_of
from scripts.report.run_evidence import Run, Seed
from scripts.scoring.variants import UNTOUCHED_CHECK

COHORT_CHECKS = {
    *("cohort_metrics_available", "c_multi_nonempty", "c_large_nonempty", "gated_share_enough"),
    *("c_multi_enough_countries", "c_large_enough_countries"),
}
FEW = (
    "Too few countries stand behind a gate on {seeds} ({name}).",
    "A median of so few says little about a world, so it decides nothing.",
    "Certify a world with more countries of the cohort's size, or have the cohort changed by approval.",
)
CHECKS = {
    "c_multi_enough_countries": FEW,
    "c_large_enough_countries": FEW,
    "gated_share_enough": (
        "The gates speak for too few of the sites of {seeds}.",
        "Most sites lie in countries that no cohort takes in.",
        "Certify a world with more sites in countries that cohorts take in, or have the cohorts changed by approval.",
    ),
    "unknown_countries_bounded": (
        "Too many sites of {seeds} carry a country code that no list knows.",
        "A country without known zones can fail no gate, so its sites are bounded.",
        "Correct the country codes upstream, or bring reference data that know them.",
    ),
}
UNTOUCHED = (
    "{gate} holds B on {seeds} only with rows that were touched.",
    "Without rows that leaked, were guessed, preferred or set by hand it misses B: a pass may not rest on them.",
    "Sites that carry the gate by themselves, or less use of policy: what policy adds must not decide.",
)


def check_causes(run: Run) -> Iterator[Cause]:
    """Checks of seeds that no reason code, no failing gate and no empty cohort explains."""
    failing = failing_checks(run)
    without = {seed for seed in run.published if unmeasured(run.seeds[seed])}
    for name, seeds in failing.items():
        gate = name.removesuffix(UNTOUCHED_CHECK)
        if name in run.certificate.data["thresholds"]["gates"]:
            continue
        explained = set(failing.get(gate, [])) if gate != name else set()
        explained |= without if gate != name or name in COHORT_CHECKS else set()
        if left := [seed for seed in seeds if seed not in explained]:
            yield _check(run, name, left)


def _check(run: Run, name: str, seeds: list[int]) -> Cause:
    surface, gate = surface_of(run, name), name.removesuffix(UNTOUCHED_CHECK)
    headline, why, change = CHECKS.get(
        name,
        (
            "The check {name} fails on {seeds}.",
            "A structural check is a hard condition of every grade.",
            "Look at {segment} {state}: {knob}.",
        ),
    )
    if gate != name:
        headline, why, change = UNTOUCHED
    words = {"name": name, "gate": gate, "seeds": seeds_text(seeds)} | surface
    return Cause(
        "check",
        headline.format_map(words),
        why.format_map(words),
        surface["owner"],
        change.format_map(words),
        [(f"metrics of seed {seed}", run.seeds[seed].metrics.link) for seed in seeds],
    )


def unmeasured(seed: Seed) -> dict[str, list[str]]:
    """Metrics without a value by reason."""
    found: dict[str, list[str]] = {}
    for name, metric in seed.metrics.data["metrics"].items():
        if metric["value"] is None:
            found.setdefault(metric.get("reason") or "no reason given", []).append(name)
    return found


def failing_checks(run: Run) -> dict[str, list[int]]:
    """What fails B by itself, by name: seeds in required order, without those whose reason code explains all."""
    found: dict[str, list[int]] = {}
    for seed in run.required:
        if run.certificate.data["seed_error_codes"].get(str(seed)) == []:
            for name in run.certificate.data["seed_failing_gates"][str(seed)]["B"]:
                found.setdefault(name, []).append(seed)
    return found
