"""How far a run moves the failing axes of another, and what vetoes the movement (certification.md P3)."""

from collections.abc import Mapping
from typing import Any

from scripts.certification.comparison import Against, Codes, Governance, Movement, Rate, SeedComparison
from scripts.scoring.gates import Gate, Limits
from scripts.scoring.seed_metrics import SeedMetrics
from scripts.scoring.variants import ROWS_OF

Seeds = Mapping[int, SeedMetrics]


def compare(
    before: Seeds,
    after: Seeds,
    limits: Limits,
    *,
    same_upstream: bool,
    tests: Mapping[int, dict[str, Any]],
    baseline_sha256: Mapping[int, str],
) -> Against:
    """All seeds that both runs have; `tests` are the distribution tests of these, `baseline_sha256` of `before`."""
    seeds = {
        seed: compare_seed(before[seed], after[seed], limits, same_upstream=same_upstream, tests=tests[seed])
        for seed in after
        if seed in before
    }
    dropped = [seed for seed, metrics in before.items() if metrics.sites_total and seed not in after]
    return Against(same_upstream, dropped, seeds, dict(baseline_sha256))


def compare_seed(
    before: SeedMetrics, after: SeedMetrics, limits: Limits, *, same_upstream: bool, tests: dict[str, Any]
) -> SeedComparison:
    """Movement of every realism gate, governance and vetoes of one seed."""
    share = limits.improvement_min_gap_share.value
    moves = {name: movement(gate, before, after, share) for name, gate in limits.realism.items()}
    governance = governance_of(before, after)
    veto = [
        *above_caps(after, limits),
        *bought(moves),
        *relaxed(after),
        *lost(before, after, governance, same_upstream),
    ]
    return SeedComparison(
        movement=moves,
        governance=governance,
        rescued=not before.sites_total and bool(after.sites_total),
        structure_lost=structure_lost(before, after, limits),
        veto=veto,
        tests=tests,
    )


def movement(gate: Gate, before: SeedMetrics, after: SeedMetrics, min_gap_share: float) -> Movement:
    """Movement of one realism gate on one seed.

    It counts as an improvement when the gate failed and at least `min_gap_share` of the gap to B is closed, also
    without leaked, hand-set and guessed rows.
    """
    old, new = before.metrics[gate.name], after.metrics[gate.name]
    if old.value is None:
        return Movement(reason=f"baseline: {old.reason}")
    if new.value is None:
        return Movement(reason=f"candidate: {new.reason}")
    gap, gain = gate.gap(old.value, "b") or 0.0, gate.gain(old.value, new.value)
    improved = not gate.holds(old.value, "b") and gain > 0 and gain >= min_gap_share * gap
    causes = [
        cause
        for variant, cause in ROWS_OF.items()
        if improved and _variant_gain(gate, before, after, variant) < min_gap_share * gap
    ]
    return Movement(old.value, new.value, gain, gap, improved, causes)


def _variant_gain(gate: Gate, before: SeedMetrics, after: SeedMetrics, variant: str) -> float:
    old, new = (seed.variants[gate.name][variant].value for seed in (before, after))
    return 0.0 if old is None or new is None else gate.gain(old, new)


def governance_of(before: SeedMetrics, after: SeedMetrics) -> Governance:
    """S1's rates and the reason codes of both sides."""

    def rate(name: str) -> Rate:
        old, new = ((seed.s1_governance or {"rates": {}})["rates"].get(name) for seed in (before, after))
        return Rate(old, new)

    return Governance(rate("fallback_rate"), rate("override_rate"), Codes(before.codes, after.codes))


def above_caps(after: SeedMetrics, limits: Limits) -> list[str]:
    """Governance gates that the run fails on this seed; a rate that rises below its cap is no breach (P3.2)."""
    found = []
    for name, gate in limits.governance.items():
        value, held = after.metrics[name].value, after.gate(gate)
        if value is not None and not held.holds(value, "b"):
            found.append(f"{name} {value:.6g} is above its cap {held.b:g}")
    return found


def bought(moves: Mapping[str, Movement]) -> list[str]:
    """Improvements that vanish without the rows that they rest on (P3.2)."""
    return [
        f"{name} improves only through {' and '.join(move.bought_with)}"
        for name, move in sorted(moves.items())
        if move.bought_with
    ]


def structure_lost(before: SeedMetrics, after: SeedMetrics, limits: Limits) -> list[str]:
    """Structural checks that held before and fail now (P1.4, P3.3)."""
    held = before.checks["B"]
    return [name for name, ok in after.checks["B"].items() if name not in limits.gates and held.get(name) and not ok]


def relaxed(after: SeedMetrics) -> list[str]:
    """Caps of the run that are looser than the contract's."""
    caps = [entry.gate for entry in after.caveats if entry.caveat == "cap_relaxed"]
    return [f"{cap} is looser than the contract" for cap in caps]


def lost(before: SeedMetrics, after: SeedMetrics, governance: Governance, same_upstream: bool) -> list[str]:
    """What the baseline had and the candidate has no more."""
    if not before.sites_total:
        return []
    if not after.sites_total:
        codes = ", ".join(governance.error_codes.candidate) or "no reason code"
        return [f"the baseline had metrics here and the candidate has none ({codes})"]
    found = []
    for cohort in ("C_multi", "C_large"):
        gone = sorted(set(before.cohort_members[cohort]) - set(after.cohort_members[cohort]))
        found += [f"{cohort} lost {', '.join(gone)}"] if gone else []
    if same_upstream and before.site_locations_sha256 != after.site_locations_sha256:
        found.append("site_locations differs although the authority is the same")
    return found
