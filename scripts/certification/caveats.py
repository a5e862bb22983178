"""What a reader must know beside a verdict, and what of it stands in the verdict's own line (certification.md §16)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import combinations

import pandas as pd

from scripts.certification.gate_table import Scorecards
from scripts.certification.verdict import Seeds
from scripts.reference.identify_reference import Reference
from scripts.scoring.caveat import Caveat
from scripts.scoring.country_table import summed
from scripts.scoring.gates import Gate, Limits, Verdict
from scripts.scoring.metric_value import exact, quotient

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


def beyond_earth(seeds: Seeds, earth: Scorecards, gates: Mapping[str, Gate]) -> list[Caveat]:
    """Realism values that hold B and lie outside Earth's 95 % interval on the good side; `earth` are scorecards.

    A world more even than the real one is not more real (design §7).
    """
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


def near_copies(seeds: Seeds, counts: Mapping[int, pd.DataFrame], share: float) -> list[Caveat]:
    """Pairs of seeds whose counts by country and zone differ for at most `share` of their sites: one drawing.

    `counts` has country_iso, tzid, sites by seed, and no rows for a withheld seed.
    """
    zones = ["country_iso", "tzid"]
    by_zone = {seed: summed(counts[seed], zones).set_index(zones)["sites"] for seed in seeds if len(counts[seed])}
    found = []
    for one, other in combinations(by_zone, 2):
        moved = differing(by_zone[one], by_zone[other])
        rows = (seeds[one].site_rows, seeds[other].site_rows)
        if moved > exact(share) or (rows[0] and rows[0] == rows[1]):  # the same rows are a check of their own
            continue
        merchants = bool(rows[0] and rows[1] and rows[0].merchants_sha256 == rows[1].merchants_sha256)
        whose = "the same merchants and " if merchants else ""
        says = f"seeds {one} and {other} have {whose}counts by country and zone that differ in {float(moved):.3%}"
        numbers = {"seeds": [one, other], "share": float(moved), "same_merchants": merchants}
        found.append(Caveat("near_copy", "B", says, numbers=numbers))
    return found


def differing(one: pd.Series, other: pd.Series) -> Fraction:
    """Share of the sites of both that would have to change country or zone for the counts to be the same."""
    left, right = one.align(other, fill_value=0)
    return quotient(int((left - right).abs().sum()), int(left.sum() + right.sum()))


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
