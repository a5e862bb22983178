"""What the rules ask of the project, on a small family of runs worked by hand."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts.lib.candidate import Candidate
from scripts.lib.pins import SeedPins
from scripts.upstream.authority import Authority
from scripts.workflow.project import Project, carried_files
from scripts.workflow.upkeep import beside

MAP = "reference/layer1/merchant_mcc_map/v1/merchant_mcc_map.parquet"


def pins(seed: int, **files: str) -> SeedPins:
    return SeedPins(seed, f"run{seed}", f"{seed:064x}", "p", "2026-01-30T00:00:00.000000Z", files)


def candidate(name: str, parent: str | None, lane: str, authority: str = "frozen", **more) -> Candidate:
    return Candidate(name, parent, lane, authority, "A test.", (42, 7, 9), {}, **more)


FROZEN = Authority("frozen", "replica", "", {7: pins(7), 42: pins(42)}, facts="facts.yaml")
OWN = Authority("own", "import", "", {42: pins(42, **{MAP: "d"})}, roots={42: "inputs/42"})
FAMILY = [
    candidate("published", None, "P0", "own"),
    candidate("p0", None, "P0"),
    candidate("p1", "p0", "P1"),
    candidate("p3", "p1", "P3"),
    candidate("p4", "p3", "P4", "own", reopen="example_1b_representative_placement"),
]
CONFIG = {
    "candidate": "p3",
    "baselines": ["published", "p0"],
    "frozen_authorities": ["frozen"],
    "last_good": None,
    "seeds": [42, 7, 101],
    "reference": {"tz_world": {"release": "2026c"}, "tzdb": {"release": "2026b"}, "places": {"release": "geo-3"}},
}
PROJECT = Project(CONFIG, {entry.name: entry for entry in FAMILY}, {"frozen": FROZEN, "own": OWN})


def of(run: str = "p3", seed: int = 42, authority: str = "own") -> SimpleNamespace:
    """The wildcards of a job."""
    return SimpleNamespace(run=run, seed=str(seed), authority=authority, manifest_fingerprint="f")


def test_a_release_is_the_one_of_the_source():
    assert PROJECT.shared("lookup_index") == "results/reference/reference/spatial/tz_world/2026c/lookup_index.bin"
    assert PROJECT.shared("country_zones").endswith("/2026b/country_zones.parquet")
    assert PROJECT.shared("populated_places").endswith("/geo-3/populated_places.parquet")
    reference = {"tz_world_2025a": "2026c", "lookup_index": "2026c", "tzdb_release": "2026b", "country_zones": "2026b"}
    assert PROJECT.releases(of("p3")) == reference
    assert PROJECT.releases(of("p4")) == reference | {"merchant_mcc_map": "v1"}


def test_paths_of_the_upstream_that_a_run_reads():
    root = "results/upstream/own/seed=42/manifest_fingerprint=f"
    assert PROJECT.of_seed("run_receipt_1B")(of("p4")) == f"{root}/run_receipt.json"
    assert PROJECT.pinned("merchant_mcc_map")(of("p4")) == [f"{root}/{MAP}"]
    assert PROJECT.pinned("merchant_mcc_map")(of("p3")) == []
    assert PROJECT.pins_of_run(of("p3", seed=7)) == "config/authority/pins/frozen/7.json"
    assert PROJECT.pins(of()) == "config/authority/pins/own/42.json"
    assert PROJECT.facts(of(authority="frozen")) == "facts.yaml"


PARTS = [f"data/layer1/1B/site_locations/seed=42/manifest_fingerprint={42:064x}/part-0000{n}.parquet" for n in (0, 1)]


def test_rules_name_every_pinned_part_of_the_sites():
    own = replace(OWN, seeds={42: pins(42, **dict.fromkeys([*reversed(PARTS), "run_receipt.json"], "d"))})
    project = replace(PROJECT, authorities={"frozen": FROZEN, "own": own})
    root = "results/upstream/own/seed=42/manifest_fingerprint=f"
    assert project.pinned("site_locations")(of("p4")) == [f"{root}/{part}" for part in PARTS]
    assert project.imports() == [(own, own.seeds[42])]
    below = "results/upstream/{authority}/seed={seed}/manifest_fingerprint={manifest_fingerprint}"
    assert project.imported_parts(own, 42) == {"site_locations": [f"{below}/{part}" for part in PARTS]}


def test_authorities_of_a_kind_are_a_wildcard_constraint():
    assert PROJECT.names_of_kind("replica") == "frozen"
    assert replace(PROJECT, authorities={}).names_of_kind("import") == "(?!)"  # which matches nothing


def test_only_an_upstream_that_is_not_frozen_asks_for_a_reopen_record():
    assert PROJECT.reopens(of("p3")) == "" and PROJECT.reopen_record(of("p3")) == []
    assert PROJECT.reopens(of("p4")) == "own"
    (record,) = PROJECT.reopen_record(of("p4"))
    assert record == "config/reopen/example_1b_representative_placement.yaml"
    assert all(path.startswith("results/") for path in PROJECT.reopen_evidence(of("p4")))


def test_seeds_follow_the_candidate_as_far_as_the_upstream_carries_them():
    assert list(PROJECT.seeds("p3")) == [42, 7]
    assert [path.split("/")[3] for path in PROJECT.of_seeds("seed_metrics")(of("p3"))] == ["seed=42", "seed=7"]
    assert PROJECT.of_first_seed("seed_metrics")(of("p3")) == PROJECT.seed_paths("seed_metrics", "p3")[0]
    assert PROJECT.a_name_a_seed(["p0", "p4"]) == ["p0", "p0", "p4"]
    assert PROJECT.run_ids("p3") == {"42": "run42", "7": "run7"}
    assert PROJECT.required_seeds(of("p3")) == [42, 7, 101]
    assert PROJECT.required_seeds(of("p0")) == [42, 7, 101]  # lane P0 is not exempt


@pytest.mark.parametrize(
    ("run", "compared", "phases", "kept"),
    [
        ("p0", [], ["published", "p0"], ["published", "p0"]),
        ("p1", ["p0"], ["published", "p0", "p1"], ["published", "p0", "p1"]),
        ("p4", ["p0", "p3"], ["published", "p0", "p4"], ["published", "p0", "p3", "p4"]),
    ],
)
def test_runs_beside_a_run(run, compared, phases, kept):
    assert PROJECT.baselines_of(run) == compared
    assert PROJECT.phase_runs(run) == phases
    assert PROJECT.retained(run) == kept


def test_a_policy_is_made_of_its_ancestors_oldest_first():
    assert PROJECT.ancestry(of("p3")) == [f"config/candidates/{name}.yaml" for name in ("p0", "p1", "p3")]
    assert PROJECT.p3_runs() == ["p0", "p3"]


def test_the_archive_holds_the_certificates_of_its_runs():
    assert PROJECT.archived_runs(of("p3")) == ["published", "p0", "p3"]
    assert PROJECT.archived_results(of("p3"))[-2:] == ["results/ledger.json", "results/index.html"]
    assert not {"results/ledger.json", "results/index.html"} & set(PROJECT.archived_results(of("p4")))
    assert {"Snakefile", "scripts/verify.py", "config/authority/pins/frozen/7.json"} <= set(carried_files())


def test_traces_lie_beside_the_log():
    log = "results/runs/{run}/logs/fp={fp}/s0_gate.jsonl"
    assert beside(log, "lineage", "json") == "results/runs/{run}/lineage/fp={fp}/s0_gate.json"
    assert beside(log, "benchmarks", "tsv") == "results/runs/{run}/benchmarks/fp={fp}/s0_gate.tsv"


@pytest.fixture
def superseded_run(tmp_path, monkeypatch):
    """A failed run with data that nothing retains."""
    monkeypatch.chdir(tmp_path)
    old = tmp_path / "results/runs/old"
    (old / "seed=42/data").mkdir(parents=True)
    (old / "certification").mkdir()
    (old / "certification/segment2a_certification.json").write_text(json.dumps({"status": "FAIL_REALISM"}))


@pytest.mark.usefixtures("superseded_run")
def test_a_new_run_asks_to_prune_first():
    lines = PROJECT.asked_before(["certify"])
    assert lines[0] == "p3 is a new run, and superseded data lie here: old"
    assert "snakemake prune" in lines[1]
    assert PROJECT.asked_before(["prune"]) == []


@pytest.mark.usefixtures("superseded_run")
def test_a_clean_tree_and_a_run_that_is_there_are_asked_nothing():
    assert PROJECT.asked_before([], Path("nothing")) == []
    for path in map(Path, PROJECT.foundations(["p3"])):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert PROJECT.asked_before([]) == []


def test_a_dry_run_of_lane_p4_says_what_it_waits_for(tmp_path):
    late = replace(PROJECT, config=CONFIG | {"candidate": "p4"})
    assert late.asked_before(["-n"], tmp_path) == [
        "p4 is of lane P4 and starts when P0 to P3 hold; it names no approval: check_progression decides before S0"
    ]
    assert late.asked_before([], tmp_path) == []
