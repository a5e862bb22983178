"""The whole chain on a small but real world: verdict, determinism, and a bad seed that does not hide the others."""

import json
import os
import re
from pathlib import Path

import pytest

from scripts.lib.contracts import dictionary, schema_errors
from tests.e2e.conftest import plant
from tests.page_numbers import column, held, read
from tests.tiny import LEAN, SPREAD, make_tiny, result_bytes, seeded, snakemake

pytestmark = pytest.mark.slow


def one(folder: Path, pattern: str) -> dict:
    """The one JSON file that matches."""
    (path,) = folder.glob(pattern)
    return json.loads(path.read_text())


def test_a_run_ends_with_verdict_deciding_gate_and_path(certified: Path):
    console = (certified / "console.txt").read_text()
    assert "tiny: FAIL_REALISM" in console
    assert "decided by:" in console
    assert "read on:" in console


@pytest.mark.parametrize("dataset", ["seed_metrics", "certification", "freeze_record"])
def test_what_certification_writes_obeys_its_schema(certified: Path, dataset: str):
    entry = dictionary()[dataset]
    name = Path(entry["path"]).name
    found = list((certified / "results/runs/tiny").rglob(name))
    assert found
    for path in found:
        assert schema_errors(json.loads(path.read_text()), entry["schema_ref"]) == [], path


def test_a_second_run_has_nothing_to_do(certified: Path):
    done = snakemake(certified, "-n", "--", "certify")
    assert "Nothing to be done" in done.stdout + done.stderr


def test_another_candidate_file_invalidates_nothing(certified: Path):
    tiny = certified / "config/candidates/tiny.yaml"
    other = tiny.with_name("other.yaml")
    other.write_text(tiny.read_text().replace("name: tiny", "name: other"))
    try:
        done = snakemake(certified, "-n", "--", "certify")
    finally:
        other.unlink()
    assert "Nothing to be done" in done.stdout + done.stderr


def test_a_cap_breach_fails_its_seed_with_its_code_while_the_others_score(certified: Path):
    certificate = one(certified, "results/runs/tiny/certification/segment2a_certification.json")
    assert certificate["status"] == "FAIL_REALISM"
    assert {"2A-S1-090", "2A-S1-091"} <= set(certificate["seed_error_codes"]["101"])
    for seed in (42, 7, 202):
        metrics = one(certified, f"results/runs/tiny/seed={seed}/scoring/*/*seed_metrics.json")
        assert metrics["metrics"]["c_multi_median_top1_share"]["status"] == "ok"
        assert metrics["state_status"] == {f"S{number}": "pass" for number in range(6)}
    failed = one(certified, "results/runs/tiny/seed=101/scoring/*/*seed_metrics.json")
    assert failed["state_status"]["S1"] == "fail"
    assert failed["state_status"]["S2"] == failed["state_status"]["S4"] == failed["state_status"]["S5"] == "blocked"
    assert failed["metrics"]["c_multi_median_top1_share"]["status"] == "not_computable"


def test_a_failed_seed_has_neither_bundle_nor_flag(certified: Path):
    assert list(certified.glob("results/runs/tiny/seed=42/**/_passed.flag"))
    assert not list(certified.glob("results/runs/tiny/seed=101/**/_passed.flag"))


def test_nothing_half_written_remains(certified: Path):
    assert not list(certified.rglob("*.stage"))


def test_no_result_names_a_folder_of_this_machine(certified: Path):
    for path in (certified / "results").rglob("*.json"):
        assert str(certified) not in path.read_text(), path


def test_another_folder_and_one_core_give_the_same_bytes(certified: Path, tmp_path: Path):
    other = plant(tmp_path / "an other folder")
    snakemake(other, "--", "certify", cores=1)
    first, second = result_bytes(certified), result_bytes(other)
    assert {name for name in first if first[name] != second.get(name)} == set()
    assert set(second) == set(first)


def test_a_world_that_is_spread_passes_bplus_and_opens_the_gate(tmp_path: Path):
    project = make_tiny(tmp_path / "project", seeded(SPREAD))
    console = snakemake(project, "-q", "--", "certify").stderr
    line = next(line for line in console.splitlines() if line.startswith("tiny: "))
    assert line.startswith("tiny: PASS_BPLUS (qualified: ")
    assert "what the real world gives" in line  # Spain's sites are not spread like its people
    assert "tz_world is labelled 2026c and holds something else" in line  # twelve zones of the release
    assert "  decided by: every gate holds" in console
    freeze = one(project, "results/runs/tiny/certification/*freeze_record.json")
    assert (freeze["decision"], freeze["blockers"]) == ("LOCK", [])
    assert "tiny is PASS_BPLUS" in snakemake(project, "-q", "--", "gate").stderr


def test_a_world_that_is_lean_passes_b_and_stands_only_on_its_tree(tmp_path: Path):
    """One run, then a certificate that is edited and one whose receipt is gone: neither gate nor console speaks."""
    project = make_tiny(tmp_path / "project", seeded(LEAN))
    console = snakemake(project, "-q", "--", "certify").stderr
    assert "tiny: PASS_B (qualified: " in console
    assert "c_multi_median_top1_share" in console.split("decided by:")[1]
    assert "tiny is PASS_B" in snakemake(project, "-q", "--", "gate").stderr
    (path,) = project.glob("results/runs/tiny/certification/segment2a_certification.json")
    whole, state = path.read_text(), path.stat()
    path.write_text(whole.replace('"status": "PASS_B"', '"status": "PASS_X"'))
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    edited = snakemake(project, "-q", "--", "gate", check=False)
    assert edited.returncode == 1 and "has other bytes than its record says" in edited.stderr
    assert "Traceback" not in edited.stdout + edited.stderr
    nothing_to_do = snakemake(project, "--", "certify", check=False)
    assert nothing_to_do.returncode == 1
    assert "no verdict: it does not stand on this tree" in nothing_to_do.stdout + nothing_to_do.stderr
    path.write_text(whole)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    for receipt in project.glob("results/runs/tiny/seed=42/data/**/s0_gate_receipt.json"):
        receipt.unlink()
    dry = snakemake(project, "-n", "-q", "host", "--", "certify")
    assert "s0_gate" in dry.stdout + dry.stderr  # a verdict without its receipt is not repeated


def test_gate_fails_below_the_required_grade(certified: Path):
    done = snakemake(certified, "--", "gate", check=False)
    assert done.returncode == 1
    assert "FAIL_REALISM" in done.stdout + done.stderr


def test_the_page_shows_the_numbers_of_the_certificate_without_network(certified: Path):
    certificate = one(certified, "results/runs/tiny/certification/segment2a_certification.json")
    path = certified / "results/runs/tiny/certification/report.html"
    page = path.read_text()
    assert certificate["status"] in page
    for row in certificate["gates"]:
        line = page.split(f'id="gate-{row["gate"]}"')[1].split("</tr>")[0]
        if row["value"] is None:
            assert row["reason"] in line, row["gate"]
    found = read(path)
    for number in found.numbers:
        assert float(number.value) == held(path, number.href), number
    for source, iso, name, value, _ in found.cells:
        assert float(value) == column(path.parent / source, iso, name)
    targets = {href.partition("#")[0] for href in found.links} - {""}
    assert len(targets) > 30 and all((path.parent / target).is_file() for target in targets)
    assert not re.search(r"""(src|href)=["']https?://""", page)


def test_a_warning_stands_in_the_report_and_on_the_page_and_fails_nothing(certified: Path):
    report = one(certified, "results/runs/tiny/seed=202/reports/layer1/2A/state=S1/*/*/s1_run_report.json")
    assert report["status"] == "pass"
    assert [entry["code"] for entry in report["warnings"]] == ["2A-S1-070"]
    page = (certified / "results/runs/tiny/certification/report.html").read_text()
    seeds = page.split('id="seeds"')[1].split("</table>")[0]
    assert seeds.count(">2A-S1-070<") == 1


def test_the_report_of_snakemake_holds_the_result(certified: Path):
    snakemake(certified, "--report", "whole.html", "--", "certify")
    report = (certified / "whole.html").read_text()
    for name in ("report.html", "segment2a_gate_table.csv", "world_map.svg", "country_maps.svg", "index.html"):
        assert name in report, name
    for category in ("Verdict", "Maps", "Countries", "Runs"):
        assert category in report, category
