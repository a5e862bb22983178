"""The plan's Definition-of-Done statements, each judged from the evidence that it names (certification.md §10)."""

from collections.abc import Callable
from typing import NamedTuple

from scripts.certification.comparison import structure_lost
from scripts.certification.phase_evidence import Evidence
from scripts.certification.trials import Finding, candidate_improves, candidates_sound, improvement_honest, unless
from scripts.lib.errors import reason_codes
from scripts.scoring.cohorts import cohort_counts, cohort_members, cohort_metrics
from scripts.scoring.gates import VERDICTS
from scripts.scoring.metric_value import exact
from scripts.scoring.seed_metrics import SeedMetrics

CAP_CODES = {"fallback_rate": "2A-S1-090", "country": "2A-S1-091", "override_rate": "2A-S1-092"}
GOVERNANCE_CODES = (*CAP_CODES.values(), "2A-S2-090", "2A-S2-091")
Check = Callable[[Evidence], Finding]


class Statement(NamedTuple):
    """One row of the table: its number, the plan's words, the evidence that it is judged by, and how."""

    id: str
    text: str
    evidence: tuple[str, ...]
    check: Check


STATEMENTS: list[Statement] = []


def statement(number: str, *evidence: str) -> Callable[[Check], Check]:
    """Enter a check into the table; the plan's words are its docstring."""

    def enter(check: Check) -> Check:
        STATEMENTS.append(Statement(number, (check.__doc__ or "").rstrip("."), evidence, check))
        return check

    return enter


@statement("P0.1", "baseline_certifications", "seed_metrics", "zone_counts")
def lineage_pinned(found: Evidence) -> Finding:
    """Baseline lineage pinned: run ids, fingerprints and hashes of both baselines."""
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


@statement("P0.2", "baseline_certifications")
def axes_tabled(found: Evidence) -> Finding:
    """A metrics table exists for every hard-gate axis of both baselines."""
    problems = [] if found.baselines else ["no baseline is configured"]
    for name in found.baselines:
        rows = {row.gate: row for row in found.certificates[name].gates}
        problems += [f"{name}: no row for {gate}" for gate in found.limits.gates if gate not in rows]
        mute = [gate for gate, row in rows.items() if row.value is None and not row.reason]
        problems += [f"{name}: {gate} has neither value nor reason" for gate in mute]
    return unless(problems, "every gate has a row with a value, or a status and a reason")


@statement("P0.3", "seed_metrics", "zone_counts")
def cohorts_reproduced(found: Evidence) -> Finding:
    """C_multi, C_large and C_single implemented; membership reproducible from artifacts alone."""
    problems, checked = [], 0
    for name in [*found.baselines, found.run]:
        for seed, metrics in found.seeds[name].items():
            table = found.recounted(name, seed)
            if table is not None:
                checked += 1
                if (cohort_members(table), cohort_counts(table)) != (metrics.cohort_members, metrics.cohort_counts):
                    problems.append(f"{name} seed {seed}: membership differs when recomputed")
    problems += [] if checked else ["no seed has rows"]
    return unless(problems, f"membership recomputed from zone counts on {checked} seeds")


@statement("P0.4", "ledger")
def protocol_exists(found: Evidence) -> Finding:
    """Run-protocol and retention artifacts exist."""
    pinned = {name for name, entry in found.ledger.baselines.items() if entry["run_ids"]}
    problems = [] if found.baselines else ["no baseline is configured"]
    problems += [name for name in found.baselines if name not in pinned]
    problems += [] if found.ledger.retained else ["the ledger has no protocol or no retained set"]
    return unless(problems, "results/ledger.json holds protocol, retained set and baseline run ids")


@statement("P1.1", "seed_metrics", "governance_audit")
def rates_emitted(found: Evidence) -> Finding:
    """Fallback and override rates emitted per run and per country."""
    problems = []
    for seed, metrics in found.own.items():
        block = metrics.s1_governance
        if not block or not {"fallback_rate", "override_rate"} <= set(block["rates"]):
            problems.append(f"seed {seed}: S1 reported no rates")
        elif set(block["fallback_by_country"]) - set(found.audit[seed]["country_iso"]):
            problems.append(f"seed {seed}: a country with fallback is not in the audit")
    return unless(problems, "rates per run and country on every seed")


@statement("P1.2", "seed_metrics")
def breaches_coded(found: Evidence) -> Finding:
    """Every cap breach aborts with its own reason code."""
    problems = [f"{code} has no meaning" for code in GOVERNANCE_CODES if code not in reason_codes()]
    breaches = 0
    for name in dict.fromkeys([*found.baselines, found.run]):
        for seed, metrics in found.seeds[name].items():
            expected, emitted = coded_breaches(metrics)
            breaches += len(expected)
            if expected != emitted:
                problems.append(f"{name} seed {seed}: expected {sorted(expected)}, found {sorted(emitted)}")
    return unless(problems, f"{breaches} breaches, each with its code and no code without breach")


def coded_breaches(metrics: SeedMetrics) -> tuple[set[str], set[str]]:
    """Codes of S1's caps that its counts breach, and those of them that it emitted; none where it did not count."""
    block, rows = metrics.s1_governance, metrics.policy_rows
    if not block or not rows:
        return set(), set()
    rates = {"fallback_rate": rows.fallback_rate, "override_rate": rows.override_rate}
    expected = {CAP_CODES[name] for name, rate in rates.items() if rate > exact(block["caps"][f"{name}_cap"])}
    expected |= {CAP_CODES["country"]} if block["fallback_country_violations"] else set()
    return expected, set(metrics.error_codes["S1"]) & set(CAP_CODES.values())


@statement("P1.3", "seed_metrics", "governance_audit")
def provenance_complete(found: Evidence) -> Finding:
    """Override provenance complete and schema-valid."""
    problems, judged = [], 0
    for seed, metrics in found.own.items():
        entry = metrics.metrics["provenance_missing"]
        judged += entry.value is not None
        if entry.value is None and not metrics.codes:
            problems.append(f"seed {seed}: {entry.reason}")
        elif entry.value:
            problems.append(f"seed {seed}: {entry.value:g} overrides incomplete")
    problems += [] if judged else ["no seed was judged"]
    return unless(problems, "every active override says who and why")


@statement("P1.4", "seed_metrics")
def structure_kept(found: Evidence) -> Finding:
    """Structural parity and legality not worse than P0."""
    if found.comparison.p0 is None:
        return Finding(True, "this run is a baseline: it is the measure")
    problems = [
        f"seed {seed}: {name} held at P0"
        for seed, metrics in found.own.items()
        if (before := found.seeds[found.comparison.p0].get(seed))
        for name in structure_lost(before, metrics, found.limits)
    ]
    return unless(problems, "no structural check that held at P0 fails")


@statement("P2.1", "seed_metrics")
def seeds_scored(found: Evidence) -> Finding:
    """The scorer emits all hard-gate metrics and a verdict per seed."""
    # A seed that a state stopped with its code has verdict and reasons instead of values (certification.md A13).
    problems = [f"seed {seed} is missing" for seed in found.certificate.missing_seeds]
    stopped = [seed for seed, metrics in found.own.items() if metrics.codes]
    for seed, metrics in found.own.items():
        lacking = [name for name in found.limits.gates if metrics.metrics[name].value is None]
        problems += [f"seed {seed}: {name} not computable" for name in lacking if seed not in stopped]
        problems += [f"seed {seed}: {name} has no reason" for name in lacking if not metrics.metrics[name].reason]
    scored = "every gate has a value and every seed a verdict"
    return unless(problems, f"{scored}; stopped by their codes: {', '.join(map(str, stopped))}" if stopped else scored)


@statement("P2.2", "certification", "seed_metrics", "zone_counts")
def verdict_deterministic(found: Evidence) -> Finding:
    """The aggregate verdict is deterministic."""
    # Scored again from the counts, and reduced again in two orders.
    problems = []
    for seed, metrics in found.own.items():
        table = found.recounted(found.run, seed)
        again = {} if table is None else cohort_metrics(table)
        differing = [name for name in again if again[name].value != metrics.metrics[name].value]
        problems += [f"seed {seed}: another scoring gives another {name}" for name in differing]
    for order in (sorted(found.own), sorted(found.own, reverse=True)):
        if not found.certificate.follows_from({seed: found.own[seed] for seed in order}):
            problems.append(f"the seeds in the order {', '.join(map(str, order))} give another verdict")
    return unless(problems, "scored again from the zone counts, reduced again in two orders: the same verdict")


@statement("P2.3", "seed_diagnostics")
def diagnostics_emitted(found: Evidence) -> Finding:
    """Diagnostics for hotspot tracing emitted."""
    asked = ("share_matrix", "spatial_coupling", "concentration")
    blocks = {seed: found.diagnostics.get(seed, {}) for seed in found.own}
    problems = [f"seed {seed}: no {name}" for seed, block in blocks.items() for name in asked if name not in block]
    return unless(problems, "each diagnostic has values, or a status and a reason")


@statement("P3.1", "p3_comparisons")
def a_candidate_improves(found: Evidence) -> Finding:
    """At least one bounded candidate on a frozen upstream improves failing realism axes against P0."""
    return candidate_improves(found.p3)


@statement("P3.2", "p3_comparisons")
def an_improvement_is_honest(found: Evidence) -> Finding:
    """The improvement is not bought: caps hold, and the gain stays without the rows they touched."""
    return improvement_honest(found.p3)


@statement("P3.3", "p3_comparisons", "certification", "seed_metrics")
def candidates_are_sound(found: Evidence) -> Finding:
    """Structure, legality and determinism are as good as at P0."""
    both = (candidates_sound(found.p3), verdict_deterministic(found))
    return unless([finding.why for finding in both if not finding.holds], both[0].why + ", verdict reproducible")


@statement("P4.1", "certification", "gate_table")
def results_published(found: Evidence) -> Finding:
    """Hard-gate results of all required seeds published."""
    certificate = found.certificate
    problems = [f"seed {seed} is missing" for seed in certificate.missing_seeds]
    mute = set(certificate.required_seeds) - set(certificate.seed_failing_gates) - set(certificate.missing_seeds)
    problems += [f"seed {seed} has no gate results" for seed in sorted(mute)]
    return unless(problems, "gate results of every required seed stand in the certificate")


@statement("P4.2", "certification")
def verdict_explicit(found: Evidence) -> Finding:
    """The final verdict is explicit."""
    status = found.certificate.status
    return Finding(status in VERDICTS, status)


@statement("P4.3", "freeze_record")
def freeze_complete(found: Evidence) -> Finding:
    """If FAIL_REALISM: best-effort freeze with blocker set and reopen contract."""
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


@statement("P4.4", "ledger")
def storage_clean(found: Evidence) -> Finding:
    """Retained run ids explicit; storage clean."""
    if found.p3.p0 is None:
        return Finding(False, "a baseline: storage is judged in the ledgers of its candidates")
    problems = [f"superseded data of {name}" for name in found.ledger.superseded_with_data]
    if not found.ledger.retained.get(found.run):
        problems.append("the candidate's run ids are not retained")
    return unless(problems, "retained run ids listed, no superseded data")
