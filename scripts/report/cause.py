"""Why the verdict is what it is, who owns that, and what would change it: every sentence has its condition here.

A cause is only named where the certificate shows it; what follows from another cause (a value that a withheld seed does
not have, a stability that missing seeds leave open) is not a cause of its own. Nothing is advised without a cause.
"""

from collections.abc import Iterator

from scripts.lib.errors import ReasonCode
from scripts.report.cause_noun import Cause, seeds_text, surface_of
from scripts.report.check_cause import check_causes, failing_checks, unmeasured
from scripts.report.numbers import show_of
from scripts.report.realism_cause import realism_causes
from scripts.report.run_evidence import Run


def causes(run: Run, codes: dict[str, ReasonCode]) -> list[Cause]:
    """All causes of a failing verdict, those first that hide others; empty for a pass."""
    if run.certificate.data["status"] != "FAIL_REALISM":
        return []
    return [
        *_never_certified(run),
        *_missing_seeds(run),
        *_stopped(run, codes),
        *_same_data(run),
        *check_causes(run),
        *_empty_cohorts(run),
        *_governance(run),
        *realism_causes(run),
        *_stability(run),
    ]


def _never_certified(run: Run) -> Iterator[Cause]:
    why = run.certificate.data["not_certifiable"]
    if why:
        yield Cause(
            "not_certifiable",
            "This run is kept for comparison and can never be certified.",
            f"{why[0].upper()}{why[1:].rstrip('.')}.",
            "validation",
            "Certify a candidate that may pass; this one stays as it is.",
            [("candidate", run.link(f"config/candidates/{run.certificate.data['run']}.yaml"))],
        )


def _missing_seeds(run: Run) -> Iterator[Cause]:
    missing = run.certificate.data["missing_seeds"]
    if missing:
        authority, verb = run.certificate.data["authority"], "are" if len(missing) > 1 else "is"
        yield Cause(
            "missing_seeds",
            f"{seeds_text(missing).capitalize()} {verb} missing, and a verdict needs all required seeds.",
            f"The authority {authority} carries no run of {seeds_text(missing)}; "
            f"{len(run.seeds)} of {len(run.required)} required seeds have data.",
            "validation",
            f"Pin an upstream run of {seeds_text(missing)} in the authority and certify again.",
            [(f"authority {authority}", run.link(f"config/authority/{authority}.yaml"))],
        )


def _stopped(run: Run, codes: dict[str, ReasonCode]) -> Iterator[Cause]:
    by_code: dict[str, list[int]] = {}
    for seed, found in run.certificate.data["seed_error_codes"].items():
        for code in found:
            by_code.setdefault(code, []).append(int(seed))
    for code, seeds in sorted(by_code.items(), key=lambda found: (-len(found[1]), found[0])):
        entry = codes[code]
        ordered = [seed for seed in run.required if seed in seeds]
        surface, verb = surface_of(run, code), "were" if len(seeds) > 1 else "was"
        yield Cause(
            "stopped",
            f"{seeds_text(ordered).capitalize()} {verb} stopped by {entry.state}: {_lower(entry.meaning)}",
            f"A breach of {code} withholds the zones of the seed and blocks the states after {entry.state}: "
            "nothing was scored on it.",
            surface.get("owner", "segment-2A"),
            entry.action,
            [
                (code, run.link(f"docs/reason-codes.md#{code}")),
                *((f"audit of seed {seed}", run.seeds[seed].audit.link) for seed in ordered),
            ],
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


def _empty_cohorts(run: Run) -> Iterator[Cause]:
    """Gates without a value on a seed that was published: its cohort holds no country."""
    empty = {seed: found for seed, entry in run.published.items() if (found := unmeasured(entry))}
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
    failing = failing_checks(run)
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
                [(f"audit of seed {seed}", run.seeds[seed].audit.link) for seed in seeds],
                [gate["gate"]],
            )


def _stability(run: Run) -> Iterator[Cause]:
    """Seeds that stand apart, where each has a value; on gates that fail by themselves it only follows."""
    rows = [gate for gate in run.certificate.data["gates"] if gate["axis"] == "stability"]
    failed = [gate for gate in rows if not gate["holds_b"] and gate["value"] is not None]
    alone = [
        gate
        for gate in failed
        for metric in run.certificate.data["gates"]
        if metric["gate"] == gate["gate"].removeprefix("stability_cv:") and metric["holds_b"]
    ]
    if alone:
        names = ", ".join(gate["gate"].removeprefix("stability_cv:") for gate in alone)
        yield Cause(
            "stability",
            "The seeds stand too far apart.",
            f"Standard deviation over mean of {names} lies above {alone[0]['b']:g}.",
            "validation",
            "Damp the lever that reacts most between the seeds and make tie-breaks stricter.",
            [("gate table", run.link(run.certificate.path.replace("certification.json", "gate_table.csv")))],
            [gate["gate"] for gate in alone],
        )


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]
