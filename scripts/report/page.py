"""What the verdict page says in words: numbers, failing checks, caveats, seeds in the order of the run."""

import math
from typing import Any

from scripts.lib import text_tables
from scripts.lib.errors import ReasonCode

SENTENCES = {
    "PASS_BPLUS": "Lawful and realistic: every hard gate holds on every seed, and so do all B+ bands.",
    "PASS_B": "Lawful and realistic enough: every hard gate holds on every seed within the B bands.",
    "FAIL_REALISM": "Not good enough: at least one hard gate or required check fails. "
    "2A is frozen as best effort, with blockers.",
}


def number(value: Any) -> str:
    """A number as people read it: at most six significant digits, a dash for none."""
    if value is None or math.isnan(value):
        return "–"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else text_tables.number(value)


def in_order(found: dict[str, Any], required: list[int]) -> dict[str, Any]:
    """`found` by seed in the order of the run: JSON keeps keys as sorted text, 101 before 42. Other keys come last."""
    seeds = [str(seed) for seed in required]
    return {key: found[key] for key in [*seeds, *found] if key in found}


def other_checks(certificate: dict[str, Any]) -> dict[str, dict[str, list[str]]]:
    """Failing checks that are no gate, by seed and grade, so that no verdict stands unexplained beside its gates.

    What already fails B is not repeated under B+.
    """
    gates = certificate["thresholds"]["gates"]
    found = {}
    for seed, failing in in_order(certificate["seed_failing_gates"], certificate["required_seeds"]).items():
        b = [name for name in failing["B"] if name not in gates]
        found[seed] = {"B": b, "B+": [name for name in failing["BPLUS"] if name not in [*gates, *b]]}
    return found


def explained(reason: str, metrics: dict[str, Any], codes: dict[str, ReasonCode]) -> str:
    """What the code or gate that begins a `decided_by` entry means; empty for other entries."""
    name = reason.split(maxsplit=1)[0]
    if name in codes:
        return codes[name].meaning
    return metrics[name]["question"] if name in metrics else ""


def caveat_text(entry: dict[str, Any], required: list[int]) -> str:
    """One caveat as a sentence."""
    about = [f"{key.replace('_', ' ')} {_words(value, required)}" for key, value in entry.items() if key != "caveat"]
    return "; ".join(about)


def _words(value: Any, required: list[int]) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_words(part, required)}" for key, part in in_order(value, required).items())
    if isinstance(value, list):
        return " ".join(map(str, value)) or "none"
    return value if isinstance(value, str) else number(value)
