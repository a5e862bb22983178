"""The console of real runs, as a pipe sees it: a line a job, the verdict, and few lines when a run ends early."""

import re
from pathlib import Path

import pytest

from scripts.lib.files import read_json
from tests.tiny import snakemake

pytestmark = pytest.mark.slow
HEAD = ("Using workflow specific profile", "Assuming unrestricted shared filesystem")  # before the workflow is read
JOB = re.compile(r" *\d+/\d+ +\d+\.\d s  [a-z0-9_]+( .*)?")
NOISE = re.compile(r"jobid|steps|Select jobs|Provided cores|Exiting|Exception|Building DAG")


def lines_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith(HEAD)]


def test_a_line_a_job_then_the_verdict(certified: Path):
    lines = lines_of((certified / "console.txt").read_text())
    jobs = [line for line in lines if JOB.fullmatch(line)]
    assert any(re.search(r"s1_tz_lookup +tiny seed 101 +fail$", line) for line in jobs)
    assert any(re.search(r"certify_run +tiny +FAIL_REALISM$", line) for line in jobs)
    assert [line.split(":")[0] for line in lines[-3:]] == ["tiny", "  decided by", "  read on"]
    assert lines[-3].startswith("tiny: FAIL_REALISM")
    assert not [line for line in lines if NOISE.search(line)]


def test_gate_typo_and_nothing_to_do(certified: Path):
    gate = snakemake(certified, "gate", check=False)
    assert gate.returncode == 1
    assert [line.split(":")[0] for line in lines_of(gate.stderr)] == ["gate", "  read"]
    assert "FAIL_REALISM" in gate.stderr
    typo = snakemake(certified, "certfy", check=False)
    assert typo.returncode == 1 and "did you mean `certify`?" in typo.stderr and len(lines_of(typo.stderr)) == 2
    again = snakemake(certified, "certify")
    assert lines_of(again.stderr)[0].startswith("nothing to do")
    assert lines_of(again.stderr)[1].startswith("tiny: FAIL_REALISM")


def test_ctrl_c_leaves_three_lines_and_a_tree_that_goes_on(stopped: Path):
    found = read_json(stopped / "stopped.json")
    after = [line for line in lines_of(found["console"]) if not JOB.fullmatch(line)]
    assert len(after) <= 3 and after[0].startswith("stopped: ") and found["code"] == 1
    assert found["left"] == []
    assert (stopped / "results/runs/tiny/certification/verdict.txt").is_file()
