"""Values better than the real world's: a world more even than Earth is not more real (design §7)."""

from collections.abc import Mapping
from typing import Any

from scripts.scoring.caveat import Caveat
from scripts.scoring.gates import Gate
from scripts.scoring.seed_metrics import SeedMetrics


def beyond_earth(
    seeds: Mapping[int, SeedMetrics], earth: Mapping[int, Mapping[str, Any]], gates: Mapping[str, Gate]
) -> list[Caveat]:
    """Realism values that hold B and lie outside Earth's 95 % interval on the good side; `earth` are scorecards."""
    found = []
    for seed, metrics in seeds.items():
        for name, gate in gates.items():
            interval = earth.get(seed, {}).get("metrics", {}).get(name, {}).get("interval")
            value = metrics.metrics[name]
            if not interval or value.number is None or not gate.holds(value.number, "b"):
                continue
            side, edge = ("above", interval[1]) if gate.op == ">=" else ("below", interval[0])
            if gate.gain(edge, value.number) > 0:
                says = f"{name} is {value.value:.4g} on seed {seed}, {side} what the real world gives ({edge:.4g})"
                numbers = {"value": value.value, "interval": interval}
                found.append(Caveat("beyond_earth", "B", says, gate=name, seed=seed, numbers=numbers))
    return found
