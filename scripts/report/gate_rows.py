"""Gates as rows that are figure and table in one: seeds, thresholds, Earth, ceiling and reach on one scale."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from scripts.report.evidence import Document, Fact
from scripts.report.numbers import Show, count, show_of
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
    higher_is_better: bool
    standing: str  # fails B | holds B | holds B+ | undecided
    value: Fact  # of the worst seed, or of the worst that has one
    reason: str | None  # why the seeds in `without` have no value
    without: list[int]
    n: Fact | None  # of the worst seed
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


def metric_of(gate: dict[str, Any]) -> str:
    """The metric behind a gate; of a stability gate, the one on which the seeds should agree."""
    return str(gate["gate"]).removeprefix("stability_cv:")


def worst_known(gate: dict[str, Any], seeds: Iterable[int]) -> int | None:
    """The first seed with the least favourable value of those that have one."""
    known = {seed: gate["values"][str(seed)] for seed in seeds if gate["values"].get(str(seed)) is not None}
    return (min if gate["op"] == ">=" else max)(known, key=lambda seed: known[seed], default=None)


def _row(certificate: Document, number: int) -> GateRow:
    gate = certificate.at("gates", number)
    show = show_of(gate["unit"])
    end_of_scale = _scale_end(gate)
    required, worst_seed = certificate.data["required_seeds"], str(gate["worst_seed"])

    def fact(*keys: str | int) -> Fact:
        return certificate.fact("gates", number, *keys, show=show)

    def line(*keys: str | int) -> Line | None:
        found = fact(*keys)
        return None if found.value is None else Line(_at(found.value, end_of_scale), found)

    standing, value, earth = STANDING[gate["verdict"]], fact("value"), None
    if gate["value"] is None:  # a seed leaves the gate open: it fails where a known value misses B
        worst = worst_known(gate, required)
        value = value if worst is None else fact("values", str(worst))
        standing = UNDECIDED if worst is None or holds(value.value, gate["op"], gate["b"]) else STANDING["FAIL"]
    if gate["earth"] and gate["earth"]["value"] is not None:  # a seed without an Earth value says nothing about Earth
        low, high = (line("earth", "interval", end) if gate["earth"]["interval"] else None for end in (0, 1))
        earth = Earth(fact("earth", "value"), low, high, gate["earth"]["passes_b"] is False)
    bplus = line("bplus")
    assert bplus is not None, "every gate has a B+ threshold"
    return GateRow(
        name=gate["gate"],
        axis=gate["axis"],
        question=_question(certificate, gate),
        unit=gate["unit"],
        higher_is_better=gate["op"] == ">=",
        standing=standing,
        value=value,
        reason=gate["reason"] if gate["value"] is None else None,
        without=[seed for seed in required if gate["values"].get(str(seed), 0) is None],
        n=certificate.fact("gates", number, "n", worst_seed, show=count) if worst_seed in gate["n"] else None,
        margin=fact("margin_b"),
        values=_seed_values(certificate, number, show, end_of_scale),
        b=line("b"),
        bplus=bplus,
        b_contract=fact("b_contract"),
        earth=earth,
        # 0 is where every governance and stability gate can go: no news, so no mark.
        ceiling=line("ceiling", "value") if gate["axis"] == "realism" and gate["ceiling"] else None,
        reach=line("reach_2a"),
        show=show,
        readings={name: fact("readings", name) for name in gate["readings"]},
    )


def _question(certificate: Document, gate: dict[str, Any]) -> str:
    """The question of a gate; that of a stability gate says which question the seeds agree on."""
    if gate["axis"] != "stability":
        return str(gate["question"])
    metric = metric_of(gate)
    asked = next((row["question"] for row in certificate.data["gates"] if row["gate"] == metric), metric)
    return f"How far apart are the seeds on: {asked[0].lower()}{asked[1:]}"


def _seed_values(certificate: Document, number: int, show: Show, end_of_scale: float) -> list[SeedValue]:
    gate = certificate.at("gates", number)
    keys: tuple[str | int, ...] = ("gates", number, "values")
    stability = gate["axis"] == "stability"
    if stability:  # a CV stands beside the values it is made of
        keys = ("stability", metric_of(gate), "values")
        show = show_of("" if "entropy" in metric_of(gate) else "share")
    values = certificate.at(*keys)
    differ = len(set(values.values())) > 1
    found = []
    for lane, seed in enumerate(certificate.data["required_seeds"]):
        value = values.get(str(seed))
        found.append(
            SeedValue(
                seed=seed,
                glyph=GLYPHS[lane % len(GLYPHS)],
                lane=lane,
                at=None if value is None or stability else _at(value, end_of_scale),
                value=None if value is None else certificate.fact(*keys, str(seed), show=show),
                worst=value is not None and differ and not stability and value == gate["value"],
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


def _at(value: float, end_of_scale: float) -> float:
    return round(100 * min(max(value / end_of_scale, 0.0), 1.0), 2)
