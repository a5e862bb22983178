"""The gate answers for a certificate that stands on its tree and whose approvals last, and for no other."""

from dataclasses import replace
from pathlib import Path

import pytest

from scripts.certification.approved import Approved, approvals_of
from scripts.certification.certificate import FileDigest
from scripts.certification.gate import answer
from scripts.certification.verdict import judge
from scripts.lib.files import read_json, write_json, write_text
from scripts.lib.lineage import HashedFile, Lineage
from scripts.lib.records import plain
from scripts.scoring.caveat import Caveat
from tests.unit.certification.nouns import LIMITS, SEEDS, certificate, seed_metrics

FOLDER = "results/runs/planted/certification"
PATH = f"{FOLDER}/segment2a_certification.json"
TODAY = "2026-06-01"
EXCEPTION = Approved("exception", "EX-1", "board", "me", "2026-01-02", "2026-05-31", "says")


def seal() -> None:
    """The record of the certificate as it lies: what a forger with the code in hand would write."""
    made = {"certification": (HashedFile.of(PATH),)}
    record = f"{FOLDER}/lineage/certify_run.json"
    write_text(record, Lineage(record, "certify_run", {}, (), {}, (), made, (), {}, {}).text())


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A certificate of four good seeds with its record."""
    seeds = {seed: seed_metrics(seed) for seed in SEEDS}
    monkeypatch.chdir(tmp_path)
    paths = [f"seed={seed}/segment2a_p2_seed_metrics.json" for seed in SEEDS]
    for path, found in zip(paths, seeds.values(), strict=True):
        write_json(path, plain(found))
    evidence = [FileDigest.of(path) for path in paths]
    good = certificate(**vars(judge(SEEDS, seeds, LIMITS)), required_seeds=SEEDS, evidence=evidence)

    def put(**changes):
        write_json(PATH, plain(replace(good, **changes)))
        seal()

    put()
    return put


def test_the_grade_decides(tree):
    assert answer(PATH, "PASS_BPLUS", TODAY)[0]
    tree(status="FAIL_REALISM")
    assert not answer(PATH, "PASS_B", TODAY)[0]


def test_an_edited_status_is_refused(tree):
    """It gave `gate: … PASS_BPLUS`, return code 0."""
    found = read_json(PATH)
    write_json(PATH, found | {"status": "PASS_B"})
    good, lines = answer(PATH, "PASS_B", TODAY)
    assert not good and f"{PATH} has other bytes than its record says" in lines
    assert len(lines.splitlines()) == 3
    seal()  # a record forged with it does not help: the seeds give another verdict
    assert "its seeds' metrics give another verdict than it states" in answer(PATH, "PASS_B", TODAY)[1]


def test_evidence_that_changed_is_named(tree):
    path = "seed=7/segment2a_p2_seed_metrics.json"
    write_json(path, read_json(path) | {"sites_total": 1})
    assert f"{path} is not what was certified" in answer(PATH, "PASS_B", TODAY)[1]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"status": "PASS_B"}', "null"])
def test_what_is_no_certificate_is_refused_without_a_traceback(tree, text):
    Path(PATH).write_text(text)
    assert not answer(PATH, "PASS_B", TODAY)[0]
    seal()
    good, lines = answer(PATH, "PASS_B", TODAY)
    assert not good and "is no certificate" in lines
    Path(PATH).unlink()
    assert not answer(PATH, "PASS_B", TODAY)[0]


@pytest.mark.parametrize(
    ("approved", "why"),
    [
        (EXCEPTION, "exception EX-1 expired on 2026-05-31"),
        (replace(EXCEPTION, expiry="2026-06-01"), ""),  # its last day
        (replace(EXCEPTION, expiry=None, day="2026-06-02"), "is of 2026-06-02, which is to come"),
    ],
)
def test_an_approval_is_held_against_today(tree, approved, why):
    tree(approvals=[approved])
    good, lines = answer(PATH, "PASS_B", TODAY)
    assert good is not bool(why) and why in lines


def test_an_exception_that_seeds_need_stands_once():
    entry = {"id": "EX-1", "approver": "board", "requester": "me", "rate": 0.004, "reason": "borders"}
    entry |= {"valid_from": "2026-01-02", "expiry": "2026-05-31"}
    entry |= {"scope": {"cap": "override_rate", "countries": ["CN"]}}
    caveats = [Caveat("override_exception", "B", "says", seed=seed, numbers=entry) for seed in (42, 7)]
    (found,) = approvals_of([*caveats, Caveat("other", "B", "says")], [], [])
    assert found.says == "override_rate up to 0.004 for CN by exception EX-1 of board"


def test_a_reopened_upstream_stands_in_certificate_and_line():
    record = "config/reopen/example_1b_representative_placement.yaml"
    (found,) = approvals_of([], [record], [])
    assert found.says == "upstream `reopened` opened by reopen-1b-001 of data-engine-governance"
    shown = certificate(approvals=[found])
    assert plain(shown)["qualifications"] == [found.says]
