"""Who holds a run back, by which rule, and which candidate counts (certification.md §9, P3)."""

import pandas as pd
import pytest

from scripts.certification import candidates
from scripts.certification.evidence import Evidence
from scripts.certification.phases import GOVERNANCE_CODES, breaches_coded, freeze_complete, lineage_pinned
from scripts.certification.watchlist import watch_rows
from scripts.lib.contracts import load_yaml
from scripts.scoring.diagnostics import audit_rows
from scripts.states.overrides import OverrideRow

GATES = load_yaml("config/certification/gates.yaml")
WHY = {"reason_code": "BORDER_OVERLAP", "owner": "segment-2A"}
OVERRIDES = [
    OverrideRow("mcc", "5411", "Europe/Paris", **WHY),
    OverrideRow("country", "RS", "Europe/Belgrade", **WHY | {"owner": "other"}, approved_by="board"),
]
OVERRIDDEN = {"RS": {"sites_total": 100, "overrides_total": 3, "override_rate": 0.03}}


def audited(s2):
    state = {"S1": {"governance": {"override_by_country": OVERRIDDEN}}, "S2": s2}
    return [
        (row["rule"], row["count"], row["rate"], row["owner"]) for row in audit_rows(state, OVERRIDES, "segment-2A")
    ]


def test_each_rule_has_its_own_row_and_count():
    rules = [
        {"country_iso": "RS", "rule": "country:RS", "count": 2},
        {"country_iso": "RS", "rule": "mcc:5411", "count": 1},
    ]
    assert audited({"governance": {"override_by_rule": rules}}) == [
        ("country:RS", 2, 0.02, "other"),
        ("mcc:5411", 1, 0.01, "segment-2A"),
    ]
    unused = [{"country_iso": "RS", "rule": "country:RS", "count": 3}]
    assert audited({"governance": {"override_by_rule": unused}}) == [("country:RS", 3, 0.03, "other")]


def test_without_s2_a_row_says_which_rules_it_can_have_been():
    assert audited({}) == [("mcc:5411 or country:RS", 3, 0.03, "segment-2A;other")]


def watched(overridden, limit=0.002):
    governance = {
        "fallback_count": 1,
        "fallback_by_country": {"MN": {"sites_total": 50, "fallback_total": 1, "fallback_rate": 0.02}},
        "override_by_country": {"CN": {"sites_total": 5000, "overrides_total": overridden, "override_rate": 0.008}},
    }
    seed = {"s1_governance": governance, "s1_sites_total": 10**9, "thresholds": {"override_rate": {"b": limit}}}
    nothing = pd.DataFrame(columns=["out_of_support_share"])
    return [(row["country_iso"], row["blocking"]) for row in watch_rows({42: seed}, {42: nothing}, GATES)]


def test_overrides_above_the_cap_block_and_come_before_what_does_not():
    assert watched(2_000_001) == [("CN", True), ("MN", False)]  # the emitted rate is 0.002: counts decide
    assert watched(2_000_000) == [("MN", False), ("CN", False)]
    assert watched(2_000_001, limit=0.1) == [("MN", False), ("CN", False)]  # an approved exception


ROW = {"gate": "fallback_rate", "axis": "governance", "op": "<=", "b_contract": 0.0005, "values": {"42": 0.0}}
CERTIFICATE = {"run": "p0", "gates": [ROW], "required_seeds": [42]}


def comparison(p0, parent):
    part = {"seeds": {}, "dropped_seeds": [], "comparable_seeds": 4, "improved_gates": ["x"], "improves": True}
    against = {name: part | {"accepted": ok, "vetoed": not ok} for name, ok in (("p0", p0), ("parent", parent))}
    return {"run": "candidate", "p0": "p0", "against": against}


def test_a_candidate_is_accepted_against_p0_only():
    assert "Accepted against P0: none." in candidates.report([CERTIFICATE], [comparison(False, True)])
    assert "Accepted against P0: candidate." in candidates.report([CERTIFICATE], [comparison(True, False)])


METRICS = "results/runs/{}/seed=42/metrics.json"


def evidence(**changes) -> Evidence:
    """Two baselines whose seeds' metrics are certified with the digest that was read, and a complete freeze record."""
    certificates = {
        name: {
            "status": "FAIL_REALISM",
            "missing_seeds": [],
            "fingerprints": {"42": "f"},
            "selected_seed_run_map": {"42": "r"},
            "evidence": [{"path": METRICS.format(name), "sha256": "a"}],
        }
        for name in ("one", "two")
    }
    freeze = {
        "decision": "FREEZE_WITH_BLOCKERS",
        "blockers": [{}],
        "retained": {"one": {"42": "r"}},
        "reopen_contract": {"preconditions": ["x"]},
    }
    nothing = dict.fromkeys(Evidence.__dataclass_fields__)
    digests = {METRICS.format(name): "a" for name in certificates}
    found = {"run": "one", "baselines": ["one", "two"], "certificates": certificates, "freeze": freeze}
    return Evidence(**nothing | found | {"digests": digests} | changes)


def test_lineage_is_pinned_by_the_digests_that_were_read():
    assert lineage_pinned(evidence())[0]
    for digests in ({}, {METRICS.format("one"): "a"}, {METRICS.format(name): "b" for name in ("one", "two")}):
        assert not lineage_pinned(evidence(digests=digests))[0]


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
    block = {
        "caps": {"fallback_rate_cap": 0.0005, "override_rate_cap": 0.002},
        "fallback_count": fallbacks,
        "fallback_country_violations": countries,
        "override_by_country": {},
    }
    metrics = {"s1_governance": block, "s1_sites_total": 10_000, "error_codes": {"S1": codes}}
    seeds = {"one": {42: metrics}, "two": {}}
    assert breaches_coded(evidence(seeds=seeds, reason_codes=dict.fromkeys(GOVERNANCE_CODES)))[0] is holds


def test_a_freeze_record_names_what_is_retained():
    assert freeze_complete(evidence())[0]
    record = evidence().freeze | {"retained": {"two": {"42": "r"}}}
    assert "retained set" in freeze_complete(evidence(freeze=record))[1]
