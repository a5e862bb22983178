"""The plan's Definition-of-Done statements, each judged from the evidence that it names (certification.md §10)."""

from collections.abc import Callable

from scripts.certification.cross_checks import coded_breaches, membership_differs
from scripts.certification.phase_evidence import Evidence, Finding, Statement, unless
from scripts.certification.verdict import judge
from scripts.scoring.checks import VERDICTS

GOVERNANCE_CODES = ("2A-S1-090", "2A-S1-091", "2A-S1-092", "2A-S2-090", "2A-S2-091")
STATEMENTS: list[Statement] = []
Check = Callable[[Evidence], Finding]


def statement(number: str, text: str, *evidence: str) -> Callable[[Check], Check]:
    """Enter a check into the table."""

    def enter(check: Check) -> Check:
        STATEMENTS.append(Statement(number, text, evidence, check))
        return check

    return enter


@statement(
    "P0.1",
    "Baseline lineage pinned: run ids, fingerprints and hashes of both baselines",
    "baseline_certifications",
    "seed_metrics",
    "zone_counts",
)
def lineage_pinned(found: Evidence) -> Finding:
    problems = [] if len(found.baselines) >= 2 else [f"{len(found.baselines)} baselines, the plan asks for two"]
    for name in found.baselines:
        certificate, read = found.certificates[name], found.digests_of(name)
        stated = {file.path: file.sha256 for file in certificate.evidence}
        if certificate.missing_seeds:
            problems.append(f"{name} lacks seeds {certificate.missing_seeds}")
        if set(certificate.fingerprints) != set(certificate.selected_seed_run_map):
            problems.append(f"{name} has run ids without fingerprint")
        problems += [] if read else [f"{name}: no file of its seeds was read"]
        problems += [f"{name}: {path} is not what was certified" for path in read if stated.get(path) != read[path]]
    return unless(
        problems,
        "run ids and fingerprints stand in each certificate, and the digests of its seeds' files are those read",
    )


@statement("P0.2", "A metrics table exists for every hard-gate axis of both baselines", "baseline_certifications")
def axes_tabled(found: Evidence) -> Finding:
    problems = [] if found.baselines else ["no baseline is configured"]
    for name in found.baselines:
        rows = {row.gate: row for row in found.certificates[name].gates}
        problems += [f"{name}: no row for {gate}" for gate in found.limits.gates if gate not in rows]
        mute = [gate for gate, row in rows.items() if row.value is None and not row.reason]
        problems += [f"{name}: {gate} has neither value nor reason" for gate in mute]
    return unless(problems, "every gate has a row with a value, or a status and a reason")


@statement(
    "P0.3",
    "C_multi, C_large and C_single implemented; membership reproducible from artifacts alone",
    "seed_metrics",
    "zone_counts",
)
def cohorts_reproduced(found: Evidence) -> Finding:
    problems, checked = [], 0
    for name in [*found.baselines, found.run]:
        for seed, metrics in found.seeds[name].items():
            counts = found.zone_counts[name][seed]
            if len(counts):
                checked += 1
                if membership_differs(metrics, counts, found.support):
                    problems.append(f"{name} seed {seed}: membership differs when recomputed")
    problems += [] if checked else ["no seed has rows"]
    return unless(problems, f"membership recomputed from zone counts on {checked} seeds")


@statement("P0.4", "Run-protocol and retention artifacts exist", "ledger")
def protocol_exists(found: Evidence) -> Finding:
    ledger = found.ledger
    problems = [] if found.baselines else ["no baseline is configured"]
    problems += [name for name in found.baselines if name not in ledger.baselines or not ledger.baselines[name].run_ids]
    problems += [] if ledger.retained else ["the ledger has no protocol or no retained set"]
    return unless(problems, "results/ledger.json holds protocol, retained set and baseline run ids")


@statement("P1.1", "Fallback and override rates emitted per run and per country", "seed_metrics", "governance_audit")
def rates_emitted(found: Evidence) -> Finding:
    problems = []
    for seed, metrics in found.own.items():
        block = metrics.s1_governance
        if not block or not {"fallback_rate", "override_rate"} <= set(block["rates"]):
            problems.append(f"seed {seed}: S1 reported no rates")
        elif set(block["fallback_by_country"]) - set(found.audit[seed]["country_iso"]):
            problems.append(f"seed {seed}: a country with fallback is not in the audit")
    return unless(problems, "rates per run and country on every seed")


@statement("P1.2", "Every cap breach aborts with its own reason code", "seed_metrics")
def breaches_coded(found: Evidence) -> Finding:
    problems = [f"{code} has no meaning" for code in GOVERNANCE_CODES if code not in found.reason_codes]
    breaches = 0
    for name in dict.fromkeys([*found.baselines, found.run]):
        for seed, metrics in found.seeds[name].items():
            expected, emitted = coded_breaches(metrics)
            breaches += len(expected)
            if expected != emitted:
                problems.append(f"{name} seed {seed}: expected {sorted(expected)}, found {sorted(emitted)}")
    return unless(problems, f"{breaches} breaches, each with its code and no code without breach")


@statement("P1.3", "Override provenance complete and schema-valid", "seed_metrics", "governance_audit")
def provenance_complete(found: Evidence) -> Finding:
    entries = {seed: metrics.metrics["provenance_missing"] for seed, metrics in found.own.items()}
    problems = [
        f"seed {seed}: {entry.reason or f'{entry.value} overrides incomplete'}"
        for seed, entry in entries.items()
        if entry.value != 0
    ]
    return unless(problems, "every active override says who and why")


@statement("P1.4", "Structural parity and legality not worse than P0", "seed_metrics")
def structure_kept(found: Evidence) -> Finding:
    if found.comparison.p0 is None:
        return Finding(True, "this run is a baseline: it is the measure")
    problems, gates = [], found.limits.gates
    for seed, metrics in found.own.items():
        before = found.seeds[found.comparison.p0].get(seed)
        held = before.checks["B"] if before else {}
        lost = [name for name, ok in metrics.checks["B"].items() if name not in gates and held.get(name) and not ok]
        problems += [f"seed {seed}: {name} held at P0" for name in lost]
    return unless(problems, "no structural check that held at P0 fails")


@statement("P2.1", "The scorer emits all hard-gate metrics and a verdict per seed", "seed_metrics")
def seeds_scored(found: Evidence) -> Finding:
    problems = [f"seed {seed} is missing" for seed in found.certificate.missing_seeds]
    for seed, metrics in found.own.items():
        lacking = [name for name in found.limits.gates if metrics.metrics[name].value is None]
        problems += [f"seed {seed}: {name} not computable" for name in lacking]
    return unless(problems, "every gate has a value and every seed a verdict")


@statement("P2.2", "The aggregate verdict is deterministic", "certification", "seed_metrics")
def verdict_deterministic(found: Evidence) -> Finding:
    certificate = found.certificate
    for order in (sorted(found.own), sorted(found.own, reverse=True)):
        seeds = {seed: found.own[seed] for seed in order}
        if judge(certificate.required_seeds, seeds, certificate.thresholds) != certificate.judgement:
            return Finding(False, "the verdict changes with the order of seeds")
    return Finding(True, "recomputed from the seeds' metrics in two orders")


@statement("P2.3", "Diagnostics for hotspot tracing emitted", "seed_diagnostics")
def diagnostics_emitted(found: Evidence) -> Finding:
    asked = ("share_matrix", "spatial_coupling", "concentration")
    blocks = {seed: found.diagnostics.get(seed, {}) for seed in found.own}
    problems = [f"seed {seed}: no {name}" for seed, block in blocks.items() for name in asked if name not in block]
    return unless(problems, "each diagnostic has values, or a status and a reason")


@statement("P3.1", "At least one bounded candidate improves failing realism axes against P0", "comparison")
def candidate_improves(found: Evidence) -> Finding:
    against = found.comparison.to_p0
    if against is None:
        return Finding(False, "no candidate: the run is a baseline")
    seeds = len(against.comparable)
    if against.improves:
        return Finding(True, f"{', '.join(against.improved_gates)} on {seeds} seeds")
    best = [
        f"{name} seed {seed} gains {move.gain:.3g} of {move.gap_to_b:.3g}"
        for seed, entry in against.seeds.items()
        for name, move in entry.movement.items()
        if move.gain is not None and move.gain > 0
    ]
    measured = "; ".join(best[:3]) if best else "no failing gate moves toward its band"
    return Finding(False, f"no gate counts on all {seeds} comparable seeds: {measured}")


@statement("P3.2", "The improvement is not bought with more overrides or fallback", "comparison")
def improvement_honest(found: Evidence) -> Finding:
    against = found.comparison.to_p0
    if against is None:
        return Finding(False, "no candidate: the run is a baseline")
    if not against.vetoes and not against.improves:
        return Finding(False, "there is no improvement")
    reasons = [f"seed {seed}: {why}" for seed, why in against.vetoes]
    return unless(reasons, "neither overrides nor fallback rise, nothing rests on leakage")


@statement("P3.3", "Structure, legality and determinism are as good as at P0", "certification", "seed_metrics")
def candidate_sound(found: Evidence) -> Finding:
    both = (structure_kept(found), verdict_deterministic(found))
    return unless([finding.why for finding in both if not finding.holds], "structure kept, verdict reproducible")


@statement("P4.1", "Hard-gate results of all required seeds published", "certification", "gate_table")
def results_published(found: Evidence) -> Finding:
    certificate = found.certificate
    problems = [f"seed {seed} is missing" for seed in certificate.missing_seeds]
    mute = set(certificate.required_seeds) - set(certificate.seed_failing_gates) - set(certificate.missing_seeds)
    problems += [f"seed {seed} has no gate results" for seed in sorted(mute)]
    return unless(problems, "gate results of every required seed stand in the certificate")


@statement("P4.2", "The final verdict is explicit", "certification")
def verdict_explicit(found: Evidence) -> Finding:
    status = found.certificate.status
    return Finding(status in VERDICTS, status)


@statement("P4.3", "If FAIL_REALISM: best-effort freeze with blocker set and reopen contract", "freeze_record")
def freeze_complete(found: Evidence) -> Finding:
    if found.certificate.passes:
        return Finding(True, "not needed: the run passes")
    record, problems = found.freeze, []
    if record.decision != "FREEZE_WITH_BLOCKERS":
        problems.append(f"decision is {record.decision}")
    if not record.blockers and not any(record.other_failed_checks.values()):
        problems.append("no blocker is named")
    if found.run not in record.retained:
        problems.append("the retained set does not name the run")
    if not record.reopen_contract["preconditions"]:
        problems.append("no precondition for reopening")
    return unless(problems, f"{len(record.blockers)} blockers with owner, reopen contract")


@statement("P4.4", "Retained run ids explicit; storage clean", "ledger")
def storage_clean(found: Evidence) -> Finding:
    problems = [f"superseded data of {name}" for name in found.ledger.superseded_with_data]
    if not found.ledger.retained.get(found.run):
        problems.append("the candidate's run ids are not retained")
    return unless(problems, "retained run ids listed, no superseded data")
