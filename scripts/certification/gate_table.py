"""Gates of a run in one table: value per seed, worst seed, thresholds, margins, Earth, ceiling and reach."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from scripts.certification.verdict import Seeds, Stability
from scripts.lib.records import plain_fields
from scripts.scoring.cohorts import C_LARGE
from scripts.scoring.gates import GRADES, Gate, Grade, Limits, Op, holds, margin
from scripts.scoring.seed_metrics import SeedMetrics
from scripts.scoring.variants import UNTOUCHED

ABOUT = ("question", "unit", "range", "better", "n_of")
READINGS = ("literal", "untouched", "polygons")  # the metric read in another way; none of them is the gate
ASKED = ("gate", "axis", "unit", "op", "b", "bplus")  # columns of the CSV before those of the seeds, and after
FOUND = ("worst_seed", "n", "value", "margin_b", "margin_bplus", *READINGS, "reach_2a")
BESIDE = ("earth", "earth_low", "earth_high", "ceiling", "verdict")
Scorecards = Mapping[int, Mapping[str, Any]]  # Earth scorecards by seed


@dataclass(frozen=True)
class Bar:
    """What a gate is held beside, Earth or the ceiling: its value and whether that passes the gate itself."""

    value: float | None
    passes_b: bool
    passes_bplus: bool | None = None
    interval: list[float] | None = None  # 95 %, of Earth


@dataclass(frozen=True)
class GateRow:
    """One gate over all required seeds, or the stability of one metric.

    `values` and `n` are by seed. The worst seed is the one without a value, else the one farthest from its band; `b`
    and `bplus` are the thresholds that it was held to, `b_contract` is that of the config, which an approved exception
    may lie above. Stability has no seeds.
    """

    gate: str
    axis: Literal["realism", "governance", "stability"]
    op: Op
    b: float | None
    bplus: float
    b_contract: float | None
    value: float | None
    reason: str | None  # why there is no value
    question: str
    unit: str
    range: list[float | None]
    better: str
    n_of: str
    values: dict[int, float | None] = field(default_factory=dict)
    n: dict[int, int | None] = field(default_factory=dict)
    worst_seed: int | None = None
    earth: Bar | None = None
    ceiling: Bar | None = None
    readings: dict[str, float | None] = field(default_factory=dict)  # of `READINGS`, the least favourable of all seeds
    reach_2a: float | None = None  # the best that lawful policy of 2A could still reach

    def threshold(self, grade: Grade) -> float | None:
        return self.b if grade == "b" else self.bplus

    def holds(self, grade: Grade) -> bool:
        return holds(self.value, self.op, self.threshold(grade))

    def misses(self, grade: Grade) -> bool:
        """Whether a known value misses the threshold: a value that is missing has its cause elsewhere."""
        return self.value is not None and not self.holds(grade)

    @property
    def verdict(self) -> str:
        if not self.holds("b"):
            return "FAIL"
        return "PASS_BPLUS" if self.holds("bplus") else "PASS_B"

    def to_json(self) -> dict[str, Any]:
        found = plain_fields(self) | {"verdict": self.verdict}
        for grade in GRADES:
            found[f"margin_{grade}"] = margin(self.value, self.op, self.threshold(grade))
            found[f"holds_{grade}"] = self.holds(grade)
        if self.axis == "stability" and self.ceiling:  # it is no measured one
            found["ceiling"] = {"value": self.ceiling.value, "passes_b": self.ceiling.passes_b}
        return found

    def flat(self, required: list[int]) -> dict[str, Any]:
        """The row of a CSV: one column a seed, and Earth and ceiling as numbers."""
        low, high = (self.earth and self.earth.interval) or (None, None)
        seeds = {f"seed_{seed}": self.values.get(seed) for seed in required}
        found = self.to_json() | {
            **seeds,
            **{name: self.readings.get(name) for name in READINGS},
            "n": None if self.worst_seed is None else self.n[self.worst_seed],
            "earth": self.earth and self.earth.value,
            "earth_low": low,
            "earth_high": high,
            "ceiling": self.ceiling and self.ceiling.value,
        }
        return {name: found[name] for name in (*ASKED, *seeds, *FOUND, *BESIDE)}


def gate_rows(
    required: list[int],
    seeds: Seeds,
    earth: Scorecards,
    *,
    cvs: Mapping[str, Stability],
    limits: Limits,
    registry: Mapping[str, Mapping[str, Any]],
) -> list[GateRow]:
    """One row a gate in the order of the config, then one a stability metric; `registry` says what each metric is."""
    rows = [gate_row(gate, required, seeds, earth, registry[name]) for name, gate in limits.gates.items()]
    return rows + [stability_row(name, cv, limits.stability_cv, registry["stability_cv"]) for name, cv in cvs.items()]


def gate_row(gate: Gate, required: list[int], seeds: Seeds, earth: Scorecards, about: Mapping[str, Any]) -> GateRow:
    known = {seed: seeds[seed].metrics[gate.name] for seed in required if seed in seeds}
    values = {seed: known[seed].value if seed in known else None for seed in required}
    held_to = {seed: seeds[seed].gate(gate) if seed in seeds else gate for seed in required}
    margins = {seed: held.margin(values[seed], "bplus" if held.b is None else "b") for seed, held in held_to.items()}
    worst = min(margins, key=lambda seed: (margins[seed] is not None, margins[seed] or 0.0))
    reach = [seeds[seed].reach_2a[gate.name].value for seed in known if gate.name in seeds[seed].reach_2a]
    return GateRow(
        gate=gate.name,
        axis=gate.axis,
        op=gate.op,
        b=held_to[worst].b,
        bplus=held_to[worst].bplus,
        b_contract=gate.b,
        values=values,
        n={seed: known[seed].n if value is not None else None for seed, value in values.items()},
        worst_seed=worst,
        value=values[worst],
        reason=known[worst].reason if worst in known else "the seed is missing",
        earth=_bar(earth, worst, "metrics", gate.name),
        ceiling=_bar(earth, worst, "ceilings", gate.name),
        readings=other_readings(gate, [seeds[seed] for seed in known]),
        reach_2a=least_favourable(reach, gate.op),
        **{key: about[key] for key in ABOUT},
    )


def _bar(earth: Scorecards, seed: int, block: str, name: str) -> Bar | None:
    entry = earth.get(seed, {}).get(block, {}).get(name)
    return Bar(entry["value"], entry["passes_b"], entry["passes_bplus"], entry.get("interval")) if entry else None


def other_readings(gate: Gate, seeds: Iterable[SeedMetrics]) -> dict[str, float | None]:
    """The least favourable value of a metric under each other reading that it has.

    `literal`: C_large with all countries of its size; `untouched`: without rows that leaked, were guessed, preferred or
    set by hand; `polygons`: with K_c as the polygons have it.
    """
    found: dict[str, list[float | None]] = {name: [] for name in READINGS}
    for seed in seeds:
        if gate.name == C_LARGE and "literal" in seed.c_large_readings:
            found["literal"].append(seed.c_large_readings["literal"].value)
        if UNTOUCHED in seed.variants.get(gate.name, {}):
            found["untouched"].append(seed.variants[gate.name][UNTOUCHED].value)
        if seed.polygon_support and gate.name in seed.polygon_support.metrics:
            found["polygons"].append(seed.polygon_support.metrics[gate.name].value)
    return {name: least_favourable(values, gate.op) for name, values in found.items() if values}


def least_favourable(values: Iterable[float | None], op: Op) -> float | None:
    """The value farthest from passing among those that are known."""
    return (min if op == ">=" else max)((value for value in values if value is not None), default=None)


def stability_row(metric: str, found: Stability, gate: Gate, about: Mapping[str, Any]) -> GateRow:
    return GateRow(
        gate=f"stability_cv:{metric}",
        axis="stability",
        op=gate.op,
        b=gate.b,
        bplus=gate.bplus,
        b_contract=gate.b,
        value=found.cv,
        reason=found.reason,
        ceiling=Bar(0.0, True),
        **{key: about[key] for key in ABOUT},
    )
