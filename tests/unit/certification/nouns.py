"""Nouns of certification as tests need them: good in everything but what the test names."""

from dataclasses import replace
from typing import Any

from scripts.certification.certificate import Certificate
from scripts.certification.gate_table import GateRow
from scripts.scoring.cohorts import read_cohorts
from scripts.scoring.gates import read_limits, seed_checks
from scripts.scoring.metric_value import MetricValue
from scripts.scoring.seed_metrics import Coverage, SeedMetrics, SiteRows
from scripts.scoring.variants import ROWS_OF

SEEDS = [42, 7, 101, 202]
LIMITS = read_limits("config/certification/gates.yaml")
COHORTS = read_cohorts("config/certification/cohorts.yaml")
STATES = [f"S{number}" for number in range(6)]
NOTHING = MetricValue(None, 0, "no rows")


def governance(fallback: int = 0, overridden: int = 0, **changes: Any) -> dict[str, Any]:
    """S1's block for 10,000 sites of RS, with so many rows that fell back and that were overridden."""
    caps = {"fallback_rate_cap": 0.0005, "override_rate_cap": 0.002}
    rows = {"fallback": ("fallback", fallback), "override": ("overrides", overridden)}
    by_country = {
        f"{name}_by_country": {"RS": {"sites_total": 10_000, f"{plural}_total": count}} if count else {}
        for name, (plural, count) in rows.items()
    }
    rates = {f"{name}_rate": count / 10_000 for name, (_, count) in rows.items()}
    return {"caps": caps, "rates": rates, "fallback_country_violations": [], **by_country} | changes


def seed_metrics(seed: int = 42, *, failing: tuple[str, ...] = (), values: Any = None, **changes: Any) -> SeedMetrics:
    """A seed that holds every gate but those that `values` miss, and every check but `failing`."""
    best = {name: float(gate.bplus) for name, gate in LIMITS.gates.items()} | (values or {})
    metrics = {name: NOTHING if value is None else MetricValue(value, 9) for name, value in best.items()}
    checks = seed_checks(metrics, {"s5_digest_matches_flag": True} | dict.fromkeys(failing, False), LIMITS)
    good = SeedMetrics(
        seed=seed,
        run_id=f"{seed:032x}",
        manifest_fingerprint=f"{seed:064x}",
        site_locations_sha256=f"{seed:064x}",
        site_rows=SiteRows(f"{seed:064x}", f"{seed:064x}"),
        reference={},
        sites_total=10_000,
        state_status=dict.fromkeys(STATES, "pass"),
        error_codes={state: [] for state in STATES},
        warning_codes={state: [] for state in STATES},
        s1_governance=governance(),
        s1_sites_total=10_000,
        cohort_definitions=COHORTS,
        cohort_counts={"C_multi": 1, "C_large": 0},
        cohort_members={"C_multi": ["RS"], "C_large": []},
        coverage=Coverage(9_000, 1_000, {}),
        reported_cohorts={},
        metrics=metrics,
        variants={name: dict.fromkeys(ROWS_OF, metrics[name]) for name in LIMITS.realism},
        c_large_readings={},
        polygon_support=None,
        reach_2a={},
        thresholds={name: {"b": gate.b, "bplus": gate.bplus} for name, gate in LIMITS.gates.items()},
        caveats=[],
        checks=checks,
    )
    return replace(good, **changes)


def gate_row(gate: str = "c_multi_median_top1_share", **changes: Any) -> GateRow:
    """The row of a gate that seed 42 misses."""
    asked = LIMITS.gates.get(gate, LIMITS.gates["c_multi_median_top1_share"])
    row = GateRow(
        gate=gate,
        axis=asked.axis,
        op=asked.op,
        b=asked.b,
        bplus=asked.bplus,
        b_contract=asked.b,
        values={42: 0.95},
        n={42: 9},
        worst_seed=42,
        value=0.95,
        reason=None,
        question="?",
        unit="share",
        range=[0, 1],
        better="lower",
        n_of="countries",
    )
    return replace(row, **changes)


def certificate(run: str = "planted", **changes: Any) -> Certificate:
    """A failed certificate of seed 42 that names no cause."""
    found = Certificate(
        status="FAIL_REALISM",
        run=run,
        authority="planted",
        required_seeds=[42],
        selected_seed_run_map={42: "a" * 32},
        fingerprints={42: "b" * 64},
        seed_verdicts={42: "FAIL_REALISM"},
        seed_failing_gates={42: {"B": [], "BPLUS": []}},
        seed_error_codes={42: []},
        thresholds=LIMITS,
        not_certifiable=None,
        decided_by=["x"],
        **{name: [] for name in ("failing_gates", "upstream_of_record", "missing_seeds", "gates", "approvals")},
        **{name: [] for name in ("caveats", "triage", "evidence")},
        **{name: {} for name in ("checks", "stability", "cohort_contract", "coverage", "reference")},
        **{name: {} for name in ("fallback_exempt", "comparison")},
    )
    return replace(found, **changes)
