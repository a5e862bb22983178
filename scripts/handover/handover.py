"""Say where the run roots lie that were handed over, and exit 1 when a seed was refused."""

import sys

from scripts.handover.hand_over_seed import Handover
from scripts.lib.files import read_json
from scripts.lib.job import current_job
from scripts.lib.records import record


def answer(found: list[Handover]) -> tuple[bool, list[str]]:
    """Whether every seed was handed over, and one line a seed."""
    lines = [
        f"handover: seed {entry.seed}: " + (f"refused: {entry.refused}" if entry.refused else f"{entry.root}/")
        for entry in found
    ]
    return bool(found) and not any(entry.refused for entry in found), lines or ["handover: the upstream has no seed"]


if __name__ == "__main__":
    good, lines = answer([record(Handover, read_json(path)) for path in current_job().input.seeds])
    print(*lines, sep="\n", file=sys.stderr)
    sys.exit(not good)
