"""Each rule that decided sites has its own row and count (certification.md §9)."""

import pytest

from scripts.scoring.diagnose_seed import audit_rows
from scripts.states.overrides import OverrideRow

WHY = {"reason_code": "BORDER_OVERLAP", "owner": "segment-2A"}
OVERRIDES = [
    OverrideRow("mcc", "5411", "Europe/Paris", **WHY),
    OverrideRow("country", "RS", "Europe/Belgrade", **WHY | {"owner": "other"}, approved_by="board"),
    OverrideRow("site", "7|FR|1", "Europe/Paris", **WHY),
]
OVERRIDDEN = {"RS": {"sites_total": 100, "overrides_total": 3, "override_rate": 0.03}}


def audited(s2, **blocks):
    governance = {"governance": {"override_by_country": OVERRIDDEN} | blocks}
    return audit_rows(governance, s2, OVERRIDES, "segment-2A")


def overridden(s2):
    return [(row.rule, row.count, row.rate, row.owner) for row in audited(s2)]


def test_each_rule_has_its_own_row_and_count():
    rules = [
        {"country_iso": "RS", "rule": "country:RS", "count": 2},
        {"country_iso": "RS", "rule": "mcc:5411", "count": 1},
    ]
    assert overridden({"governance": {"override_by_rule": rules}}) == [
        ("country:RS", 2, 0.02, "other"),
        ("mcc:5411", 1, 0.01, "segment-2A"),
    ]
    unused = [{"country_iso": "RS", "rule": "country:RS", "count": 3}]
    assert overridden({"governance": {"override_by_rule": unused}}) == [("country:RS", 3, 0.03, "other")]


def test_without_s2_a_row_says_which_rules_it_can_have_been():
    row = audited({})[0]
    assert (row.rule, row.count, row.rate) == ("mcc:5411 or country:RS", 3, 0.03)
    assert (row.owner, row.approved_by, row.expiry) == ("segment-2A;other", "board", "none")


def test_fallback_and_preference_are_owned_by_2a():
    fallback = {"sites_total": 50, "fallback_within_threshold": 2, "fallback_outside_threshold": 0}
    preferred = {"preferred_total": 4, "preferred_rate": 0.5}
    found = audited({}, fallback_by_country={"MN": fallback}, preferred_by_country={"CN": preferred})
    assert [(row.country_iso, row.mechanism, row.count, row.owner) for row in found[:2]] == [
        ("CN", "border_preference", 4, "segment-2A"),
        ("MN", "fallback_within_threshold", 2, "segment-2A"),
    ]
    assert found[1].rate == pytest.approx(0.04)
