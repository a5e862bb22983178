"""What is asked before a run: prune what is superseded; a run of lane P4 is told what it waits for."""

import json
from dataclasses import replace

import pytest

from scripts.workflow.asked_before import asked_before
from tests.unit.workflow.test_project import PROJECT


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """A failed run with data that nothing retains."""
    monkeypatch.chdir(tmp_path)
    old = tmp_path / "results/runs/old"
    (old / "seed=42/data").mkdir(parents=True)
    (old / "certification").mkdir()
    (old / "certification/segment2a_certification.json").write_text(json.dumps({"status": "FAIL_REALISM"}))
    return tmp_path / "results/runs"


def planned(candidate: str):
    return replace(PROJECT, config=PROJECT.config | {"candidate": candidate})


def test_a_new_run_asks_to_prune_first(runs):
    lines = asked_before(planned("p3"), ["certify"], runs)
    assert lines[0] == "p3 is a new run, and superseded data lie here: old"
    assert "snakemake prune" in lines[1]
    assert asked_before(planned("p3"), ["prune"], runs) == []


def test_a_clean_tree_and_a_run_that_is_there_are_asked_nothing(runs, tmp_path):
    assert asked_before(planned("p3"), [], tmp_path / "nothing") == []
    for path in planned("p3").foundations(["p3"]):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    assert asked_before(planned("p3"), [], runs) == []


def test_a_dry_run_of_lane_p4_says_what_it_waits_for(tmp_path):
    (line,) = asked_before(planned("p4"), ["-n"], tmp_path)
    assert line == (
        "p4 is of lane P4 and starts when P0 to P3 hold; it names no approval: check_progression decides before S0"
    )
    assert asked_before(planned("p4"), [], tmp_path) == []
