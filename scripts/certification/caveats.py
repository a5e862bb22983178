"""What a reader must know beside a verdict, and what of it stands in the verdict's own line (certification.md §16)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from scripts.certification.gate_table import Scorecards
from scripts.certification.verdict import Seeds
from scripts.reference.identify_reference import Reference
from scripts.scoring.beyond_earth import beyond_earth
from scripts.scoring.caveat import Caveat
from scripts.scoring.checks import Verdict
from scripts.scoring.copies import near_copies
from scripts.scoring.exact import exact
from scripts.scoring.gates import Limits

SAID_ELSEWHERE = ("override_exception", "cap_relaxed")


def run_caveats(seeds: Seeds, counts: Mapping[int, pd.DataFrame], earth: Scorecards, limits: Limits) -> list[Caveat]:
    """The seeds' own caveats, seeds that differ or are one, values beyond Earth's, unknown reference.

    `counts` are sites by country and zone of each seed.
    """
    found = [replace(entry, seed=seed) for seed, metrics in seeds.items() for entry in metrics.caveats]
    found += beyond_earth(seeds, earth, limits.realism)
    found += near_copies(seeds, counts, limits.near_copy_share.value)
    found += reference_caveats(next((metrics.reference for metrics in seeds.values()), {}))
    return found + unequal_seeds(seeds, limits)


def unequal_seeds(seeds: Seeds, limits: Limits) -> list[Caveat]:
    """Seeds of other sizes, or with other countries in C_multi: their rates are not alike."""
    scored = {str(seed): metrics for seed, metrics in seeds.items() if metrics.sites_total}
    sizes = {seed: metrics.sites_total for seed, metrics in scored.items()}
    members = {seed: metrics.cohort_members["C_multi"] for seed, metrics in scored.items()}
    found = []
    if sizes and max(sizes.values()) > exact(limits.unequal_seed_sizes.value) * min(sizes.values()):
        says = f"seeds have between {min(sizes.values()):,} and {max(sizes.values()):,} sites"
        found.append(Caveat("seed_sizes_differ", None, says, numbers={"sites_total": sizes}))
    if len(set(map(tuple, members.values()))) > 1:
        numbers = {"cohort": "C_multi", "members": members}
        found.append(Caveat("seed_cohorts_differ", None, "C_multi is not the same on every seed", numbers=numbers))
    return found


def reference_caveats(reference: Mapping[str, Reference]) -> list[Caveat]:
    """Reference data that are not what their release is known to hold."""
    return [
        Caveat(
            "unknown_reference",
            "B",
            f"{name} is labelled {entry.release} and holds something else than the release known by that name",
            numbers={"reference": name, "release": entry.release, "content_sha256": entry.content_sha256},
        )
        for name, entry in sorted(reference.items())
        if not entry.known
    ]


def qualifications(caveats: Sequence[Caveat], status: Verdict) -> list[str]:
    """What limits a pass: a sentence for each matter, however many gates, seeds and grades it touches.

    An exception stands among the approvals, a relaxed cap as looser than the plan.
    """
    matters: dict[tuple[str, ...], list[Caveat]] = {}
    for entry in caveats:
        if entry.qualifies(status) and entry.caveat not in SAID_ELSEWHERE:
            own = (str(entry.numbers.get(key)) for key in ("id", "place", "reference", "seeds"))
            matters.setdefault((entry.caveat, *own), []).append(entry)
    return [_matter(entries) for entries in matters.values()]


def _matter(entries: list[Caveat]) -> str:
    """The first of these caveats, and how many other gates there are."""
    others = len({entry.gate for entry in entries}) - 1
    return entries[0].says + (f", and so for {others} other gate{'s' if others > 1 else ''}" if others else "")
