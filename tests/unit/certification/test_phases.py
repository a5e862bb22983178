"""Statements of the phases on planted evidence: what opens each, and which phase may start (certification.md §10)."""

from dataclasses import fields, replace

import pandas as pd
import pytest

from scripts.certification.certificate import FileDigest
from scripts.certification.freeze_record import FreezeRecord, freeze
from scripts.certification.phase_evidence import Evidence
from scripts.certification.phase_ledger import Judged, as_markdown, progression
from scripts.certification.phases import (
    STATEMENTS,
    breaches_coded,
    freeze_complete,
    lineage_pinned,
    provenance_complete,
    seeds_scored,
    verdict_deterministic,
)
from scripts.certification.triage import Triage
from scripts.certification.verdict import judge
from scripts.lib.contracts import load_yaml
from scripts.lib.records import plain, record
from scripts.scoring.cohorts import add_cohorts, cohort_metrics
from scripts.scoring.country_table import country_table
from scripts.scoring.metric_value import MetricValue
from tests.unit.certification.nouns import (
    COHORTS,
    LIMITS,
    NOTHING,
    SEEDS,
    certificate,
    gate_row,
    governance,
    seed_metrics,
)

UNCOUNTED = dict.fromkeys(SEEDS, pd.DataFrame())
METRICS = "results/runs/{}/seed=42/metrics.json"
TRIAGE = record(Triage, load_yaml("config/certification/triage.yaml"))


def evidence(**changes) -> Evidence:
    """Two baselines whose seeds' metrics are certified with the digest that was read, and a complete freeze record."""
    certified = [FileDigest(METRICS.format(name), "a") for name in ("one", "two")]
    certificates = {
        name: certificate(name, evidence=[file], gates=[gate_row()])
        for name, file in zip(("one", "two"), certified, strict=True)
    }
    found = {
        "run": "one",
        "baselines": ["one", "two"],
        "certificates": certificates,
        "freeze": freeze(certificates["one"], TRIAGE, {"one": {"42": "r"}}, {}),
        "files": {"seed_metrics": certified, "zone_counts": []},
    }
    nothing = dict.fromkeys(field.name for field in fields(Evidence))
    return Evidence(**nothing | found | changes)


def test_the_table_has_the_statements_of_the_plan():
    plan = {"P0": 4, "P1": 4, "P2": 3, "P3": 3, "P4": 4}
    assert [entry.id for entry in STATEMENTS] == [f"{p}.{n}" for p, count in plan.items() for n in range(1, count + 1)]
    assert all(entry.text for entry in STATEMENTS)  # their words are docstrings


def test_lineage_is_pinned_by_the_digests_that_were_read():
    assert lineage_pinned(evidence()).holds
    one, two = evidence().files["seed_metrics"]
    for files in ([], [one], [replace(one, sha256="b"), two]):
        assert not lineage_pinned(evidence(files={"seed_metrics": files, "zone_counts": []})).holds


@pytest.mark.parametrize(
    ("fallbacks", "countries", "codes", "holds"),
    [
        (0, [], [], True),
        (6, [], ["2A-S1-090"], True),
        (6, [], [], False),
        (0, ["CN"], ["2A-S1-091"], True),
        (0, ["CN"], [], False),
        (0, [], ["2A-S1-090"], False),
    ],
)
def test_every_breach_has_its_code_and_no_code_is_without_breach(fallbacks, countries, codes, holds):
    block = governance(fallbacks, fallback_country_violations=countries)
    seeds = {"one": {42: seed_metrics(s1_governance=block, error_codes={"S1": codes})}, "two": {}}
    assert breaches_coded(evidence(seeds=seeds)).holds is holds


def test_a_verdict_is_worked_out_again():
    seeds = {seed: seed_metrics(seed) for seed in SEEDS}
    true = certificate("one", **vars(judge(SEEDS, seeds, LIMITS)), required_seeds=SEEDS)
    for found, holds in ((true, True), (replace(true, status="PASS_B"), False)):
        planted = evidence(certificates={"one": found}, seeds={"one": seeds}, zone_counts={"one": UNCOUNTED})
        assert verdict_deterministic(planted).holds is holds


def test_a_seed_is_scored_again_from_its_zone_counts():
    """Top-1 is 300 of 600 in NZ and 90 of 120 in CN: the median is 0.625."""
    rows = [("CN", "Asia/Shanghai", 90), ("CN", "Asia/Urumqi", 30), ("NZ", "Pacific/Auckland", 300)]
    counts = pd.DataFrame([*rows, ("NZ", "Pacific/Chatham", 300)], columns=["country_iso", "tzid", "sites"])
    again = cohort_metrics(add_cohorts(country_table(counts, counts), COHORTS))
    assert again["c_multi_median_top1_share"].value == 0.625
    scored = {seed: seed_metrics(seed) for seed in SEEDS}
    scored = {seed: replace(found, metrics=found.metrics | again) for seed, found in scored.items()}
    one = certificate("one", **vars(judge(SEEDS, scored, LIMITS)), required_seeds=SEEDS)
    planted = {"certificates": {"one": one}, "zone_counts": {"one": dict.fromkeys(SEEDS, counts)}, "support": counts}
    assert verdict_deterministic(evidence(seeds={"one": scored}, **planted)).holds
    forged = scored[7].metrics | {"c_multi_median_top1_share": MetricValue(0.6249, 2)}
    found = verdict_deterministic(evidence(seeds={"one": scored | {7: replace(scored[7], metrics=forged)}}, **planted))
    assert "seed 7: another scoring gives another c_multi_median_top1_share" in found.why


def test_a_seed_that_its_codes_stopped_is_scored_with_verdict_and_reasons():
    nothing = dict.fromkeys(LIMITS.gates, NOTHING)
    stopped = seed_metrics(101, metrics=nothing, error_codes={"S1": ["2A-S1-090"]})
    seeds = {"one": {42: seed_metrics(), 101: stopped}}
    assert "stopped by their codes: 101" in seeds_scored(evidence_of(seeds)).why
    assert seeds_scored(evidence_of(seeds)).holds and provenance_complete(evidence_of(seeds)).holds
    mute = {"one": {42: seed_metrics(metrics=nothing)}}
    assert not seeds_scored(evidence_of(mute)).holds and not provenance_complete(evidence_of(mute)).holds


def evidence_of(seeds) -> Evidence:
    return evidence(seeds=seeds, limits=LIMITS)


def test_a_freeze_record_names_what_is_retained():
    assert freeze_complete(evidence()).holds
    found = replace(evidence().freeze, retained={"two": {"42": "r"}})
    assert "retained set" in freeze_complete(evidence(freeze=found)).why


def test_a_freeze_record_is_written_and_read_back():
    written = plain(evidence().freeze)
    (blocker,) = written["blockers"]
    assert blocker["gap_to_b"] == {"42": pytest.approx(0.03)}
    assert plain(record(FreezeRecord, written)) == written


def judged(number: str, holds: bool) -> Judged:
    return Judged(number, "s", holds, "w", [])


def test_a_done_phase_after_an_open_one_is_out_of_order():
    found = [judged("P3.1", False), judged("P3.2", True), judged("P4.1", True)]
    phases = progression(found)
    assert (phases["P3"].open, phases["P4"].blocked_by, phases["P4"].may_start) == (["P3.1"], ["P3.1"], False)
    lines = as_markdown("run", found, phases)
    assert "* P3: open: P3.1\n" in lines
    assert "* P4: statements hold; out of order until P3.1\n" in lines
