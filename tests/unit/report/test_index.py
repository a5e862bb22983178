"""The index: all runs that exist, those of the command and others, with what each is worth."""

import re
import shutil
from pathlib import Path

import pytest

from scripts.lib.files import read_json, write_json
from scripts.report import build_index
from scripts.report.evidence import document
from scripts.workflow.runs import other_runs
from tests.page_numbers import held, read
from tests.planted_run import inside, plant


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index over a failing run, the candidate, and a passing one that lies there from before."""
    folder = tmp_path_factory.mktemp("runs")
    for run, kind in (("mine", "failing"), ("older", "passing")):
        plant(folder, kind, run)
    return index_of(folder)


def index_of(folder: Path) -> Path:
    with inside(folder):
        at = Path("results/runs/mine/certification")
        statement = {"id": "P0.1", "statement": "Pinned", "holds": False, "why": "because", "evidence": []}
        write_json(at / "phases.json", {"run": "mine", "statements": [statement], "phases": {}})
        build_index.main(
            certifications=[str(at / "segment2a_certification.json")],
            comparisons=[str(at / "segment2a_p3_comparison.json")],
            reports=[str(at / "report.html")],
            phase_ledger=str(at / "phases.json"),
            index="results/index.html",
            candidate="mine",
            lanes={"mine": "P3"},
            others=other_runs(Path("results/runs"), ["mine"]),
        )
    return folder / "results/index.html"


def test_other_runs_are_found_by_their_certificates(index):
    found = other_runs(index.parent / "runs", ["mine"])
    assert list(found) == ["older"] and re.fullmatch("[0-9a-f]{64}", found["older"])
    assert list(other_runs(index.parent / "runs", [])) == ["mine", "older"]
    assert other_runs(index.parent / "nothing", []) == {}


def test_every_run_has_its_verdict_and_a_way_to_its_page(index):
    text = index.read_text()
    assert "<h1>2 runs, 1 of them good enough to lock</h1>" in text
    articles = dict(re.findall(r"<article.*?<h2>.*?>(\w+)</a></h2>(.*?)</article>", text, re.DOTALL))
    assert "FAIL_REALISM" in articles["mine"] and "the current candidate" in articles["mine"]
    assert "PASS_BPLUS" in articles["older"] and "lane gone" in articles["older"]
    assert "not part of an archive" in articles["older"] and "not part of an archive" not in articles["mine"]
    assert "<strong>8</strong> of 13 gates hold B" in articles["mine"]
    assert "<strong>13</strong> of 13 gates hold B" in articles["older"]
    for href in read(index).links:
        target = href.partition("#")[0]
        assert not target or (index.parent / target).is_file(), href
    assert "P0.1 Pinned" in text and "✗ no" in text


def test_numbers_of_the_index_equal_the_certificates(index):
    numbers = read(index).numbers
    assert len(numbers) == 2 * 14
    for number in numbers:
        assert float(number.value) == held(index, number.href), number


def test_a_b_that_an_exception_raised_stands_in_its_own_cell(index, tmp_path):
    shutil.copytree(index.parents[1], tmp_path, dirs_exist_ok=True)
    path = tmp_path / "results/runs/mine/certification/segment2a_certification.json"
    found = read_json(path)
    next(row for row in found["gates"] if row["gate"] == "override_rate")["b"] = 0.004
    write_json(path, found)
    (row,) = re.findall("<tr><th[^>]*><code>override_rate</code>.*?</tr>", index_of(tmp_path).read_text(), re.DOTALL)
    row = row.replace("\N{NO-BREAK SPACE}", " ")
    assert '<td class="n">0.2 %</td>' in row and row.count("held to 0.4 % by exception") == 1


def test_a_run_that_an_older_version_wrote_is_shown_without_its_gates(index):
    found = document(str(index.parent / "runs/older/certification/segment2a_certification.json"), str(index))
    assert len(build_index.readable_rows(found)) == 14
    del found.data["gates"][0]["n"]
    assert build_index.readable_rows(found) == []
