"""One run against another: distribution tests with effect sizes, movement per axis, and what vetoes it."""

import math
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from scripts.scoring.gates import holds
from scripts.scoring.metrics import unavailable
from scripts.scoring.variants import ROWS_OF


def shift(before: np.ndarray, after: np.ndarray, better: str) -> dict[str, Any]:
    """KS and Wasserstein-1 between two samples of country values, float64 [n] and [m], with direction and effect.

    `effect` is Cliff's delta, P(after > before) - P(after < before), turned so that positive is toward the bands;
    `better` is higher or lower.
    """
    if not len(before) or not len(after):
        return unavailable("one of the two runs has no countries here")
    sign = 1 if better == "higher" else -1
    difference = np.sign(after[:, None] - before[None, :])
    ks = stats.ks_2samp(before, after)
    return {
        "status": "ok",
        "n": [len(before), len(after)],
        "ks": float(ks.statistic),
        "ks_p": float(ks.pvalue),
        "wasserstein": float(stats.wasserstein_distance(before, after)),
        "median_shift": float(np.median(after) - np.median(before)),
        "effect": sign * float(difference.mean()),
    }


def wilson(successes: int, total: int, z: float = stats.norm.ppf(0.975)) -> tuple[float, float]:
    """Wilson's 95 % interval of a proportion."""
    share = successes / total
    centre = share + z**2 / (2 * total)
    half = z * math.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    return (centre - half) / (1 + z**2 / total), (centre + half) / (1 + z**2 / total)


def proportion_lift(x1: int, n1: int, x2: int, n2: int, gates: dict[str, Any]) -> dict[str, Any]:
    """Lift from x1/n1 to x2/n2: two-proportion z, Fisher's exact test, Newcombe's 95 % interval, Cohen's h.

    Credible: up by `credible_lift` or more, and the exact test (one-sided) below `credible_p`; n is about 30 or less,
    so z alone would not do.
    """
    if not n1 or not n2:
        return unavailable("one of the two cohorts is empty")
    first, second, pooled = x1 / n1, x2 / n2, (x1 + x2) / (n1 + n2)
    error = math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
    lift = second - first
    (low1, high1), (low2, high2) = wilson(x1, n1), wilson(x2, n2)
    exact = float(stats.fisher_exact([[x2, n2 - x2], [x1, n1 - x1]], alternative="greater")[1])
    z = lift / error if error else None
    return {
        "status": "ok",
        "counts": [[x1, n1], [x2, n2]],
        "lift": lift,
        "z": z,
        "z_note": None if error else "both shares are 0 or both 1: z is not defined",
        "z_p": float(2 * stats.norm.sf(abs(z))) if error else None,
        "fisher_p_greater": exact,
        "interval": [
            lift - math.hypot(second - low2, high1 - first),
            lift + math.hypot(high2 - second, first - low1),
        ],
        "cohens_h": 2 * math.asin(math.sqrt(second)) - 2 * math.asin(math.sqrt(first)),
        "credible": lift >= gates["credible_lift"]["value"] and exact < gates["credible_p"]["value"],
    }


def seed_tests(before: pd.DataFrame, after: pd.DataFrame, gates: dict[str, Any]) -> dict[str, Any]:
    """All tests of one seed between two country tables."""
    found: dict[str, Any] = {}
    for cohort in ("all", "C_multi"):
        old, new = (part if cohort == "all" else part[part["is_c_multi"]] for part in (before, after))
        for name, better in (("top1_share", "lower"), ("entropy_norm", "higher")):
            values = (part[name].to_numpy(np.float64) for part in (old, new))
            found[f"{cohort}:{name}"] = shift(*values, better)
    cohorts = [part[part["is_c_multi"]] for part in (before, after)]
    counted = [(int((part["distinct_tzid_count"] >= 2).sum()), len(part)) for part in cohorts]
    found["C_multi:share_distinct_ge2"] = proportion_lift(*counted[0], *counted[1], gates)
    return found


def gap_to(value: float, gate: dict[str, Any], grade: str) -> float:
    """How far a value is from its band, 0 when it holds."""
    distance = gate[grade] - value if gate["op"] == ">=" else value - gate[grade]
    return max(distance, 0.0)


def movement(name: str, gate: dict[str, Any], before: dict, after: dict, min_gap_share: float) -> dict[str, Any]:
    """Movement of one realism gate on one seed; `before` and `after` are the two seeds' metrics files.

    `counts` is true for an improvement of a failing gate that closes at least `min_gap_share` of the gap to B, also
    without leaked, hand-set and guessed rows.
    """
    old, new = before["metrics"][name], after["metrics"][name]
    for which, entry in (("baseline", old), ("candidate", new)):
        if entry["value"] is None:
            return unavailable(f"{which}: {entry['reason']}") | {"counts": False}
    sign = 1 if gate["op"] == ">=" else -1
    gap = gap_to(old["value"], gate, "b")
    gain = sign * (new["value"] - old["value"])
    needed = min_gap_share * gap
    failing = not holds(old["value"], gate["op"], gate["b"])
    improved = failing and gain > 0 and gain >= needed
    bought = []
    for variant, cause in ROWS_OF.items():
        old_part, new_part = (part["variants"][name][variant]["value"] for part in (before, after))
        if improved and sign * (new_part - old_part) < needed:
            bought.append(cause)
    return {
        "status": "ok",
        "baseline": old["value"],
        "candidate": new["value"],
        "gain": gain,
        "gap_to_b": gap,
        "improved": improved,
        "bought_with": bought,
        "counts": improved and not bought,
    }


def governance_movement(before: dict, after: dict) -> dict[str, Any]:
    """S1's rates on both sides; they stand also where the seed failed."""
    found = {}
    for name in ("fallback_rate", "override_rate"):
        old, new = ((part["s1_governance"] or {"rates": {}})["rates"].get(name) for part in (before, after))
        known = old is not None and new is not None
        found[name] = {"baseline": old, "candidate": new, "rise": new - old if known else None}
    found["error_codes"] = {
        side: sorted({code for codes in part["error_codes"].values() for code in codes})
        for side, part in (("baseline", before), ("candidate", after))
    }
    return found


def vetoes(before: dict, after: dict, moves: dict[str, dict[str, Any]], same_upstream: bool) -> list[str]:
    """Why a candidate's movement on one seed does not count (certification.md P3.2)."""
    found = [
        f"{name} rises by {entry['rise']:.8f}"
        for name, entry in governance_movement(before, after).items()
        if name != "error_codes" and entry["rise"] is not None and entry["rise"] > 0
    ]
    found += [
        f"{name} improves only through {' and '.join(entry['bought_with'])}"
        for name, entry in sorted(moves.items())
        if entry.get("bought_with")
    ]
    found += [
        f"{entry['gate']} is looser than the contract" for entry in after["caveats"] if entry["caveat"] == "cap_relaxed"
    ]
    if before["sites_total"] and not after["sites_total"]:
        codes = ", ".join(governance_movement(before, after)["error_codes"]["candidate"])
        found.append(f"the baseline had metrics here and the candidate has none ({codes or 'no reason code'})")
    if before["sites_total"] and after["sites_total"]:
        for cohort in ("C_multi", "C_large"):
            lost = sorted(set(before["cohort_members"][cohort]) - set(after["cohort_members"][cohort]))
            if lost:
                found.append(f"{cohort} lost {', '.join(lost)}")
        if same_upstream and before["site_locations_sha256"] != after["site_locations_sha256"]:
            found.append("site_locations differs although the authority is the same")
    return found


def compare(
    before: dict[int, dict], after: dict[int, dict], gates: dict[str, Any], same_upstream: bool
) -> dict[str, Any]:
    """All seeds that both runs have: movement, governance, veto, and whether the candidate improves on the baseline.

    Improving means that at least one failing realism gate counts on every comparable seed; accepted means improving
    without a veto on any seed, nor a seed dropped that the baseline has metrics of.
    """
    realism = {name: gate for name, gate in gates["gates"].items() if gate["axis"] == "realism"}
    share = gates["improvement_min_gap_share"]["value"]
    seeds = {}
    for seed in (seed for seed in after if seed in before):
        old, new = before[seed], after[seed]
        moves = {name: movement(name, gate, old, new, share) for name, gate in realism.items()}
        seeds[str(seed)] = {
            "movement": moves,
            "governance": governance_movement(old, new),
            "veto": vetoes(old, new, moves, same_upstream),
        }
    comparable = [entry for entry in seeds.values() if any(m["status"] == "ok" for m in entry["movement"].values())]
    improved = sorted(
        name for name in realism if comparable and all(entry["movement"][name]["counts"] for entry in comparable)
    )
    dropped = [seed for seed, entry in before.items() if entry["sites_total"] and seed not in after]
    vetoed = bool(dropped) or any(entry["veto"] for entry in seeds.values())
    return {
        "same_upstream": same_upstream,
        "comparable_seeds": len(comparable),
        "dropped_seeds": dropped,
        "seeds": seeds,
        "improved_gates": improved,
        "improves": bool(improved),
        "vetoed": vetoed,
        "accepted": bool(improved) and not vetoed,
    }


def veto_reasons(entry: dict[str, Any]) -> list[tuple[int, str]]:
    """(seed, why) of everything that vetoes one comparison."""
    found = [(int(seed), why) for seed, part in entry["seeds"].items() for why in part["veto"]]
    return found + [(seed, "the candidate does not run this seed") for seed in entry["dropped_seeds"]]
