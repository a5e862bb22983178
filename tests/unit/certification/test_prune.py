"""Which runs are kept and which are pruned (certification.md §12)."""

from pathlib import Path

import pytest

from scripts.certification.prune import prune, superseded, unfinished
from scripts.certification.run_ledger import main as write_ledger
from scripts.lib.files import read_json, write_json, write_text
from scripts.lib.records import plain
from tests.unit.certification.nouns import certificate


def plant_run(runs: Path, name: str, status: str | None) -> None:
    write_text(runs / name / "seed=42/data/big.bin", "data")
    write_text(runs / name / "seed=42/reports/report.json", "{}")
    if status:
        write_json(runs / name / "certification/segment2a_certification.json", plain(certificate(name, status=status)))


@pytest.fixture
def runs(tmp_path):
    for name, status in (("p0", "FAIL_REALISM"), ("old", "FAIL_REALISM"), ("good", "PASS_B"), ("half", None)):
        plant_run(tmp_path / "runs", name, status)
    return tmp_path / "runs"


def test_only_superseded_failures_are_pruned(runs, tmp_path):
    assert superseded(runs, ["p0"]) == ["old"]
    assert unfinished(runs, ["p0"]) == ["half"]
    assert prune(runs, ["p0"], tmp_path / "receipt.json") == ["old"]
    assert not (runs / "old/seed=42/data").exists()
    assert (runs / "old/seed=42/reports/report.json").exists()
    assert all((runs / name / "seed=42/data/big.bin").exists() for name in ("p0", "good", "half"))
    receipt = read_json(tmp_path / "receipt.json")
    assert receipt["old"]["deleted"] == {"files": 1, "bytes": 4}
    assert set(receipt["old"]["kept_reports"]) == {
        "certification/segment2a_certification.json",
        "seed=42/reports/report.json",
    }
    assert prune(runs, ["p0"], tmp_path / "receipt.json") == []
    assert read_json(tmp_path / "receipt.json") == receipt


@pytest.mark.parametrize(
    ("candidate", "parents", "last_good", "named"),
    [
        ("good", ["p0"], None, "good"),
        ("old", [], None, None),
        ("old", [], "good", "good"),
        ("good", ["old"], None, "good"),
    ],
)
def test_ledger_names_what_is_kept(runs, tmp_path, candidate, parents, last_good, named):
    names = list(dict.fromkeys(["p0", *parents, candidate, *([last_good] if last_good else [])]))
    write_ledger(
        certifications=[str(runs / name / "certification/segment2a_certification.json") for name in names],
        ledger=str(tmp_path / "ledger.json"),
        candidate=candidate,
        baselines=["p0"],
        compared_with=parents,
        last_good=last_good,
        required_seeds=[42],
        superseded=[],
        unfinished=[],
    )
    found = read_json(tmp_path / "ledger.json")
    assert (found["last_good"] and next(iter(found["last_good"]))) == named
    assert list(found["retained"]) == sorted(names)
    assert found["storage_clean"]
