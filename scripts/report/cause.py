"""Why a run fails, who owns that, and what would change it: every sentence has its condition here.

A cause is only named where the certificate shows it; what follows from another cause (a value that a withheld seed does
not have, a stability that missing seeds leave open) is not a cause of its own. Nothing is advised without a cause.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from scripts.lib.errors import ReasonCode
from scripts.report.evidence import Run, Seed
from scripts.report.gate_rows import metric_of
from scripts.report.numbers import show_of
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
CHECKS = {  # name of the check -> headline, why, what would change it
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
OTHER_CHECK = (
    "The check {name} fails on {seeds}.",
    "A structural check is a hard condition of every grade.",
    "Look at {segment} {state}: {knob}.",
)
UNTOUCHED = (
    "{gate} holds B on {seeds} only with rows that were touched.",
    "Without rows that leaked, were guessed, preferred or set by hand it misses B: a pass may not rest on them.",
    "Sites that carry the gate by themselves, or less use of policy: what policy adds must not decide.",
)


@dataclass(frozen=True)
class Cause:
    """One reason for the verdict. `owner` acts, `change` says what would change the verdict, `read` where to look."""

    kind: str
    headline: str
    why: str
    owner: str
    change: str
    read: list[tuple[str, str]] = field(default_factory=list)  # (label, link)
    gates: list[str] = field(default_factory=list)


def causes_before_realism(run: Run, codes: dict[str, ReasonCode]) -> Iterator[Cause]:
    """What keeps a run from being measured, or fails whatever the realism gates say: first what hides others."""
    yield from _never_certified(run)
    yield from _missing_seeds(run)
    yield from _stopped(run, codes)
    yield from _same_data(run)
    yield from _checks(run)
    yield from _empty_cohorts(run)
    yield from _governance(run)


def surface_of(run: Run, name: str) -> dict[str, str]:
    """Owning surface of a gate, check or code, as the freeze record or the triage states it."""
    for entry in run.freeze.data["blockers"]:
        if entry["gate"] == name:
            return dict(entry["surface"])
    for entry in run.certificate.data["triage"]:
        if name in entry["symptoms"]:
            return dict(entry["look_at"])
    return {}


def seeds_text(seeds: list[int]) -> str:
    """`seed 42`, or `seeds 42, 7`."""
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"


def _never_certified(run: Run) -> Iterator[Cause]:
    if why := run.certificate.data["not_certifiable"]:
        yield Cause(
            "not_certifiable",
            "This run is kept for comparison and can never be certified.",
            f"{why[0].upper()}{why[1:].rstrip('.')}.",
            "validation",
            "Certify a candidate that may pass; this one stays as it is.",
            [("candidate", run.link(f"config/candidates/{run.certificate.data['run']}.yaml"))],
        )


def _missing_seeds(run: Run) -> Iterator[Cause]:
    if missing := run.certificate.data["missing_seeds"]:
        authority, seeds = run.certificate.data["authority"], seeds_text(missing)
        yield Cause(
            "missing_seeds",
            f"{seeds.capitalize()} {'are' if len(missing) > 1 else 'is'} missing, "
            "and a verdict needs all required seeds.",
            f"The authority {authority} carries no run of {seeds}; "
            f"{len(run.seeds)} of {len(run.required)} required seeds have data.",
            "validation",
            f"Pin an upstream run of {seeds} in the authority and certify again.",
            [(f"authority {authority}", run.link(f"config/authority/{authority}.yaml"))],
        )


def _stopped(run: Run, codes: dict[str, ReasonCode]) -> Iterator[Cause]:
    by_code: dict[str, list[int]] = {}
    for seed in run.required:
        for code in run.certificate.data["seed_error_codes"].get(str(seed), []):
            by_code.setdefault(code, []).append(seed)
    for code, seeds in sorted(by_code.items(), key=lambda found: (-len(found[1]), found[0])):
        entry, verb = codes[code], "were" if len(seeds) > 1 else "was"
        yield Cause(
            "stopped",
            f"{seeds_text(seeds).capitalize()} {verb} stopped by {entry.state}: "
            f"{entry.meaning[0].lower()}{entry.meaning[1:]}",
            f"A breach of {code} withholds the zones of the seed and blocks the states after {entry.state}: "
            "nothing was scored on it.",
            surface_of(run, code).get("owner", "segment-2A"),
            entry.action,
            [(code, run.link(f"docs/reason-codes.md#{code}")), *_audits(run, seeds)],
        )


def _same_data(run: Run) -> Iterator[Cause]:
    if run.certificate.data["checks"].get("required_seed_data_distinct") is False:
        yield Cause(
            "same_data",
            "Two required seeds carry the same upstream data.",
            "Seeds that repeat each other cannot show that a result is stable.",
            "validation",
            "Pin a run of its own for each seed in the authority.",
            [("digests of the seeds", run.link(run.certificate.path))],
        )


def _checks(run: Run) -> Iterator[Cause]:
    """Checks that are no gate, on seeds where no reason code, no failing gate and no empty cohort explains them."""
    failing = _failing(run)
    without = {seed for seed in run.published if _unmeasured(run.seeds[seed])}
    for name, failed in failing.items():
        gate = name.removesuffix(UNTOUCHED_CHECK)
        if name in run.certificate.data["thresholds"]["gates"]:
            continue
        explained = set(failing.get(gate, [])) if gate != name else set()
        explained |= without if gate != name or name in COHORT_CHECKS else set()
        if seeds := [seed for seed in failed if seed not in explained]:
            headline, why, change = CHECKS.get(name, OTHER_CHECK) if gate == name else UNTOUCHED
            words = {"name": name, "gate": gate, "seeds": seeds_text(seeds)} | surface_of(run, name)
            yield Cause(
                "check",
                headline.format_map(words),
                why,
                words["owner"],
                change.format_map(words),
                [(f"metrics of seed {seed}", run.seeds[seed].metrics.link) for seed in seeds],
            )


def _empty_cohorts(run: Run) -> Iterator[Cause]:
    """Gates without a value on a seed that was published: its cohort holds no country."""
    empty = {seed: found for seed, entry in run.published.items() if (found := _unmeasured(entry))}
    if empty:
        first = next(iter(empty))
        told = "; ".join(f"{reason} ({', '.join(names)})" for reason, names in empty[first].items())
        yield Cause(
            "empty_cohort",
            f"Realism cannot be measured on {seeds_text(list(empty))}: a cohort holds too few countries.",
            f"Seed {first}: {told}.",
            "validation",
            "Certify a world whose countries reach the cohort sizes, or have the cohorts changed by approval.",
            [("cohort definitions", run.link("config/certification/cohorts.yaml"))],
        )


def _governance(run: Run) -> Iterator[Cause]:
    failing = _failing(run)
    for gate in run.certificate.data["gates"]:
        if gate["axis"] == "governance" and gate["gate"] in failing and gate["value"] is not None:
            seeds, show = failing[gate["gate"]], show_of(gate["unit"])
            surface = surface_of(run, gate["gate"])
            yield Cause(
                "governance",
                f"{gate['question'].removesuffix('?')}? More than B allows on {seeds_text(seeds)}.",
                f"The worst seed has {show(gate['value'])}; B asks for at most {show(gate['b'])}.",
                surface.get("owner", "segment-2A"),
                f"Look at {surface.get('state', 'S1')}: {surface.get('knob', '')}; change logic or policy, never caps.",
                _audits(run, seeds),
                [gate["gate"]],
            )


def stability(run: Run) -> Iterator[Cause]:
    """Seeds that stand apart, where each has a value; on gates that fail by themselves it only follows."""
    gates = run.certificate.data["gates"]
    holding = {gate["gate"] for gate in gates if gate["holds_b"]}
    missed = [gate for gate in gates if gate["axis"] == "stability" and not gate["holds_b"]]
    apart = [gate for gate in missed if gate["value"] is not None and metric_of(gate) in holding]
    if apart:
        yield Cause(
            "stability",
            "The seeds stand too far apart.",
            f"Standard deviation over mean of {', '.join(map(metric_of, apart))} lies above {apart[0]['b']:g}.",
            "validation",
            "Damp the lever that reacts most between the seeds and make tie-breaks stricter.",
            [("gate table", run.link(run.certificate.path.replace("certification.json", "gate_table.csv")))],
            [gate["gate"] for gate in apart],
        )


def _audits(run: Run, seeds: list[int]) -> list[tuple[str, str]]:
    return [(f"audit of seed {seed}", run.seeds[seed].audit.link) for seed in seeds]


def _unmeasured(seed: Seed) -> dict[str, list[str]]:
    """Metrics without a value by reason."""
    found: dict[str, list[str]] = {}
    for name, metric in seed.metrics.data["metrics"].items():
        if metric["value"] is None:
            found.setdefault(metric.get("reason") or "no reason given", []).append(name)
    return found


def _failing(run: Run) -> dict[str, list[int]]:
    """What fails B by itself, by name: seeds in required order, without those whose reason code explains all."""
    found: dict[str, list[int]] = {}
    for seed in run.required:
        if run.certificate.data["seed_error_codes"].get(str(seed)) == []:
            for name in run.certificate.data["seed_failing_gates"][str(seed)]["B"]:
                found.setdefault(name, []).append(seed)
    return found
