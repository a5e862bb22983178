"""The whole chain on a small but real world: verdict, determinism, and a bad seed that does not hide the others."""

import os
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from scripts.archive.prove import verify_tree
from scripts.lib.contracts import dictionary, schema_errors
from scripts.lib.files import read_json
from scripts.reference.build_tzdb_release import pack, packaged_files
from tests.e2e.forge import CERTIFICATE, LAYER, RUN, SEED, one
from tests.page_numbers import column, held, read
from tests.tiny import LEAN, SEEDS, SPREAD, make_tiny, name_source, result_bytes, seeded, snakemake

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("dataset", ["seed_metrics", "certification", "freeze_record"])
def test_what_certification_writes_obeys_its_schema(certified: Path, dataset: str):
    entry = dictionary()[dataset]
    found = list((certified / RUN).rglob(Path(entry["path"]).name))
    assert found
    for path in found:
        assert schema_errors(read_json(path), entry["schema_ref"]) == [], path


def test_another_candidate_file_invalidates_nothing(certified: Path):
    tiny = certified / "config/candidates/tiny.yaml"
    other = tiny.with_name("other.yaml")
    other.write_text(tiny.read_text().replace("name: tiny", "name: other"))
    try:
        done = snakemake(certified, "-n", "--", "certify")
    finally:
        other.unlink()
    assert "Nothing to be done" in done.stdout + done.stderr


def test_a_cap_breach_fails_its_seed_with_its_code_while_the_others_score(certified: Path, certificate):
    assert certificate["status"] == "FAIL_REALISM"
    assert {"2A-S1-090", "2A-S1-091"} <= set(certificate["seed_error_codes"]["101"])
    metrics = {seed: read_json(one(certified, f"{RUN}/seed={seed}/scoring/*/*seed_metrics.json")) for seed in SEEDS}
    failed = metrics.pop(101)
    for found in metrics.values():
        assert found["metrics"]["c_multi_median_top1_share"]["status"] == "ok"
        assert found["state_status"] == {f"S{number}": "pass" for number in range(6)}
    assert failed["state_status"]["S1"] == "fail"
    assert {failed["state_status"][state] for state in ("S2", "S4", "S5")} == {"blocked"}
    assert failed["metrics"]["c_multi_median_top1_share"]["status"] == "not_computable"
    flags = {seed: list(certified.glob(f"{RUN}/seed={seed}/**/_passed.flag")) for seed in SEEDS}
    assert [seed for seed in SEEDS if not flags[seed]] == [101]


def test_a_world_of_one_country_speaks_for_no_cohort(certificate):
    few = {"c_multi_enough_countries", "c_large_enough_countries"}
    failing = certificate["seed_failing_gates"]
    assert few <= set(failing["7"]["B"]) and certificate["seed_verdicts"]["7"] == "FAIL_REALISM"
    assert "c_multi_enough_countries" not in failing["42"]["B"]


def test_no_result_is_half_written_or_names_a_folder_of_this_machine(certified: Path):
    assert not list(certified.rglob("*.stage"))
    for path in (certified / "results").rglob("*.json"):
        assert str(certified) not in path.read_text(), path


def test_a_root_of_many_parts_gives_the_results_of_one(archived: Path, stopped: Path):
    """What differs states the digest of the sites, or of a file that does."""
    parts = stopped.glob("inputs/upstream/seed=42/data/layer1/1B/site_locations/*/*/part-*.parquet")
    rows = [pq.read_metadata(path).num_rows for path in sorted(parts)]
    assert rows == [100] * 9 + [54]
    assert pq.read_metadata(one(stopped, f"{LAYER}/site_timezones/*/*/*.parquet")).num_rows == sum(rows)
    ours, theirs = result_bytes(stopped), result_bytes(archived)
    other = {name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)}
    made = {Path(name).name for name in other if not name.startswith("upstream/") and "/lineage/" not in f"/{name}"}
    assert made == {
        *("sealed_inputs_2A.json", "determinism_receipt.json", "s0_gate_receipt.json", "s0_run_report.json"),
        *("segment2a_p2_seed_metrics.json", "segment2a_certification.json", "segment2a_p4_freeze_record.json"),
        *("segment2a_phase_ledger.json", "segment2a_run_ledger.json", "ledger.json", "report.html"),
    }
    first, second = (read_json(root / CERTIFICATE) for root in (archived, stopped))
    assert {key for key in first if first[key] != second[key]} == {"evidence"}
    assert verify_tree(stopped) == []


def doctor_tzdb(project: Path) -> None:
    """The real release without China's second zone in its zone.tab, under the label of the real one."""
    files = packaged_files("2026c")
    files["zoneinfo/zone.tab"] = re.sub(rb"CN\t.*Asia/Urumqi.*\n", b"", files["zoneinfo/zone.tab"])
    (project / "inputs/tzdata2026c.tar.gz").write_bytes(pack(files))
    name_source(project, "tzdb", "inputs/tzdata2026c.tar.gz")


def test_a_world_that_is_spread_passes_bplus_and_opens_the_gate(tmp_path: Path):
    project = make_tiny(tmp_path / "project", seeded(SPREAD))
    doctor_tzdb(project)
    console = snakemake(project, "-q", "--", "certify").stderr
    line = next(line for line in console.splitlines() if line.startswith("tiny: "))
    assert line.startswith("tiny: PASS_BPLUS (qualified: ")
    assert "what the real world gives" in line  # Spain's sites are not spread like its people
    assert "tz_world is labelled 2026c and holds something else" in line  # twelve zones of the release
    assert "tzdb is labelled 2026c and holds something else" in line
    assert "  decided by: every gate holds" in console
    freeze = read_json(one(project, f"{RUN}/certification/*freeze_record.json"))
    assert (freeze["decision"], freeze["blockers"]) == ("LOCK", [])
    assert "tiny is PASS_BPLUS" in snakemake(project, "-q", "--", "gate").stderr


def test_a_world_that_is_lean_passes_b_and_stands_only_on_its_tree(tmp_path: Path):
    """One run, then a certificate that is edited and one whose receipt is gone: neither gate nor console speaks."""
    project = make_tiny(tmp_path / "project", seeded(LEAN))
    console = snakemake(project, "-q", "--", "certify").stderr
    assert "tiny: PASS_B (qualified: " in console
    assert "c_multi_median_top1_share" in console.split("decided by:")[1]
    assert "tiny is PASS_B" in snakemake(project, "-q", "--", "gate").stderr
    path = project / CERTIFICATE
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
    one(project, f"{SEED}/data/**/s0_gate_receipt.json").unlink()
    dry = snakemake(project, "-n", "-q", "host", "--", "certify")
    assert "s0_gate" in dry.stdout + dry.stderr  # a verdict without its receipt is not repeated


def test_the_page_shows_the_numbers_of_the_certificate_without_network(certified: Path, certificate):
    path = certified / RUN / "certification/report.html"
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
    report = read_json(one(certified, f"{RUN}/seed=202/reports/layer1/2A/state=S1/*/*/s1_run_report.json"))
    assert report["status"] == "pass"
    assert [entry["code"] for entry in report["warnings"]] == ["2A-S1-070"]
    page = (certified / RUN / "certification/report.html").read_text()
    seeds = page.split('id="seeds"')[1].split("</table>")[0]
    assert seeds.count(">2A-S1-070<") == 1


def test_the_report_of_snakemake_holds_the_result(certified: Path):
    snakemake(certified, "--report", "whole.html", "--", "certify")
    report = (certified / "whole.html").read_text()
    for name in ("report.html", "segment2a_gate_table.csv", "world_map.svg", "country_maps.svg", "index.html"):
        assert name in report, name
    for category in ("Verdict", "Maps", "Countries", "Runs"):
        assert category in report, category
