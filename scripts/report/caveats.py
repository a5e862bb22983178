"""Caveats of a certificate as sentences, one for each matter instead of one for each seed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.report.cause_noun import seeds_text
from scripts.report.evidence import ordered
from scripts.report.numbers import count, percent, show_of

RESTS_ON = {
    "leakage": "zones that are not the country's own",
    "overrides": "rows that were set by hand",
    "nudge": "rows on a border that the nudge decided",
    "fallback": "guessed rows",
    "border_preference": "rows on a border that policy gave to the country itself",
    "cohort_floor": "the size from which a country counts: with half of it, other countries come in",
}
GRADES = {"B": "B", "BPLUS": "B+"}


@dataclass(frozen=True)
class Caveat:
    """One matter that a reader must know beside the verdict."""

    kind: str
    sentence: str
    limits: str | None  # the grade of a pass that it limits


def caveat_sentences(
    entries: Sequence[dict[str, Any]], registry: dict[str, Any], required: Sequence[int]
) -> list[Caveat]:
    """Sentences in the order of the certificate; entries that differ by seed only are told together."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        key = "|".join(str(entry.get(name)) for name in ("caveat", "gate", "grade", "against", "id", "says"))
        groups.setdefault(key, []).append(entry)
    return [
        Caveat(group[0]["caveat"], _sentence(group, registry, required), GRADES.get(group[0].get("grade") or ""))
        for group in groups.values()
    ]


def _sentence(group: list[dict[str, Any]], registry: dict[str, Any], required: Sequence[int]) -> str:
    kind = group[0]["caveat"]
    if group[0].get("says"):
        return _says(group, required)
    if kind.startswith("rests_on_"):
        return _rests_on(group, registry)
    told = SENTENCES.get(kind)
    if told:
        return told(group, required)
    says = list(dict.fromkeys(entry["says"] for entry in group if "says" in entry))
    return f"{'; '.join(says)[0].upper()}{'; '.join(says)[1:]}." if says else _keys(group)


def _says(group: list[dict[str, Any]], required: Sequence[int]) -> str:
    """The sentence that the certificate itself has, and the seeds that it holds for."""
    seeds = [seed for seed in required if seed in [entry.get("seed") for entry in group]]
    return str(group[0]["says"]).rstrip(".") + (f" ({seeds_text(seeds)})." if seeds else ".")


def _rests_on(group: list[dict[str, Any]], registry: dict[str, Any]) -> str:
    first = group[0]
    what = RESTS_ON.get(first["caveat"].removeprefix("rests_on_"), first["caveat"].removeprefix("rests_on_"))
    show = show_of(registry[first["gate"]]["unit"]) if first["gate"] in registry else show_of("")
    values = ", ".join(f"{show(entry['value_without'])} on seed {entry['seed']}" for entry in group)
    countries = sorted({country for entry in group for country in entry.get("countries", [])})
    where = f" (in {', '.join(countries)})" if countries else ""
    grade = GRADES.get(first["grade"], first["grade"])
    return f"{first['gate']} holds {grade} only thanks to {what}{where}. Without: {values}."


def _sizes(group: list[dict[str, Any]], required: Sequence[int]) -> str:
    sizes = ordered(group[0]["sites_total"], required)
    return (
        "The seeds differ in size, so their rates are not alike: "
        + ", ".join(f"seed {seed} has {count(size)} sites" for seed, size in sizes.items())
        + "."
    )


def _cohorts(group: list[dict[str, Any]], required: Sequence[int]) -> str:
    members = ordered(group[0]["members"], required)
    shared = set.intersection(*map(set, members.values()))
    by_rest: dict[str, list[int]] = {}
    for seed, names in members.items():
        by_rest.setdefault(", ".join(sorted(set(names) - shared)) or "no other", []).append(int(seed))
    rest = "; ".join(f"{seeds_text(seeds)}: {names}" for names, seeds in by_rest.items())
    common = ", ".join(sorted(shared))
    return f"{group[0]['cohort']} is not the same on every seed. Shared are {common}; beside them {rest}."


def _exception(group: list[dict[str, Any]], _: Sequence[int]) -> str:
    first = group[0]
    seeds = seeds_text([entry["seed"] for entry in group])
    worst = max(entry["value"] for entry in group)
    allowed = f"{percent(worst)} where the contract allows {percent(first['contract'])}"
    return f"override_rate holds B on {seeds} by the approved exception {first['id']} only: {allowed}."


def _relaxed(group: list[dict[str, Any]], _: Sequence[int]) -> str:
    first = group[0]
    cap, contract = percent(first["value"]), percent(first["contract"])
    return f"The run's cap on {first['gate']} is {cap}, looser than the contract's {contract}."


def _above_one(group: list[dict[str, Any]], _: Sequence[int]) -> str:
    countries = sorted({country for entry in group for country in entry.get("countries", [])})
    where = ", ".join(countries)
    return f"Entropy above 1 in {where}: their sites lie in more zones than the country has, through leakage."


SENTENCES: dict[str, Callable[[list[dict[str, Any]], Sequence[int]], str]] = {
    "seed_sizes_differ": _sizes,
    "seed_cohorts_differ": _cohorts,
    "override_exception": _exception,
    "cap_relaxed": _relaxed,
    "entropy_above_one": _above_one,
}


def _keys(group: list[dict[str, Any]]) -> str:
    """A kind that has no sentence here: what it says, key by key."""
    told = []
    for entry in group:
        parts = [
            f"{key.replace('_', ' ')} {_words(value)}" for key, value in entry.items() if key not in ("caveat", "why")
        ]
        told.append(", ".join([*([str(entry["why"])] if "why" in entry else []), *parts]))
    return f"{group[0]['caveat'].replace('_', ' ').capitalize()}: {'; '.join(told)}."


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_words(part)}" for key, part in value.items())
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)
