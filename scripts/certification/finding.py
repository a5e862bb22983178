"""What a Definition-of-Done statement is found to be (certification.md §10)."""

from typing import NamedTuple


class Finding(NamedTuple):
    """Whether a statement holds, and why."""

    holds: bool
    why: str


def unless(problems: list[str], good: str) -> Finding:
    """The good sentence, or the first problems."""
    if not problems:
        return Finding(True, good)
    return Finding(False, "; ".join(problems[:3]) + (" ..." if len(problems) > 3 else ""))
