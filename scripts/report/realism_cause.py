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


Gate = dict[str, Any]  # a row of the certificate's gates


def realism_causes(run: Run) -> Iterator[Cause]:
    """Realism gates that fail with a value, apart by what could bring them to B."""
    rows = [_beside(run, gate) for gate in run.certificate.data["gates"] if gate["axis"] == "realism"]
    failing = [gate for gate in rows if not gate["holds_b"] and any(map(_misses(gate), gate["values"].values()))]
    blockers = {entry["gate"]: entry["unreachable"] for entry in run.freeze.data["blockers"]}
    kinds: dict[str, list[Gate]] = {}
    for gate in failing:
        kinds.setdefault(_kind(gate, blockers[gate["gate"]]["by_2a_policy"]), []).append(gate)
    moved = sum(blockers[gate["gate"]]["by_2a_policy"] is True for gate in failing)
    if gates := kinds.get("placement"):
        yield _placement(run, gates, _policy(moved, len(failing)))
    if gates := kinds.get("policy"):
        yield _policy_unused(run, gates)
    if gates := kinds.get("topology"):
        yield _topology(run, gates)
    if gates := kinds.get("threshold"):
        yield _threshold(run, gates)
    if gates := kinds.get("open"):
        yield _open(run, gates)


def _beside(run: Run, gate: Gate) -> Gate:
    """The gate with the least favourable seed that has a value, and what Earth and topology say of that seed.

    The certificate names the worst seed; a seed that is missing or withheld has neither value nor Earth.
    """
    known = {seed: gate["values"][str(seed)] for seed in run.published if gate["values"].get(str(seed)) is not None}
    if gate["value"] is not None or not known:
        return gate
    worst = (min if gate["op"] == ">=" else max)(known, key=lambda seed: known[seed])
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


def _placement(run: Run, gates: list[Gate], policy: str) -> Cause:
    gate = _telling(gates)
    surface = surface_of(run, gate["gate"])
    owner = surface["owner"]
    return Cause(
        "placement",
        _headline(gate),
        f"Cause: where {surface['segment']} placed the sites. {policy}",
        owner,
        f"Another placement of sites by {owner} ({surface['knob']}), sent to 2A under a reopen record.",
        [("reopen contract", "#reopen"), *_countries(run, gate)],
        _names(gates),
    )


def _policy_unused(run: Run, gates: list[Gate]) -> Cause:
    return Cause(
        "policy",
        _headline(gates[0]),
        "Lawful 2A policy reaches B on these gates, and the run's policy does not use it.",
        "segment-2A",
        "A candidate whose nudge, preference or overrides reach what the column Reach states.",
        [("candidates", run.link("docs/extending.md")), *_countries(run, gates[0])],
        _names(gates),
    )


def _topology(run: Run, gates: list[Gate]) -> Cause:
    return Cause(
        "topology",
        _headline(gates[0]),
        "The countries do not have the zones that the gate asks for: no placement and no policy reaches it.",
        "validation",
        "A decision on the gate or its cohort, approved and recorded.",
        [("cohort definitions", run.link("config/certification/cohorts.yaml"))],
        _names(gates),
    )


def _threshold(run: Run, gates: list[Gate]) -> Cause:
    seed = gates[0]["worst_seed"]
    return Cause(
        "threshold",
        _headline(gates[0]),
        _earth_sentence(gates),
        "validation",
        "A decision on this gate or its cohort, approved and recorded: lifelike sites may still miss it.",
        [("Earth's scorecard", run.seeds[seed].earth.link)],
        _names(gates),
    )


def _open(run: Run, gates: list[Gate]) -> Cause:
    return Cause(
        "open",
        _headline(gates[0]),
        "What the zones of the countries allow, or 2A's policy could reach, was not measured: no owner follows.",
        "validation",
        "Score the run again with its Earth scorecard and its reach; then this page names the owner.",
        _countries(run, gates[0]),
        _names(gates),
    )


def _names(gates: list[Gate]) -> list[str]:
    return [gate["gate"] for gate in gates]


def _countries(run: Run, gate: Gate) -> list[tuple[str, str]]:
    """The way to the countries of the gate's worst seed."""
    seed = gate["worst_seed"]
    return [(f"countries of seed {seed}", run.seeds[seed].countries.link)] if seed in run.seeds else []


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
    what = "this gate" if len(gates) == 1 else "these gates"
    scores = "; ".join(parts)
    return f"The real world fails {what} too: sites placed where people live, in the same countries, score {scores}."


def _misses(gate: Gate) -> Callable[[float | None], bool]:
    """Whether a known value misses B."""
    sign = 1 if gate["op"] == ">=" else -1
    return lambda value: value is not None and sign * value < sign * gate["b"]


def _telling(gates: list[Gate]) -> Gate:
    """The gate that a reader grasps first: how large the biggest zone is, else the first."""
    return next((gate for gate in gates if gate["gate"] == "c_multi_median_top1_share"), gates[0])


def _headline(gate: Gate) -> str:
    known = [value for value in gate["values"].values() if value is not None]
    if gate["gate"] == "c_multi_median_top1_share" and max(known) < NEARLY_ONE:
        return LOPSIDED
    return HEADLINES.get(gate["gate"], f"{gate['question']} Not as B asks.")
