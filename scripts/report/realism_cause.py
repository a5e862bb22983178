"""Causes among the realism gates: placement, policy, topology or the threshold, told apart by the certificate."""

from collections.abc import Callable, Iterator
from typing import Any

from scripts.report.cause_noun import Cause, surface_of
from scripts.report.numbers import show_of
from scripts.report.run_evidence import Run

HEADLINES = {
    "c_multi_median_top1_share": "Countries that span several time zones show almost only one of them.",
    "c_multi_share_distinct_ge2": "Too many countries that span several time zones show only one of them.",
    "c_multi_median_top1_top2_gap": "In countries that span several time zones the second one weighs too little.",
    "c_multi_median_entropy_norm": "Sites do not spread over the time zones that their countries have.",
    "c_large_share_top1_lt_095": "Too many large countries with several time zones show one in effect.",
}
LOPSIDED = "Countries that span several time zones lean too much on one of them."
NEARLY_ONE = 0.95  # from here on a country shows one zone in effect, as the gate on large countries says


def realism_causes(run: Run) -> Iterator[Cause]:
    """Realism gates that fail with a value, apart by what could bring them to B."""
    failing = [
        gate
        for gate in run.certificate.data["gates"]
        if gate["axis"] == "realism" and not gate["holds_b"] and any(map(_misses(gate), gate["values"].values()))
    ]
    blockers = {entry["gate"]: entry for entry in run.freeze.data["blockers"]}
    kinds: dict[str, list[dict[str, Any]]] = {}
    for gate in failing:
        kinds.setdefault(_kind(gate, blockers[gate["gate"]]["unreachable"]), []).append(gate)
    moved = sum(blockers[gate["gate"]]["unreachable"]["by_2a_policy"] is True for gate in failing)
    for kind in ("placement", "policy", "open", "topology", "threshold"):
        if gates := kinds.get(kind):
            yield _realism_cause(run, kind, gates, len(failing), moved)


def _kind(gate: dict[str, Any], unreachable: dict[str, bool | None]) -> str:
    if unreachable["by_topology"]:
        return "topology"
    if gate["earth"] and gate["earth"]["value"] is not None and gate["earth"]["passes_b"] is False:
        return "threshold"
    return {True: "placement", False: "policy", None: "open"}[unreachable["by_2a_policy"]]


def _realism_cause(run: Run, kind: str, gates: list[dict[str, Any]], failing: int, moved: int) -> Cause:
    first = gates[0] if kind != "placement" else _telling(gates)
    surface = surface_of(run, first["gate"])
    seed = first["worst_seed"] if first["worst_seed"] in run.seeds else next(iter(run.published), None)
    read = [(f"countries of seed {seed}", run.seeds[seed].countries.link)] if seed is not None else []
    record = [("reopen contract", "#reopen")]
    texts = {
        "placement": (
            f"Cause: where {surface.get('segment', 'the upstream')} placed the sites. {_policy(moved, failing)}",
            surface.get("owner", ""),
            f"Another placement of sites by {surface.get('owner', '')} ({surface.get('knob', '')}), "
            "sent to 2A under a reopen record.",
            [*record, *read],
        ),
        "policy": (
            "Lawful 2A policy reaches B on these gates, and the run's policy does not use it.",
            "segment-2A",
            "A candidate whose nudge, preference or overrides reach what the column Reach states.",
            [("candidates", run.link("docs/extending.md")), *read],
        ),
        "open": (
            "What 2A's policy could reach was not measured, so no owner follows from the figures.",
            "validation",
            "Score the run again with its reach; then this page names the owner.",
            read,
        ),
        "topology": (
            "The countries do not have the zones that the gate asks for: no placement and no policy reaches it.",
            "validation",
            "A decision on the gate or its cohort, approved and recorded.",
            [("cohort definitions", run.link("config/certification/cohorts.yaml"))],
        ),
        "threshold": (
            _earth_sentence(gates),
            "validation",
            "A decision on this gate or its cohort, approved and recorded: lifelike sites may still miss it.",
            [("Earth's scorecard", run.seeds[seed].earth.link)] if seed is not None else [],
        ),
    }
    why, owner, change, links = texts[kind]
    return Cause(kind, _headline(first), why, owner, change, links, [gate["gate"] for gate in gates])


def _policy(moved: int, failing: int) -> str:
    """What 2A itself could do, of `moved` gates out of reach among `failing`."""
    if moved < failing:
        return f"2A's lawful policy cannot bring {moved} of the {failing} failing realism gates to B."
    if failing == 1:
        return "2A's lawful policy cannot bring the failing realism gate to B."
    return f"2A's lawful policy can bring none of the {failing} failing realism gates to B."


def _earth_sentence(gates: list[dict[str, Any]]) -> str:
    parts = []
    for gate in gates:
        show, earth = show_of(gate["unit"]), gate["earth"]
        span = f" ({show(earth['interval'][0])} to {show(earth['interval'][1])})" if earth["interval"] else ""
        parts.append(f"{show(earth['value'])}{span} where {show(gate['b'])} is asked")
    what = "this gate" if len(gates) == 1 else "these gates"
    scores = "; ".join(parts)
    return f"The real world fails {what} too: sites placed where people live, in the same countries, score {scores}."


def _misses(gate: dict[str, Any]) -> Callable[[float | None], bool]:
    """Whether a known value misses B."""
    sign = 1 if gate["op"] == ">=" else -1
    return lambda value: value is not None and sign * value < sign * gate["b"]


def _telling(gates: list[dict[str, Any]]) -> dict[str, Any]:
    """The gate that a reader grasps first: how large the biggest zone is, else the first."""
    return next((gate for gate in gates if gate["gate"] == "c_multi_median_top1_share"), gates[0])


def _headline(gate: dict[str, Any]) -> str:
    known = [value for value in gate["values"].values() if value is not None]
    if gate["gate"] == "c_multi_median_top1_share" and max(known) < NEARLY_ONE:
        return LOPSIDED
    return HEADLINES.get(gate["gate"], f"{gate['question']} Not as B asks.")
