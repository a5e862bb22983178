"""Gates as rows that are figure and table in one: seeds, thresholds, Earth, ceiling and reach on one scale."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from scripts.report.evidence import Document, Fact
from scripts.report.numbers import Show, show_of
from scripts.scoring.gates import holds

GLYPHS = "●■◆▲★✚▼⬟"
UNDECIDED = "undecided"
STANDING = {"FAIL": "fails B", "PASS_B": "holds B", "PASS_BPLUS": "holds B+"}


@dataclass(frozen=True)
class SeedValue:
    """One seed's value; `value` is None where the seed has none. `lane` keeps marks of equal value apart."""

    seed: int
    glyph: str
    lane: int
    at: float | None  # per cent of the scale
    value: Fact | None
    n: Fact | None
    worst: bool


@dataclass(frozen=True)
class Line:
    """A threshold, ceiling or reach on the scale."""

    at: float
    fact: Fact


@dataclass(frozen=True)
class Earth:
    """What real population scores: value, 95 % interval, and whether it misses B itself."""

    fact: Fact
    low: Line | None
    high: Line | None
    fails_b: bool


@dataclass(frozen=True)
class GateRow:
    """One gate of the certificate, ready to show."""

    name: str
    axis: str
    question: str
    unit: str
    n_of: str
    higher_is_better: bool
    standing: str  # fails B | holds B | holds B+ | undecided
    value: Fact  # of the worst seed, or of the worst that has one
    reason: str | None  # why the seeds in `without` have no value
    without: list[int]
    worst_seed: int | None
    margin: Fact
    values: list[SeedValue]
    b: Line | None
    bplus: Line
    b_contract: Fact
    earth: Earth | None
    ceiling: Line | None
    reach: Line | None
    show: Show
    readings: dict[str, Fact]  # the metric read in another way, by name; none of them gates

    def holds_b(self, metric: dict[str, Any]) -> bool:
        """Whether another value of this metric (`value`, and `exact` where it is a quotient) would hold B."""
        number = Fraction(metric["exact"]) if metric.get("exact") else metric["value"]
        return holds(number, ">=" if self.higher_is_better else "<=", self.b.fact.value if self.b else None)

    @property
    def fails(self) -> bool:
        """Whether the gate keeps the run from B; one that a seed leaves undecided does."""
        return self.standing in (STANDING["FAIL"], UNDECIDED)

    @property
    def raised(self) -> bool:
        """Whether an approved exception holds the worst seed to another B than the contract's."""
        return self.b is not None and self.b.fact.value != self.b_contract.value


def gate_rows(certificate: Document) -> list[GateRow]:
    """Every row of the certificate's gate table in its order."""
    return [_row(certificate, number) for number in range(len(certificate.data["gates"]))]


def _row(certificate: Document, number: int) -> GateRow:
    gate = certificate.at("gates", number)
    show = show_of(gate["unit"])
    high = _scale_end(gate)
    order = [str(seed) for seed in certificate.data["required_seeds"]]

    def fact(*keys: str | int) -> Fact:
        return certificate.fact("gates", number, *keys, show=show)

    def line(*keys: str | int) -> Line | None:
        found = fact(*keys)
        return None if found.value is None else Line(_at(found.value, high), found)

    bplus = line("bplus")
    assert bplus is not None, "every gate has a B+ threshold"
    return GateRow(
        name=gate["gate"],
        axis=gate["axis"],
        question=_question(certificate, gate),
        unit=gate["unit"],
        n_of=gate["n_of"],
        higher_is_better=gate["op"] == ">=",
        standing=STANDING[gate["verdict"]] if gate["value"] is not None else _standing_of_known(gate),
        value=fact("value") if gate["value"] is not None else fact(*_worst_known(gate, order)),
        reason=gate["reason"] if gate["value"] is None else None,
        without=[int(seed) for seed in order if gate["values"].get(seed, 0) is None],
        worst_seed=gate["worst_seed"],
        margin=fact("margin_b"),
        values=_seed_values(certificate, number, show, high),
        b=line("b"),
        bplus=bplus,
        b_contract=fact("b_contract"),
        earth=_earth(gate, fact, line),
        # 0 is where every governance and stability gate can go: no news, so no mark.
        ceiling=line("ceiling", "value") if gate["axis"] == "realism" and gate["ceiling"] else None,
        reach=line("reach_2a"),
        show=show,
        readings={name: fact("readings", name) for name in gate["readings"]},
    )


def _worst_known(gate: dict[str, Any], order: list[str]) -> tuple[str, ...]:
    """The key of the least favourable value that there is, where a seed has none."""
    known = {seed: gate["values"][seed] for seed in order if gate["values"].get(seed) is not None}
    if not known:
        return ("value",)
    choose = min if gate["op"] == ">=" else max
    return ("values", choose(known, key=lambda seed: known[seed]))


def _standing_of_known(gate: dict[str, Any]) -> str:
    """Of a gate that a seed leaves open: it fails where a known value misses B, else nothing is decided."""
    known = [value for value in gate["values"].values() if value is not None]
    misses = [not holds(value, gate["op"], gate["b"]) for value in known]
    return STANDING["FAIL"] if any(misses) else UNDECIDED


def _question(certificate: Document, gate: dict[str, Any]) -> str:
    """The question of a gate; that of a stability gate says which question the seeds agree on."""
    if gate["axis"] != "stability":
        return str(gate["question"])
    metric = gate["gate"].removeprefix("stability_cv:")
    asked = next((row["question"] for row in certificate.data["gates"] if row["gate"] == metric), metric)
    return f"How far apart are the seeds on: {asked[0].lower()}{asked[1:]}"


def _earth(gate: dict[str, Any], fact: Any, line: Any) -> Earth | None:
    if not gate["earth"] or gate["earth"]["value"] is None:  # a seed without an Earth value says nothing about Earth
        return None
    interval = gate["earth"]["interval"]
    return Earth(
        fact("earth", "value"),
        line("earth", "interval", 0) if interval else None,
        line("earth", "interval", 1) if interval else None,
        gate["earth"]["passes_b"] is False,
    )


def _seed_values(certificate: Document, number: int, show: Show, high: float) -> list[SeedValue]:
    gate = certificate.at("gates", number)
    metric = gate["gate"].removeprefix("stability_cv:")
    if gate["axis"] == "stability":  # a CV stands beside the values it is made of
        keys: list[str | int] = ["stability", metric, "values"]
        show = show_of("share") if "entropy" not in metric else show_of("")
    else:
        keys = ["gates", number, "values"]
    values = certificate.at(*keys)
    differ = len(set(values.values())) > 1
    found = []
    for lane, seed in enumerate(certificate.data["required_seeds"]):
        fact = certificate.fact(*keys, str(seed), show=show) if str(seed) in values else None
        known = fact is not None and fact.value is not None
        n = (
            certificate.fact("gates", number, "n", str(seed), show=show_of("countries"))
            if str(seed) in gate["n"]
            else None
        )
        found.append(
            SeedValue(
                seed=seed,
                glyph=GLYPHS[lane % len(GLYPHS)],
                lane=lane,
                at=_at(fact.value, high) if fact and fact.value is not None and gate["axis"] != "stability" else None,
                value=fact if known else None,
                n=n if n and n.value is not None else None,
                worst=known and differ and gate["axis"] != "stability" and values[str(seed)] == gate["value"],
            )
        )
    return found


def _scale_end(gate: dict[str, Any]) -> float:
    """Where the scale of a gate ends: 1 for shares that can be anything, else a little above all that is on it."""
    values = [float(value) for value in gate["values"].values() if value is not None]
    if gate["axis"] == "realism":
        return max([1.0, *values])
    limits = [float(value) for value in (gate["b"], gate["bplus"], gate["value"]) if value is not None]
    return max([*values, *limits]) * 1.25 or 1.0


def _at(value: float, high: float) -> float:
    return round(100 * min(max(value / high, 0.0), 1.0), 2)
