"""Caveats of a certificate, told in its own sentences: one for each matter, however many seeds it touches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scripts.report.cause_noun import seeds_text

GRADES = {"B": "B", "BPLUS": "B+", None: None}


@dataclass(frozen=True)
class Caveat:
    """One matter that a reader must know beside the verdict."""

    kind: str
    sentence: str
    limits: str | None  # the grade of a pass that it limits


def caveat_sentences(entries: Sequence[dict[str, Any]], required: Sequence[int]) -> list[Caveat]:
    """Sentences in the order of the certificate; what differs by seed or value only is told together."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for entry in entries:
        matter, _, _ = entry["says"].partition(": ")
        groups.setdefault((entry["caveat"], entry["grade"], matter), []).append(entry)
    return [
        Caveat(kind, _sentence(matter, group, required), GRADES[grade])
        for (kind, grade, matter), group in groups.items()
    ]


def _sentence(matter: str, group: list[dict[str, Any]], required: Sequence[int]) -> str:
    """The matter, then what each seed has: `X holds B only thanks to overrides: 0.2 without (seeds 42, 7)`."""
    by_detail: dict[str, list[int | None]] = {}
    for entry in group:
        by_detail.setdefault(entry["says"].partition(": ")[2], []).append(entry.get("seed"))
    told = []
    for detail, found in by_detail.items():
        seeds = [seed for seed in required if seed in found]
        told.append(" ".join(filter(None, (detail, f"({seeds_text(seeds)})" if seeds else ""))))
    colon = ": " if any(by_detail) else " "
    return f"{matter[0].upper()}{matter[1:]}{colon}{'; '.join(told)}".rstrip(": ") + "."
