"""The plan's Definition-of-Done statements as checks on evidence (certification.md §10).

A check takes the evidence and returns (holds, why, evidence keys). The keys name evidence files of the run.
"""

from collections.abc import Callable
from typing import Any

from scripts.certification.certify import certify
from scripts.certification.compare import veto_reasons
from scripts.certification.evidence import Evidence, each
from scripts.scoring.governance_metrics import s1_rates
from scripts.scoring.metrics import add_cohorts, country_table

CAP_CODES = {"fallback_rate": "2A-S1-090", "country": "2A-S1-091", "override_rate": "2A-S1-092"}
GOVERNANCE_CODES = [*CAP_CODES.values(), "2A-S2-090", "2A-S2-091"]
Check = tuple[bool, str, list[str]]


def lineage_pinned(found: Evidence) -> Check:
    problems = [] if len(found.baselines) >= 2 else [f"{len(found.baselines)} baselines, the plan asks for two"]
    for name in found.baselines:
        certificate = found.certificates[name]
        if certificate["missing_seeds"]:
            problems.append(f"{name} lacks seeds {certificate['missing_seeds']}")
        if set(certificate["fingerprints"]) != set(certificate["selected_seed_run_map"]):
            problems.append(f"{name} has run ids without fingerprint")
        stated = {entry["path"]: entry["sha256"] for entry in certificate["evidence"]}
        read = {path: digest for path, digest in found.digests.items() if f"/runs/{name}/" in path}
        problems += [] if read else [f"{name}: no file of its seeds was read"]
        problems += [f"{name}: {path} is not what was certified" for path in read if stated.get(path) != read[path]]
    good = "run ids and fingerprints stand in each certificate, and the digests of its seeds' files are those read"
    return *each(problems, good), [*_certificates(found), "seed_metrics", "zone_counts"]


def axes_tabled(found: Evidence) -> Check:
    problems = [] if found.baselines else ["no baseline is configured"]
    for name in found.baselines:
        rows = {row["gate"]: row for row in found.certificates[name]["gates"]}
        missing = [gate for gate in found.gates["gates"] if gate not in rows]
        mute = [gate for gate, row in rows.items() if row["value"] is None and not row["reason"]]
        problems += [f"{name}: no row for {gate}" for gate in missing]
        problems += [f"{name}: {gate} has neither value nor reason" for gate in mute]
    return *each(problems, "every gate has a row with a value, or a status and a reason"), _certificates(found)


def cohorts_reproduced(found: Evidence) -> Check:
    problems, checked = [], 0
    for name in [*found.baselines, found.run]:
        for seed, metrics in found.seeds[name].items():
            counts = found.counts[name][seed]
            if counts.empty:
                continue
            table = add_cohorts(country_table(counts, found.support), metrics["cohort_definitions"])
            members = {
                "C_multi": table.loc[table["is_c_multi"], "country_iso"].tolist(),
                "C_large": table.loc[table["is_c_large"], "country_iso"].tolist(),
            }
            counted = table["cohort"].value_counts().to_dict()
            checked += 1
            if members != metrics["cohort_members"] or any(
                metrics["cohort_counts"][k] != v for k, v in counted.items()
            ):
                problems.append(f"{name} seed {seed}: membership differs when recomputed")
    if not checked:
        problems.append("no seed has rows")
    return *each(problems, f"membership recomputed from zone counts on {checked} seeds"), [
        "seed_metrics",
        "zone_counts",
    ]


def protocol_exists(found: Evidence) -> Check:
    problems = [] if found.baselines else ["no baseline is configured"]
    problems += [name for name in found.baselines if not found.ledger["baselines"].get(name, {}).get("run_ids")]
    if not found.ledger.get("protocol") or not found.ledger.get("retained"):
        problems.append("the ledger has no protocol or no retained set")
    return *each(problems, "results/ledger.json holds protocol, retained set and baseline run ids"), ["ledger"]


def rates_emitted(found: Evidence) -> Check:
    problems = []
    for seed, metrics in found.seeds[found.run].items():
        block = metrics["s1_governance"]
        if not block or not {"fallback_rate", "override_rate"} <= set(block["rates"]):
            problems.append(f"seed {seed}: S1 reported no rates")
        elif len(set(block["fallback_by_country"]) - set(found.audit[seed]["country_iso"])):
            problems.append(f"seed {seed}: a country with fallback is not in the audit")
    return *each(problems, "rates per run and country on every seed"), ["seed_metrics", "governance_audit"]


def breaches_coded(found: Evidence) -> Check:
    problems = [f"{code} has no meaning" for code in GOVERNANCE_CODES if code not in found.reason_codes]
    breaches = 0
    for name in dict.fromkeys([*found.baselines, found.run]):
        for seed, metrics in found.seeds[name].items():
            block = metrics["s1_governance"]
            if not block:
                continue
            caps, rates = block["caps"], s1_rates(block, metrics["s1_sites_total"])
            expected = {CAP_CODES[key] for key, value in rates.items() if value > caps[f"{key}_cap"]}
            expected |= {CAP_CODES["country"]} if block["fallback_country_violations"] else set()
            emitted = set(metrics["error_codes"]["S1"]) & set(CAP_CODES.values())
            breaches += len(expected)
            if expected != emitted:
                problems.append(f"{name} seed {seed}: expected {sorted(expected)}, found {sorted(emitted)}")
    return *each(problems, f"{breaches} breaches, each with its code and no code without breach"), ["seed_metrics"]


def provenance_complete(found: Evidence) -> Check:
    problems = []
    for seed, metrics in found.seeds[found.run].items():
        entry = metrics["metrics"]["provenance_missing"]
        if entry["value"] != 0:
            problems.append(f"seed {seed}: {entry.get('reason') or str(entry['value']) + ' overrides incomplete'}")
    return *each(problems, "every active override says who and why"), ["seed_metrics", "governance_audit"]


def structure_kept(found: Evidence) -> Check:
    if found.p0 is None:
        return True, "this run is a baseline: it is the measure", ["seed_metrics"]
    problems, gates = [], found.gates["gates"]
    for seed, metrics in found.seeds[found.run].items():
        before = found.seeds[found.p0].get(seed)
        for name, ok in metrics["checks"]["B"].items():
            if before and name not in gates and before["checks"]["B"].get(name) and not ok:
                problems.append(f"seed {seed}: {name} held at P0")
    return *each(problems, "no structural check that held at P0 fails"), ["seed_metrics"]


def seeds_scored(found: Evidence) -> Check:
    problems = [f"seed {seed} is missing" for seed in found.certificate["missing_seeds"]]
    for seed, metrics in found.seeds[found.run].items():
        lacking = [name for name in found.gates["gates"] if metrics["metrics"][name]["status"] != "ok"]
        problems += [f"seed {seed}: {name} not computable" for name in lacking]
    return *each(problems, "every gate has a value and every seed a verdict"), ["seed_metrics"]


def verdict_deterministic(found: Evidence) -> Check:
    seeds = found.seeds[found.run]
    for order in (sorted(seeds), sorted(seeds, reverse=True)):
        again = certify(
            found.certificate["required_seeds"], {seed: seeds[seed] for seed in order}, found.certificate["thresholds"]
        )
        if any(again[key] != found.certificate[key] for key in ("status", "failing_gates", "checks", "stability")):
            return False, "the verdict changes with the order of seeds", ["certification", "seed_metrics"]
    return True, "recomputed from the seeds' metrics in two orders", ["certification", "seed_metrics"]


def diagnostics_emitted(found: Evidence) -> Check:
    problems = []
    for seed in found.seeds[found.run]:
        block = found.diagnostics.get(seed, {})
        for name in ("share_matrix", "spatial_coupling", "concentration"):
            if name not in block:
                problems.append(f"seed {seed}: no {name}")
    return *each(problems, "each diagnostic has values, or a status and a reason"), ["seed_diagnostics"]


def candidate_improves(found: Evidence) -> Check:
    if found.p0 is None:
        return False, "no candidate: the run is a baseline", ["comparison"]
    entry = found.comparison["against"][found.p0]
    if entry["improves"]:
        return True, f"{', '.join(entry['improved_gates'])} on {entry['comparable_seeds']} seeds", ["comparison"]
    best = [
        f"{name} seed {seed} gains {move['gain']:.3g} of {move['gap_to_b']:.3g}"
        for seed, part in entry["seeds"].items()
        for name, move in part["movement"].items()
        if move["status"] == "ok" and move["gain"] > 0
    ]
    measured = "; ".join(best[:3]) if best else "no failing gate moves toward its band"
    return False, f"no gate counts on all {entry['comparable_seeds']} comparable seeds: {measured}", ["comparison"]


def improvement_honest(found: Evidence) -> Check:
    if found.p0 is None:
        return False, "no candidate: the run is a baseline", ["comparison"]
    entry = found.comparison["against"][found.p0]
    reasons = [f"seed {seed}: {why}" for seed, why in veto_reasons(entry)]
    if reasons:
        return *each(reasons, ""), ["comparison"]
    good = "neither overrides nor fallback rise, nothing rests on leakage"
    return (True, good, ["comparison"]) if entry["improves"] else (False, "there is no improvement", ["comparison"])


def candidate_sound(found: Evidence) -> Check:
    kept, deterministic = structure_kept(found), verdict_deterministic(found)
    problems = [why for ok, why, _ in (kept, deterministic) if not ok]
    return *each(problems, "structure kept, verdict reproducible"), ["certification", "seed_metrics"]


def results_published(found: Evidence) -> Check:
    missing = found.certificate["missing_seeds"]
    problems = [f"seed {seed} is missing" for seed in missing]
    shown = set(map(str, found.certificate["required_seeds"])) - set(found.certificate["seed_failing_gates"])
    problems += [f"seed {seed} has no gate results" for seed in sorted(shown - set(map(str, missing)))]
    return *each(problems, "gate results of every required seed stand in the certificate"), [
        "certification",
        "gate_table",
    ]


def verdict_explicit(found: Evidence) -> Check:
    status = found.certificate["status"]
    return status in ("PASS_BPLUS", "PASS_B", "FAIL_REALISM"), status, ["certification"]


def freeze_complete(found: Evidence) -> Check:
    if found.certificate["status"] != "FAIL_REALISM":
        return True, "not needed: the run passes", ["freeze_record"]
    record, problems = found.freeze, []
    if record["decision"] != "FREEZE_WITH_BLOCKERS":
        problems.append(f"decision is {record['decision']}")
    if not record["blockers"] and not any(record["other_failed_checks"].values()):
        problems.append("no blocker is named")
    if found.run not in record["retained"]:
        problems.append("the retained set does not name the run")
    if not record["reopen_contract"]["preconditions"]:
        problems.append("no precondition for reopening")
    return *each(problems, f"{len(record['blockers'])} blockers with owner, reopen contract"), ["freeze_record"]


def storage_clean(found: Evidence) -> Check:
    problems = [f"superseded data of {name}" for name in found.ledger["superseded_with_data"]]
    if not found.ledger["retained"].get(found.run):
        problems.append("the candidate's run ids are not retained")
    return *each(problems, "retained run ids listed, no superseded data"), ["ledger"]


def _certificates(found: Evidence) -> list[str]:
    return [f"certification:{name}" for name in found.baselines]


CHECKS: dict[str, Callable[[Evidence], Check]] = {
    check.__name__: check
    for check in (
        lineage_pinned,
        axes_tabled,
        cohorts_reproduced,
        protocol_exists,
        rates_emitted,
        breaches_coded,
        provenance_complete,
        structure_kept,
        seeds_scored,
        verdict_deterministic,
        diagnostics_emitted,
        candidate_improves,
        improvement_honest,
        candidate_sound,
        results_published,
        verdict_explicit,
        freeze_complete,
        storage_clean,
    )
}


def progression(statements: dict[str, bool]) -> dict[str, dict[str, Any]]:
    """Per phase: its open statements, and which phases before it are still open, so that it may not start."""
    phases: dict[str, dict[str, Any]] = {}
    blocked: list[str] = []
    for phase in sorted({name.split(".")[0] for name in statements}):
        open_here = [name for name, ok in statements.items() if name.split(".")[0] == phase and not ok]
        phases[phase] = {
            "open": open_here,
            "blocked_by": list(blocked),
            "may_start": not blocked,
            "done": not open_here,
        }
        blocked += open_here
    return phases
