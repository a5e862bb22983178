"""A later lane starts with the statements before it, or by a record that names the open ones (certification.md §10)."""

from pathlib import Path

import pytest
import yaml

from scripts.certification.check_progression import main, open_before
from scripts.certification.comparison import Comparison
from scripts.certification.trials import Finding
from scripts.lib.contracts import load_yaml, schema_errors
from scripts.lib.errors import UsageError
from scripts.lib.files import read_json, sha256_file, write_json
from scripts.lib.records import plain
from tests.unit.certification.nouns import seed_metrics
from tests.unit.certification.test_trials import against

EXAMPLE = Path("config/phases/reopened_example.yaml")


def test_each_lane_waits_for_the_phases_before_it():
    found = {number: Finding(False, "w") for number in ("P0.1", "P1.2", "P2.3", "P3.1")}
    assert [list(open_before(lane, found)) for lane in ("P1", "P3", "P4")] == [
        ["P0.1"],
        ["P0.1", "P1.2", "P2.3"],
        ["P0.1", "P1.2", "P2.3", "P3.1"],
    ]
    assert open_before("P4", {"P3.1": Finding(True, "w")}) == {}


@pytest.fixture
def start(tmp_path):
    """`check_progression` of a run of lane P4 beside one trial; its gain and record are the test's."""

    def run(gain=0.0, approval=None, open_at_p0=(), lane="P4", **given):
        metrics, comparison = tmp_path / "metrics.json", tmp_path / "comparison.json"
        write_json(metrics, plain(seed_metrics(42)))
        trial = Comparison("trial", "p0", {"p0": against(gain, digests={42: sha256_file(metrics)})})
        write_json(comparison, plain(trial))
        numbers = [f"P{phase}.1" for phase in range(5)]
        judged = [
            {"id": name, "statement": "s", "holds": name not in open_at_p0, "why": "w", "evidence": []}
            for name in numbers
        ]
        write_json(tmp_path / "ledger.json", {"statements": judged})
        record = tmp_path / "record.yaml"
        if approval is not None:
            record.write_text(approval if isinstance(approval, str) else yaml.safe_dump(approval))
        main(
            phase_ledger=str(tmp_path / "ledger.json"),
            baseline_metrics=[str(metrics)],
            p3_comparisons=[str(comparison)],
            approval=[] if approval is None else [str(record)],
            approvers="config/governance/approvers.yaml",
            progression=str(tmp_path / "progression.json"),
            **{"run": "p4_reopened", "lane": lane, "p0": "p0", "p3_runs": ["trial"], "latest": "2026-02-22"} | given,
        )
        return read_json(tmp_path / "progression.json")

    return run


def test_with_every_statement_held_it_starts(start):
    assert start(gain=0.02) == {"run": "p4_reopened", "lane": "P4", "p0": "p0", "open": {}, "approval": None}


def test_with_p3_open_and_no_record_it_does_not(start):
    """`p4_reopened` ran with P3 open, return code 0."""
    with pytest.raises(UsageError) as caught:
        start()
    text = str(caught.value)
    assert "p4_reopened: lane P4 may not start" in text and "P3.1 (none of trial improves" in text
    assert "no record names them" in text and "phase_approval" in text


def test_a_record_that_names_what_is_open_lets_it_start(start):
    found = start(approval=load_yaml(EXAMPLE))
    assert list(found["open"]) == ["P3.1", "P3.2"]
    assert found["approval"]["approval"]["id"] == "DEG-2026-015"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"statements": ["P3.1"]}, "does not name P3.2"),
        ({"candidate": "other"}, "lets `other` start"),
        ({"requested_by": "data-engine-governance"}, "may not approve"),
        ({"approval": {"approver": "me"}}, "`me` is not listed"),
        ({"approval": {"decision": "pending"}}, "was `pending`"),
        ({"approval": {"date": "2026-02-23"}}, "after 2026-02-22"),
        ({"approval": {"date": "1970-01-01"}}, "when the project began"),
        ({"why": ""}, "incomplete"),
        ({"statements": ["all"]}, "incomplete"),
    ],
)
def test_a_record_that_does_not_hold_is_refused(start, change, why):
    record = load_yaml(EXAMPLE)
    if "approval" in change:
        change = {"approval": record["approval"] | change["approval"]}
    with pytest.raises(UsageError, match=why):
        start(approval=record | change)
    with pytest.raises(UsageError, match="unreadable"):
        start(approval="candidate: [")


def test_what_is_open_at_p0_holds_a_bounded_candidate_back(start):
    with pytest.raises(UsageError, match=r"lane P3 may not start.*P1.1 \(w\)"):
        start(lane="P3", open_at_p0=["P1.1"])
    assert start(lane="P3")["open"] == {}  # P3 itself is not before it


def test_the_example_is_complete():
    found = load_yaml(EXAMPLE)
    assert schema_errors(found, "schemas.config.yaml#/phase_approval") == []
    assert found["candidate"] == "p4_reopened"
