"""The plan's rerun matrix (certification.md §11), asserted on dry runs: exactly these rules, for every seed."""

from pathlib import Path

import pytest

from tests.dag.conftest import age, pending
from tests.tiny import SEEDS

# Diagnostics, comparison, page and ledgers follow scoring and certificate; the matrix is about states and verdict.
REPORTING = {
    *("diagnose_seed", "score_earth", "compare_runs", "watch_run", "build_report", "run_ledger", "phase_ledger"),
    *("publish_ledger", "certify", "map_sites", "build_index"),
}
AFTER_SCORE = {"certify_run"}
SCORE = {"score_seed"} | AFTER_SCORE
S4, S3 = {"s4_legality", "s5_bundle"} | SCORE, {"s3_timetable", "s4_legality", "s5_bundle"} | SCORE
S2 = {"s2_overrides"} | S3
S1 = {"s1_tz_lookup"} | S2
S0 = {"s0_gate"} | S1
PER_SEED = {"s0_gate", "s1_tz_lookup", "s2_overrides", "s3_timetable", "s4_legality", "s5_bundle", "score_seed"}

MATRIX = [
    ("scripts/states/s1_tz_lookup.py", S1),
    ("scripts/states/ladder.py", S1),
    ("scripts/states/s2_overrides.py", S2),
    ("scripts/states/s3_timetable.py", S3),
    ("scripts/reference/tzdb.py", S3),
    ("scripts/states/s4_legality.py", S4),
    ("scripts/states/s5_bundle.py", {"s5_bundle"} | SCORE),
    ("scripts/scoring/score_seed.py", SCORE),
    ("scripts/certification/certify_run.py", AFTER_SCORE),
    ("config/certification/gates.yaml", SCORE),
    ("config/policy/tz_nudge.yml", {"build_policy"} | S0),
    ("config/policy/tz_overrides.yaml", {"build_policy"} | S0),
]


@pytest.mark.parametrize(("changed", "expected"), MATRIX, ids=[name for name, _ in MATRIX])
def test_a_change_reruns_exactly_what_the_matrix_says(finished: Path, changed: str, expected: set[str]):
    age(finished / changed, 0)
    try:
        found = pending(finished)
    finally:
        age(finished / changed, -1000)
    assert set(found) - REPORTING == expected
    for rule in expected & PER_SEED:
        seeds = {part for path in found[rule] for part in path.split("/") if part.startswith("seed=")}
        assert seeds == {f"seed={seed}" for seed in SEEDS}, rule


@pytest.mark.parametrize("name", ["tz_world.parquet", "tzdata*.tar.gz"])
def test_new_polygons_and_new_tzdb_rerun_the_whole_chain(finished: Path, name: str):
    (path,) = (finished / "results/reference").rglob(name)
    age(path, 0)
    try:
        assert set(pending(finished)) >= S0
    finally:
        age(path, -500)
