"""Reopening an upstream: evidence, scope and approval, or refused (certification.md §14)."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from scripts.certification.pin_reopen import pin
from scripts.lib.contracts import load_yaml, schema_errors
from scripts.lib.errors import Abort, AbortGroup
from scripts.lib.files import sha256_file, write_text
from scripts.lib.pins import SeedPins
from scripts.states.s0_reopen import check_reopen, evidence_paths
from tests.lawful import House, raised
from tests.lawful_world import reference

UPSTREAM = SeedPins(42, "a" * 32, "b" * 64, "c" * 64, "2026-02-22T00:00:42.000000Z", {})
EXAMPLE = Path("config/reopen/example_1b_representative_placement.yaml")


@pytest.fixture
def record(tmp_path):
    """A complete record beside its evidence; returns (path, content)."""
    evidence = tmp_path / "segment2a_gate_table.csv"
    write_text(evidence, "gate,axis,verdict\nc_multi_median_top1_share,realism,FAIL\n")
    found = load_yaml(EXAMPLE)
    found["evidence"] = [{"path": str(evidence), "sha256": sha256_file(evidence), "says": "test"}]
    return tmp_path / "record.yaml", found


def refused(path, content=None, authority="reopened", seed=42):
    if content is not None:
        path.write_text(yaml.safe_dump(content))
    with pytest.raises((Abort, AbortGroup)) as caught:
        check_reopen(authority, [str(path)] if path else [], replace(UPSTREAM, seed=seed))
    breaches = getattr(caught.value, "breaches", [caught.value])
    assert {breach.code for breach in breaches} == {"2A-S0-004"}
    return " ".join(breach.message for breach in breaches)


def test_the_example_is_complete():
    assert schema_errors(load_yaml(EXAMPLE), "schemas.config.yaml#/reopen") == []
    assert evidence_paths(str(EXAMPLE)) == [entry["path"] for entry in load_yaml(EXAMPLE)["evidence"]]


def test_a_frozen_upstream_needs_no_record_and_a_complete_record_opens_another(record):
    check_reopen("", [], UPSTREAM)
    path, content = record
    path.write_text(yaml.safe_dump(content))
    check_reopen("reopened", [str(path)], UPSTREAM)


@pytest.mark.parametrize("part", ["evidence", "scope", "approval", "contradiction"])
def test_each_missing_part_is_refused(record, part):
    path, content = record
    assert part in refused(path, {key: value for key, value in content.items() if key != part})


def test_what_does_not_hold_is_refused(record):
    path, content = record
    assert "names no existing reopen record" in refused(None)
    assert "may not approve" in refused(path, content | {"requested_by": content["approval"]["approver"]})
    assert "pending" in refused(path, content | {"approval": content["approval"] | {"decision": "pending"}})
    assert "reopens `reopened`" in refused(path, content, authority="other")
    assert "seed 9 is outside" in refused(path, content, seed=9)
    entry = content["evidence"][0]
    assert "other bytes" in refused(path, content | {"evidence": [entry | {"sha256": "0" * 64}]})
    assert "is missing" in refused(path, content | {"evidence": [entry | {"path": "nowhere.csv"}]})
    path.write_text("id: [")
    assert "unreadable" in refused(path)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"date": "2026-02-23"}, "2026-02-23 is after 2026-02-22"),
        ({"date": "2026-02-30"}, "not a day"),
        ({"date": "1970-01-01"}, "when the project began"),
        ({"approver": "me"}, "`me` is not listed"),
    ],
)
def test_approval_is_of_somebody_listed_on_a_day_before_execution(record, change, why):
    path, content = record
    assert why in refused(path, content | {"approval": content["approval"] | change})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("README.md", "2A is fine\n"),
        ("segment2a_gate_table.csv", "gate,axis,verdict\nfallback_rate,governance,FAIL\n"),
        ("segment2a_gate_table.csv", "gate,axis,verdict\nc_multi_median_top1_share,realism,PASS_B\n"),
        ("segment2a_gate_table.csv", "anything\n"),
    ],
)
def test_evidence_is_a_gate_table_in_which_realism_fails(record, tmp_path, name, text):
    path, content = record
    evidence = tmp_path / "other" / name
    write_text(evidence, text)
    entry = {"path": str(evidence), "sha256": sha256_file(evidence), "says": "trust me"}
    assert "nothing contradicts the upstream" in refused(path, content | {"evidence": [entry]})


def test_s0_refuses_before_it_reads_anything(tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    house = House(tmp_path / "run", reference(shared))
    assert raised(lambda: house.s0(reopens="reopened")) == ["2A-S0-004"]
    assert not house.files["s0_gate_receipt_2A"].exists()


def test_pin_writes_the_digests(record, tmp_path):
    evidence = tmp_path / "segment2a_gate_table.csv"
    path = tmp_path / "pinned.yaml"
    path.write_text(f'evidence:\n  - {{path: {evidence}, sha256: "{"0" * 64}", says: "x"}}\n')
    assert pin(path) == [f"{sha256_file(evidence)}  {evidence}"]
    assert load_yaml(path)["evidence"][0]["sha256"] == sha256_file(evidence)
