"""Causes among the realism gates: placement, policy, topology or the threshold, told apart by the certificate."""

from collections.abc import Iterator
from typing import Any

from scripts.report.cause import Cause, surface_of
from scripts.report.evidence import Run
from scripts.report.gate_rows import worst_known
from scripts.report.numbers import show_of
from scripts.scoring.cohorts import SINGLE_ZONE_SHARE
from scripts.scoring.gates import holds
from scripts.scoring.metric_value import exact

HEADLINES = {
    "c_multi_median_top1_share": "Countries that span several time zones show almost only one of them.",
    "c_multi_share_distinct_ge2": "Too many countries that span several time zones show only one of them.",
    "c_multi_median_top1_top2_gap": "In countries that span several time zones the second one weighs too little.",
    "c_multi_median_entropy_norm": "Sites do not spread over the time zones that their countries have.",
    "c_large_share_top1_lt_095": "Too many large countries show one time zone in effect.",
}
LOPSIDED = "Countries that span several time zones lean too much on one of them."
KINDS = {  # in the order of the page -> why, owner, what would change it
    "placement": (
        "Cause: where {segment} placed the sites. {policy}",
        "{owner}",
        "Another placement of sites by {owner} ({knob}), sent to 2A under a reopen record.",
    ),
    "policy": (
        "Lawful 2A policy reaches B on these gates, and the run's policy does not use it.",
        "segment-2A",
        "A candidate whose nudge, preference or overrides reach what the column Reach states.",
    ),
    "topology": (
        "The countries do not have the zones that the gate asks for: no placement and no policy reaches it.",
        "validation",
        "A decision on the gate or its cohort, approved and recorded.",
    ),
    "threshold": (
        "{earth}",
        "validation",
        "A decision on this gate or its cohort, approved and recorded: lifelike sites may still miss it.",
    ),
    "open": (
        "What the zones of the countries allow, or 2A's policy could reach, was not measured: no owner follows.",
        "validation",
        "Score the run again with its Earth scorecard and its reach; then this page names the owner.",
    ),
}

Gate = dict[str, Any]  # a row of the certificate's gates


def realism_causes(run: Run) -> Iterator[Cause]:
    """Realism gates that fail with a value, apart by what could bring them to B."""
    rows = [_beside(run, gate) for gate in run.certificate.data["gates"] if gate["axis"] == "realism"]
    failing = [gate for gate in rows if not gate["holds_b"] and _misses(gate)]
    reached = {entry["gate"]: entry["unreachable"].get("by_2a_policy") for entry in run.freeze.data["blockers"]}
    moved = sum(reached[gate["gate"]] is True for gate in failing)
    for kind, (why, owner, change) in KINDS.items():
        gates = [gate for gate in failing if _kind(gate, reached[gate["gate"]]) == kind]
        if gates:
            gate = _telling(gates) if kind == "placement" else gates[0]
            words = surface_of(run, gate["gate"]) | {"policy": _policy(moved, len(failing))}
            words |= {"earth": _earth_sentence(gates)} if kind == "threshold" else {}
            yield Cause(
                kind,
                _headline(gate),
                why.format_map(words),
                owner.format_map(words),
                change.format_map(words),
                _read(run, kind, gate),
                [gate["gate"] for gate in gates],
            )


def _misses(gate: Gate) -> bool:
    """Whether a known value misses B."""
    known = [value for value in gate["values"].values() if value is not None]
    return not all(holds(value, gate["op"], gate["b"]) for value in known)


def _beside(run: Run, gate: Gate) -> Gate:
    """The gate with the least favourable seed that has a value, and what Earth and topology say of that seed.

    The certificate names the worst seed; a seed that is missing or withheld has neither value nor Earth.
    """
    worst = worst_known(gate, run.published)
    if gate["value"] is not None or worst is None:
        return gate
    scorecard = run.seeds[worst].earth.data
    earth, ceiling = (scorecard[block].get(gate["gate"]) for block in ("metrics", "ceilings"))
    return gate | {"worst_seed": worst, "earth": earth, "ceiling": ceiling}


def _kind(gate: Gate, beyond_policy: bool | None) -> str:
    """What could bring a gate to B: topology forbids it, Earth fails it too, only a placement can, or 2A can."""
    if not gate["ceiling"]:
        return "open"
    if not gate["ceiling"]["passes_b"]:
        return "topology"
    if gate["earth"] and gate["earth"]["value"] is not None and gate["earth"]["passes_b"] is False:
        return "threshold"
    return {True: "placement", False: "policy", None: "open"}[beyond_policy]


def _telling(gates: list[Gate]) -> Gate:
    """The gate that a reader grasps first: how large the biggest zone is, else the first."""
    return next((gate for gate in gates if gate["gate"] == "c_multi_median_top1_share"), gates[0])


def _headline(gate: Gate) -> str:
    known = [value for value in gate["values"].values() if value is not None]
    if gate["gate"] == "c_multi_median_top1_share" and exact(max(known)) < SINGLE_ZONE_SHARE:
        return LOPSIDED
    return HEADLINES.get(gate["gate"], f"{gate['question']} Not as B asks.")


def _policy(moved: int, failing: int) -> str:
    """What 2A itself could do, of `moved` gates out of reach among `failing`."""
    if moved < failing:
        return f"2A's lawful policy cannot bring {moved} of the {failing} failing realism gates to B."
    if failing == 1:
        return "2A's lawful policy cannot bring the failing realism gate to B."
    return f"2A's lawful policy can bring none of the {failing} failing realism gates to B."


def _earth_sentence(gates: list[Gate]) -> str:
    parts = []
    for gate in gates:
        show, earth = show_of(gate["unit"]), gate["earth"]
        span = f" ({show(earth['interval'][0])} to {show(earth['interval'][1])})" if earth["interval"] else ""
        parts.append(f"{show(earth['value'])}{span} where {show(gate['b'])} is asked")
    what, scores = "this gate" if len(gates) == 1 else "these gates", "; ".join(parts)
    return f"The real world fails {what} too: sites placed where people live, in the same countries, score {scores}."


def _read(run: Run, kind: str, gate: Gate) -> list[tuple[str, str]]:
    """Where to look, by (label, link): besides what the kind asks for, the countries of the gate's worst seed."""
    number = gate["worst_seed"]
    if kind == "topology":
        return [("cohort definitions", run.link("config/certification/cohorts.yaml"))]
    if kind == "threshold":
        return [("Earth's scorecard", run.seeds[number].earth.link)]
    first = {"placement": [("reopen contract", "#reopen")], "policy": [("candidates", run.link("docs/extending.md"))]}
    countries = [(f"countries of seed {number}", run.seeds[number].countries.link)] if number in run.seeds else []
    return first.get(kind, []) + countries
