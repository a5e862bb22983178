"""The verdict of a run from its seeds' metrics: stability, aggregate checks, caveats (certification.md §6, §8)."""

from typing import Any

from scripts.certification.compare import veto_reasons
from scripts.scoring.gates import aggregate, stability
from scripts.scoring.metrics import ENTROPY_NORM_FORMULA


def certify(required: list[int], seeds: dict[int, dict[str, Any]], limits: dict[str, Any]) -> dict[str, Any]:
    """Stability, seed verdicts, aggregate checks and verdict."""
    present = [seed for seed in required if seed in seeds]
    cvs = {
        name: stability(
            {seed: seeds[seed]["metrics"][name]["value"] if seed in seeds else None for seed in required},
            limits["stability_min_seeds"]["value"],
        )
        for name in limits["stability_metrics"]
    }
    verdicts = {seed: seeds[seed]["verdict"] for seed in present}
    digests = [seeds[seed]["site_locations_sha256"] for seed in present]
    distinct = len(set(digests)) == len(digests)
    status, failed, checks = aggregate(required, verdicts, cvs, limits["stability_cv"], distinct)
    return {
        "status": status,
        "failing_gates": failed,
        "checks": checks,
        "stability": {
            name: {**entry, "values": {str(seed): value for seed, value in entry["values"].items()}}
            for name, entry in cvs.items()
        },
        "seed_verdicts": {str(seed): verdict for seed, verdict in verdicts.items()},
        "seed_failing_gates": {str(seed): seeds[seed]["failing_gates"] for seed in present},
        "seed_error_codes": {
            str(seed): sorted({code for codes in seeds[seed]["error_codes"].values() for code in codes})
            for seed in present
        },
        "cohort_contract": cohort_contract(seeds[present[0]]["cohort_definitions"]) if present else {},
    }


def cohort_contract(cohorts: dict[str, Any]) -> dict[str, Any]:
    """The definitions that the seeds were scored by, under the names of certification.md §9 as well."""
    return cohorts | {
        "c_multi_site_count_min": cohorts["c_multi"]["min_sites"]["value"],
        "c_multi_support_min": cohorts["c_multi"]["min_support"]["value"],
        "c_large_site_count_min": cohorts["c_large"]["min_sites"]["value"],
        "entropy_norm_formula": ENTROPY_NORM_FORMULA,
    }


def run_caveats(
    seeds: dict[int, dict[str, Any]], compared: dict[str, Any], limits: dict[str, Any]
) -> list[dict[str, Any]]:
    """What a reader must know beside the verdict: the seeds' caveats, seeds that differ, and vetoes."""
    found = [{"seed": seed} | entry for seed, entry in seeds.items() for entry in entry["caveats"]]
    scored = {seed: entry for seed, entry in seeds.items() if entry["sites_total"]}
    sizes = {str(seed): entry["sites_total"] for seed, entry in scored.items()}
    if sizes and max(sizes.values()) > limits["unequal_seed_sizes"]["value"] * min(sizes.values()):
        found.append({"caveat": "seed_sizes_differ", "sites_total": sizes})
    members = {str(seed): entry["cohort_members"]["C_multi"] for seed, entry in scored.items()}
    if len(set(map(tuple, members.values()))) > 1:
        found.append({"caveat": "seed_cohorts_differ", "cohort": "C_multi", "members": members})
    for name, entry in compared["against"].items():
        found += [{"caveat": "vetoed", "against": name, "seed": seed, "why": why} for seed, why in veto_reasons(entry)]
    return found
