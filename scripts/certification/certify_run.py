"""Reduce the seeds of one run to one certificate, verdict and freeze record (certification.md §6, §8, §9, §14)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import pandas as pd

from scripts.certification.approved import approvals_of
from scripts.certification.caveats import run_caveats
from scripts.certification.certificate import Certificate, FileDigest
from scripts.certification.comparison import Comparison
from scripts.certification.deciding import decided_by, verdict_lines
from scripts.certification.freeze_record import freeze
from scripts.certification.gate_table import Scorecards, gate_rows
from scripts.certification.triage import Triage, actions
from scripts.certification.verdict import Seeds, judge
from scripts.lib.contracts import dataset_path, load_yaml
from scripts.lib.files import read_json, write_json, write_text
from scripts.lib.records import plain, plain_fields, record
from scripts.lib.text_tables import read_csv, write_csv
from scripts.scoring.cohorts import Cohorts
from scripts.scoring.country_table import ENTROPY_NORM_FORMULA
from scripts.scoring.gates import Limits, read_limits
from scripts.scoring.plan import Plan, looser, plan_caveats, read_plan
from scripts.scoring.seed_metrics import read_seeds


class Scope(NamedTuple):
    """What a certificate is about."""

    run: str
    authority: str
    upstream_of_record: list[dict[str, str]]
    required_seeds: list[int]
    not_certifiable: str | None


class Rules(NamedTuple):
    """What a run is judged and explained by: config/certification, its governance; mappings as the files have them."""

    plan: Plan
    limits: Limits
    triage: Triage
    cohorts: Mapping[str, Any]
    metrics: Mapping[str, Mapping[str, Any]]
    governance: Mapping[str, Any]


def main(
    *,
    seed_metrics: list[str],
    earth: list[str],
    zone_counts: list[str],
    diagnostics: list[str],
    comparison: str,
    plan: str,
    gates: str,
    cohorts: str,
    triage: str,
    metrics: str,
    facts: str,
    correction_budget: str,
    governance: str,
    reopen_record: list[str],
    progression: list[str],
    certification: str,
    gate_table: str,
    freeze_record: str,
    verdict: str,
    run: str,
    authority: str,
    required_seeds: list[int],
    not_certifiable: str | None,
    retained: dict[str, dict[str, str]],
) -> None:
    contents = map(load_yaml, (cohorts, metrics, governance))
    rules = Rules(read_plan(plan), read_limits(gates), record(Triage, load_yaml(triage)), *contents)
    seeds = read_seeds(seed_metrics)
    read = sorted([*seed_metrics, *earth, *zone_counts, *diagnostics, comparison])
    certificate = certify(
        Scope(run, authority, load_yaml(facts)["upstream_of_record"], required_seeds, not_certifiable),
        rules,
        seeds=seeds,
        counts=dict(zip(seeds, map(read_csv, zone_counts), strict=True)),
        earth={entry["seed"]: entry for entry in map(read_json, earth)},
        compared=record(Comparison, read_json(comparison)),
        evidence=[FileDigest.of(path) for path in read],
    )
    approvals = approvals_of(certificate.caveats, reopen_record, progression)
    certificate = replace(certificate, approvals=approvals, decided_by=decided_by(certificate))
    write_json(certification, plain(certificate))
    # Twelve digits: the table is evidence that others check by digest, and the last digits of a logarithm are a CPU's.
    write_csv(gate_table, pd.DataFrame([row.flat(required_seeds) for row in certificate.gates]), digits=12)
    write_json(freeze_record, plain(freeze(certificate, rules.triage, retained, read_json(correction_budget))))
    write_text(verdict, verdict_lines(certificate, dataset_path("report", run=run)))


def certify(
    scope: Scope,
    rules: Rules,
    *,
    seeds: Seeds,
    counts: Mapping[int, pd.DataFrame],
    earth: Scorecards,
    compared: Comparison,
    evidence: list[FileDigest],
) -> Certificate:
    """The certificate of a run, but for its approvals and what decided it.

    `counts` are sites by country and zone, `evidence` the files that all was read from.
    """
    judgement = judge(scope.required_seeds, seeds, rules.limits, certifiable=scope.not_certifiable is None)
    scored = {seed: seeds[seed] for seed in scope.required_seeds if seed in seeds}
    first = next(iter(scored.values()), None)
    return Certificate(
        **vars(judgement),
        **scope._asdict(),
        missing_seeds=[seed for seed in scope.required_seeds if seed not in seeds],
        selected_seed_run_map={seed: entry.run_id for seed, entry in seeds.items()},
        fingerprints={seed: entry.manifest_fingerprint for seed, entry in seeds.items()},
        seed_verdicts={seed: entry.verdict for seed, entry in scored.items()},
        seed_failing_gates={seed: entry.failing_gates for seed, entry in scored.items()},
        seed_error_codes={seed: entry.codes for seed, entry in scored.items()},
        thresholds=rules.limits,
        cohort_contract=cohort_contract(first.cohort_definitions) if first else {},
        gates=gate_rows(
            scope.required_seeds, seeds, earth, cvs=judgement.stability, limits=rules.limits, registry=rules.metrics
        ),
        fallback_exempt={seed: entry.fallback_exempt for seed, entry in scored.items()},
        approvals=[],
        coverage={seed: entry.coverage for seed, entry in scored.items()},
        reference=first.reference if first else {},
        caveats=[
            *plan_caveats(rules.plan, scope.required_seeds, plain(rules.limits), rules.cohorts),
            *run_caveats(seeds, counts, earth, rules.limits),
            *looser(rules.plan.governance, rules.governance, "governance.yaml"),
        ],
        triage=actions(judgement.failing_gates, scored, rules.triage),
        comparison={name: against.accepted for name, against in compared.against.items()},
        evidence=evidence,
        decided_by=[],
    )


def cohort_contract(cohorts: Cohorts) -> dict[str, Any]:
    """The definitions that the seeds were scored by, under the names of certification.md §9 as well."""
    return plain_fields(cohorts) | {
        "c_multi_site_count_min": cohorts.c_multi.min_sites.value,
        "c_multi_support_min": cohorts.c_multi.min_support.value,
        "c_large_site_count_min": cohorts.c_large.min_sites.value,
        "entropy_norm_formula": ENTROPY_NORM_FORMULA,
    }


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
