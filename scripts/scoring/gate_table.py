"""Gates of a run in one table: value per seed, worst seed, thresholds, margins, Earth, ceiling and reach."""

from typing import Any

from scripts.scoring.gates import GRADES, holds

ABOUT = ("question", "unit", "range", "better", "n_of")


def gate_rows(
    required: list[int],
    seeds: dict[int, dict],
    earth: dict[int, dict],
    cvs: dict[str, dict],
    limits: dict[str, Any],
    registry: dict[str, dict],
) -> list[dict[str, Any]]:
    """One row a gate in the order of the config, then one a stability metric.

    `seeds` and `earth` are the seeds' metrics and Earth scorecards, `registry` says what each metric is. A gate's worst
    seed is the one without a value, else the one farthest from its band. `b` and `bplus` are the thresholds that the
    worst seed was held to; `b_contract` is that of the config, which an approved exception may lie above.
    """
    rows = []
    for name, gate in limits["gates"].items():
        found = {seed: seeds[seed]["metrics"][name] if seed in seeds else None for seed in required}
        values = {seed: entry["value"] if entry else None for seed, entry in found.items()}
        held_to = {seed: seeds[seed]["thresholds"][name] if seed in seeds else gate for seed in required}
        strictest = {seed: entry["bplus" if entry["b"] is None else "b"] for seed, entry in held_to.items()}
        worst = worst_seed(values, gate["op"], strictest)
        row = _row(name, gate["axis"], gate["op"], held_to[worst], values, worst)
        row["b_contract"] = gate["b"]
        row["n"] = {
            str(seed): entry["n"] if entry and entry["status"] == "ok" else None for seed, entry in found.items()
        }
        row |= {key: registry[name][key] for key in ABOUT}
        row["reason"] = found[worst].get("reason") if found[worst] else "the seed is missing"
        row["earth"] = _of_seed(earth, worst, "metrics", name)
        row["ceiling"] = _of_seed(earth, worst, "ceilings", name)
        reach = {seed: seeds[seed]["reach_2a"].get(name, {}).get("value") for seed in required if seed in seeds}
        known = {seed: value for seed, value in reach.items() if value is not None}
        row["reach_2a"] = known[worst_seed(known, gate["op"])] if known else None
        rows.append(row)
    for name, entry in cvs.items():
        rows.append(
            _row(f"stability_cv:{name}", "stability", "<=", limits["stability_cv"], {}, None, entry["cv"])
            | {key: registry["stability_cv"][key] for key in ABOUT}
            | {
                "b_contract": limits["stability_cv"]["b"],
                "n": {},
                "reason": entry.get("reason"),
                "earth": None,
                "ceiling": {"value": 0.0, "passes_b": True},
                "reach_2a": None,
            }
        )
    return rows


def _row(name, axis, op, thresholds, values, worst, value=None) -> dict[str, Any]:
    value = values[worst] if worst is not None else value
    row = {
        "gate": name,
        "axis": axis,
        "op": op,
        "values": {str(seed): found for seed, found in values.items()},
        "worst_seed": worst,
        "value": value,
    }
    for grade in GRADES:
        row[grade] = thresholds[grade]
        row[f"margin_{grade}"] = margin(value, op, thresholds[grade])
        row[f"holds_{grade}"] = holds(value, op, thresholds[grade])
    row["verdict"] = "PASS_BPLUS" if row["holds_b"] and row["holds_bplus"] else "PASS_B" if row["holds_b"] else "FAIL"
    return row


def margin(value: float | None, op: str, threshold: float | None) -> float | None:
    """Distance to the threshold, positive on the passing side; None where there is no value or no threshold."""
    if value is None or threshold is None:
        return None
    return value - threshold if op == ">=" else threshold - value


def worst_seed(values: dict[int, float | None], op: str, limits: dict[int, float] | None = None) -> int:
    """The first seed without a value, else the first with the least margin to its own limit (0 where none is given)."""
    margins = {seed: margin(value, op, (limits or {}).get(seed, 0.0)) for seed, value in values.items()}
    return min(margins, key=lambda seed: (margins[seed] is not None, margins[seed] or 0.0))


def _of_seed(earth: dict[int, dict], seed: int, block: str, name: str) -> dict[str, Any] | None:
    entry = earth.get(seed, {}).get(block, {}).get(name)
    return {key: entry.get(key) for key in ("value", "interval", "passes_b", "passes_bplus")} if entry else None


def flat(row: dict[str, Any], required: list[int]) -> dict[str, Any]:
    """The row of a CSV: one column a seed, and Earth and ceiling as numbers."""
    earth = row["earth"] or {}
    return {
        "gate": row["gate"],
        "axis": row["axis"],
        "unit": row["unit"],
        "op": row["op"],
        "b": row["b"],
        "bplus": row["bplus"],
        **{f"seed_{seed}": row["values"].get(str(seed)) for seed in required},
        "worst_seed": row["worst_seed"],
        "n": row["n"].get(str(row["worst_seed"])),
        "value": row["value"],
        "margin_b": row["margin_b"],
        "margin_bplus": row["margin_bplus"],
        "reach_2a": row["reach_2a"],
        "earth": earth.get("value"),
        "earth_low": (earth.get("interval") or [None, None])[0],
        "earth_high": (earth.get("interval") or [None, None])[1],
        "ceiling": (row["ceiling"] or {}).get("value"),
        "verdict": row["verdict"],
    }
