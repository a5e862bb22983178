"""Approvals: a listed approver of this kind, who is not the requester, on a day that can be (certification.md §16)."""

import pytest

from scripts.lib.approvals import APPROVERS, SCHEMA, Approval, Approver, Approvers, check_approval, read_approvers
from scripts.lib.contracts import load_yaml, schema
from scripts.lib.schema_words import schema_messages

BOARD = Approver("board", "The board", ("override", "exception"))
AUDIT = Approver("audit", "Audit", ("reopen",))
KNOWN = Approvers("2026-01-01", (BOARD, AUDIT))
LATEST = "2026-02-15"


@pytest.mark.parametrize(
    ("approval", "problem"),
    [
        (Approval("exception", "board", "team", "2026-02-15"), None),
        (Approval("exception", "board", "team", "2026-01-01"), None),
        (Approval("override", "board", "team"), None),
        (Approval("exception", "audit", "team"), "`audit` is not listed as one who may approve: board"),
        (Approval("exception", "me", "team"), "`me` is not listed"),
        (Approval("exception", None, "team"), "no approver; it needs one of board"),
        (Approval("exception", "board", "Board "), "`Board ` may not approve what `Board ` asks for"),
        (Approval("exception", "board", None), "does not say who asked for it"),
        (Approval("exception", "board", "team", "1970-01-01"), "1970-01-01 is before 2026-01-01"),
        (Approval("exception", "board", "team", "2026-02-16"), "2026-02-16 is after 2026-02-15"),
        (Approval("exception", "board", "team", "2026-02-30"), "'2026-02-30' is not a day"),
    ],
)
def test_an_approval_stands_or_says_why_not(approval, problem):
    found = check_approval(approval, KNOWN, LATEST)
    assert found == [] if problem is None else [text for text in found if problem in text] == found != []


def test_all_that_is_wrong_is_said_at_once():
    assert len(check_approval(Approval("reopen", "board", "board", "1970-01-01"), KNOWN, LATEST)) == 3


def test_the_projects_list_obeys_its_schema_and_covers_every_kind():
    assert schema_messages(load_yaml(APPROVERS), schema(SCHEMA), APPROVERS) == []
    kinds = ("override", "exception", "reopen", "phase")
    assert all(read_approvers().who_may(kind) for kind in kinds)
