"""Forged trees: what is rewritten to fit is still held against every second place that states it."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.archive.prove import verify_tree
from scripts.certification.prune import prune
from scripts.lib.files import pretty_json, sha256_file
from scripts.lib.lineage import HashedFile
from tests.e2e.forge import (
    BUNDLE,
    CERTIFICATE,
    DATA,
    DEEP,
    LAYER,
    PINS,
    RECORD,
    RUN,
    SEED,
    edit_json,
    named,
    one,
    relative,
    reseal,
    reseal_all,
    write,
)

pytestmark = pytest.mark.slow
RECEIPT = "results/prune_receipt.json"
ODD_PATHS = (5, None, "a\0b", "\ud800", "/dev/zero", "../../../etc/hostname", "results/../x", "", "x/", "scripts/x")


def forgeries() -> Iterator[tuple[str, Callable[[dict], object]]]:
    for key in ("record", "rule", "outputs", "inputs", "code", "extra_outputs"):
        yield f"no {key}", lambda record, key=key: record.pop(key)
        yield f"{key} is 5", lambda record, key=key: record.update({key: 5})
    yield "rule is a list", lambda record: record.update(rule=[])
    yield "an empty output", lambda record: record["outputs"].update(report=[])
    for path in ODD_PATHS:
        yield f"path {path!r}", lambda record, path=path: record["outputs"]["report"][0].update(path=path)
    yield "digest is 5", lambda record: record["outputs"]["report"][0].update(sha256=5)
    yield "input /dev/zero", lambda record: next(iter(record["inputs"].values()))[0].update(path="/dev/zero")


def test_a_well_sealed_record_of_another_form_is_not_believed(tree: Path):
    path = one(tree, RECORD)
    data = path.read_bytes()
    for what, forge in forgeries():
        path.write_bytes(data)
        reseal(path, forge)
        assert named(tree)[0] == ("changed", relative(tree, path)), what


def test_a_second_record_for_a_file_does_not_replace_the_first(tree: Path):
    path = tree / f"{RUN}/certification/verdict.txt"
    path.write_text("tiny: PASS_BPLUS\n")
    other = tree / "results/lineage/zz.json"
    shutil.copy(tree / f"{RUN}/certification/lineage/certify_run.json", other)
    reseal(other, lambda record: record.update(record="results/lineage/zz.json"))
    reseal(other, lambda record: record["outputs"]["verdict"][0].update(sha256=sha256_file(path)))
    assert ("changed", relative(tree, path)) in named(tree)


def test_a_receipt_of_other_bytes_than_its_pin_is_named_under_resealed_records(tree: Path):
    path = edit_json(
        tree, "results/upstream/tiny/seed=42/*/run_receipt.json", lambda found: found.update(created_utc="2030-01-01")
    )
    assert named(tree) == [("changed", relative(tree, path))]


def zero(key: str) -> Callable[[dict], object]:
    return lambda found: found.update({key: "0" * 64})


def zero_in_index(found: dict) -> None:
    next(row for row in found["files"] if row["path"] == "checks.json")["sha256_hex"] = "0" * 64


@pytest.mark.parametrize(
    ("pattern", "change"),
    [
        (f"{BUNDLE}/index.json", zero_in_index),
        (f"{LAYER}/legality_report/*/*/s4_legality_report.json", lambda found: found.update(status="FAIL")),
        (f"{LAYER}/tz_timetable_cache/*/tz_timetable_cache.json", zero("created_utc")),
        (f"{LAYER}/tz_timetable_cache/*/tz_timetable_cache.json", zero("tz_index_digest")),
        ("results/reference/artefacts/priors/tzdata/*/tzdb_release.json", zero("archive_sha256")),
        (f"{LAYER}/sealed_inputs/*/determinism_receipt.json", zero("sha256_hex")),
        (f"{LAYER}/s0_gate_receipt/*/s0_gate_receipt.json", zero("flag_sha256_hex")),
        (f"{LAYER}/s0_gate_receipt/*/s0_gate_receipt.json", lambda found: found.update(flag_sha256_hex="")),
    ],
)
def test_seals_that_hang_on_no_record_are_followed(tree: Path, pattern: str, change):
    path = edit_json(tree, pattern, change)
    assert named(tree) == [("changed", relative(tree, path))]


@pytest.mark.parametrize(
    "pattern",
    [
        f"{LAYER}/site_timezones/*/*/*.parquet",
        f"{LAYER}/s1_tz_lookup/*/*/*.parquet",
        f"{SEED}/reports/layer1/2A/state=S3/*/tz_offset_adjustments.json",
        f"{SEED}/scoring/*/segment2a_p2_seed_metrics.json",
        f"{RUN}/certification/segment2a_p3_comparison.json",
    ],
)
def test_a_file_forged_with_its_lineage_contradicts_those_who_state_it(tree: Path, pattern: str):
    path = one(tree, pattern)
    path.write_bytes(path.read_bytes() + b" ")
    reseal_all(tree, path)
    assert named(tree) == [("changed", relative(tree, path))]


def lie_of_published(found: dict) -> None:
    found["published"]["site_timezones"]["sha256_hex"] = "0" * 64


def lie_of_evidence(found: dict) -> None:
    next(entry for entry in found["evidence"] if entry["path"].endswith("comparison.json"))["sha256"] = "0" * 64


@pytest.mark.parametrize(
    ("pattern", "lie"),
    [
        (f"{SEED}/reports/layer1/2A/state=S2/*/*/s2_run_report.json", lie_of_published),
        (f"{SEED}/reports/layer1/2A/state=S2/*/*/s2_run_report.json", lambda found: found.update(published={})),
        (CERTIFICATE, lie_of_evidence),
    ],
)
def test_an_edited_statement_contradicts_all_the_others(tree: Path, pattern: str, lie):
    path = edit_json(tree, pattern, lie)
    assert ("changed", relative(tree, path)) in named(tree)


def test_changed_pins_are_the_one_finding(tree: Path):
    path = tree / PINS
    text = path.read_text()
    for forged in (text.replace('"run_id": "', '"run_id": "0'), text + "\n", "", "{", DEEP, text + "\udcff"):
        write(path, forged)
        assert named(tree) == [("changed", PINS)], forged[-80:]


def test_a_prune_receipt_that_prune_did_not_write_explains_nothing(tree: Path):
    shutil.rmtree(tree / SEED / "data")
    for text in ("{", "5", "null", '["tiny"]', '{"tiny": {}}', '{"tiny": 5}', DEEP, "\udcff"):
        write(tree / RECEIPT, text)
        found = named(tree)
        assert found[0] == ("changed", RECEIPT)
        assert len(found) > 5


def edit_receipt(tree: Path, change: Callable[[dict], object]) -> None:
    found = json.loads((tree / RECEIPT).read_text())
    change(found["tiny"])
    (tree / RECEIPT).write_text(pretty_json(found))


def test_a_pruned_run_holds_until_a_kept_report_or_the_receipt_is_changed(tree: Path):
    kept = shutil.copytree(tree / SEED / "data", tree / "kept")
    assert prune(tree / "results/runs", [], tree / RECEIPT) == ["tiny"]
    assert named(tree) == []
    report = one(tree, f"{SEED}/scoring/*/segment2a_p2_seed_metrics.json")
    data = report.read_bytes()
    report.write_bytes(data + b" ")
    assert named(tree) == [("changed", relative(tree, report))]
    report.write_bytes(data)
    receipt = (tree / RECEIPT).read_bytes()
    maker = relative(tree / RUN, one(tree, RECORD))
    for change in (
        lambda entry: entry.update(status="PASS_B"),
        lambda entry: entry.pop("status"),
        lambda entry: entry.update(kept_reports={}),
        lambda entry: entry["kept_reports"].update({maker: "0" * 64}),
    ):
        edit_receipt(tree, change)
        assert named(tree)[0] == ("changed", RECEIPT)
        (tree / RECEIPT).write_bytes(receipt)
    # a run made anew is judged by its records again: what it lacks is missing
    shutil.copytree(kept, tree / SEED / "data")
    path = one(tree, DATA)
    path.unlink()
    assert named(tree) == [("missing", relative(tree, path))]


def test_a_pruned_run_need_not_follow_what_comes_after_it(tree: Path):
    gates = tree / "config/certification/gates.yaml"
    gates.write_text(gates.read_text() + "# another threshold\n")
    assert named(tree) == [("changed", "config/certification/gates.yaml")]
    prune(tree / "results/runs", [], tree / RECEIPT)
    assert named(tree) == []
    # a report that needs no data was made anew
    edit_json(tree, f"{SEED}/scoring/*/*diagnostics.json", lambda found: found.update(seed=43))
    assert named(tree) == []


def test_a_run_that_passed_is_not_pruned(tree: Path):
    prune(tree / "results/runs", [], tree / RECEIPT)
    path = edit_json(tree, f"{RUN}/certification/*_certification.json", lambda found: found.update(status="PASS_B"))
    kept = relative(tree / RUN, path)
    edit_receipt(tree, lambda entry: entry["kept_reports"].update({kept: sha256_file(path)}))
    for record in (tree / RUN).rglob("lineage/**/*.json"):
        name = relative(tree / RUN, record)
        edit_receipt(
            tree, lambda entry, name=name, record=record: entry["kept_reports"].update({name: sha256_file(record)})
        )
    assert named(tree)[0] == ("changed", RECEIPT)


def test_a_forged_flag_with_a_forged_record_does_not_pass(tree: Path):
    flag = one(tree, f"{BUNDLE}/_passed.flag")
    flag.write_text(f"sha256_hex = {'0' * 64}\n")
    reseal_all(tree, flag)
    assert named(tree) == [("changed", relative(tree, flag))]


def test_an_input_made_anew_breaks_the_link_to_its_reader(tree: Path):
    path = one(tree, DATA)
    path.write_bytes(path.read_bytes() + b" ")

    def change(record: dict) -> None:
        for (entry,) in record["outputs"].values():
            if entry["path"].endswith(path.name):
                entry["sha256"] = sha256_file(path)

    reseal(one(tree, RECORD), change)
    (finding,) = verify_tree(tree)
    assert finding.path == relative(tree, path)
    assert "s2_overrides.json" in finding.why


@pytest.mark.parametrize("record", ["results/upstream/tiny/seed=42/lineage/*/*.json", f"{SEED}/lineage/*/s0_gate.json"])
def test_a_job_that_was_held_to_other_pins_is_named(tree: Path, record: str):
    path, other = one(tree, record), HashedFile.of(tree / "config/authority/pins/tiny/7.json")
    reseal(
        path, lambda found: found["inputs"].update(pins=[vars(replace(other, path=relative(tree, Path(other.path))))])
    )
    assert named(tree) == [("changed", relative(tree, path))]
