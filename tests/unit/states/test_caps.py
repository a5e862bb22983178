"""Caps are held against the rate of the counts, which reports round; exceptions lift what they say (states.md §3.2)."""

from dataclasses import replace

import numpy as np
import pytest

from scripts.lib.approvals import Approver, Approvers
from scripts.states import ladder
from scripts.states.ambiguity import Ambiguity, s1_breaches
from scripts.states.governance import Stand, exceptions_block, override_breaches
from scripts.states.policy import CapException, Caps, Scope
from scripts.states.s1_tally import RUNGS, governance_block
from scripts.states.site_key import COUNTRIES, country_codes

APPROVERS = Approvers("2026-01-01", (Approver("board", "The board", ("override", "exception")),))
CAPS = Caps(
    fallback_rate_cap=0.0005,
    fallback_country_cap=0.0010,
    fallback_country_min_sites=100,
    fallback_country_min_rows=2,
    override_rate_cap=0.0020,
    override_exception_ceiling=0.005,
    preferred_rate_cap=0.0020,
    epsilon_degrees_cap=0.01,
    approvers=APPROVERS,
)
DAY = "2026-02-15"
EXCEPTION = CapException(
    id="EX-1",
    approver="board",
    requester="team",
    scope=Scope("override_rate", ("CN",)),
    rate=0.004,
    valid_from="2026-02-01",
    expiry=DAY,
    reason="people live where two zones of China overlap",
)
XINJIANG = ("Asia/Shanghai", "Asia/Urumqi")
TOTAL = 10**9


def block(sites, within=None, overridden=None, preferred=None):
    """The block of S1 of so many rows by country; the rest of the sites lie in one polygon."""
    rungs = np.zeros((RUNGS, COUNTRIES), np.int64)
    rows = {ladder.NEAREST_WITHIN: within, ladder.OVERRIDE: overridden, ladder.PREFERRED: preferred}
    for rung, found in {ladder.POLYGON: sites, **rows}.items():
        for iso, number in (found or {}).items():
            rungs[rung, country_codes([iso])[0]] = number
    rungs[ladder.POLYGON] -= rungs[list(rows)].sum(axis=0)
    return governance_block(CAPS, rungs, [])


def beyond(caps=CAPS, total=10_000, **overridden):
    """Breaches of the override cap on ten thousand sites."""
    return override_breaches("2A-S2-090", overridden, "", Stand(42, total, caps, DAY))


def test_rates_are_emitted_to_eight_decimals():
    found = block({"CN": 9}, {"CN": 1}, {"CN": 2}, {"CN": 4})
    assert found["rates"] == {"fallback_rate": 0.11111111, "override_rate": 0.22222222, "preferred_rate": 0.44444444}
    assert found["fallback_by_country"]["CN"]["fallback_rate"] == 0.11111111
    assert found["override_by_country"]["CN"]["override_rate"] == 0.22222222
    assert found["preferred_by_country"]["CN"]["preferred_rate"] == 0.44444444


@pytest.mark.parametrize(
    ("fallbacks", "overrides", "preferred", "codes"),
    [
        (200_000, 2_000_000, 2_000_000, []),
        (200_001, 2_000_000, 0, ["2A-S1-091"]),
        (500_001, 2_000_001, 2_000_001, ["2A-S1-090", "2A-S1-092", "2A-S1-091", "2A-S1-093"]),
    ],
)
def test_one_row_above_a_cap_breaches_it_though_the_emitted_rate_does_not(fallbacks, overrides, preferred, codes):
    """A thousand million sites of two countries; the fallbacks are RS, a fifth of the sites."""
    sites = {"CN": TOTAL - TOTAL // 5, "RS": TOTAL // 5}
    found = block(sites, {"RS": fallbacks}, {"CN": overrides}, {"CN": preferred})
    assert found["rates"]["fallback_rate"] == round(fallbacks / 1e9, 4) and found["rates"]["override_rate"] == 0.002
    assert [breach.code for breach in s1_breaches(found, [], Stand(42, TOTAL, CAPS, DAY))] == codes


def test_what_the_floors_exempt_is_listed_with_its_rate():
    """PS: 34 of 90 sites; MN: 1 of 128; RS: 2 of 145 is bound; BE: 1 of 2000 is below the cap."""
    sites, rows = {"PS": 90, "MN": 128, "RS": 145, "BE": 2000}, {"PS": 34, "MN": 1, "RS": 2, "BE": 1}
    found = block(sites, rows)
    assert found["fallback_country_violations"] == ["RS"]
    assert found["fallback_country_exempt"] == {
        "MN": {"sites_total": 128, "fallback_total": 1, "fallback_rate": 0.0078125, "exempt_by": ["min_rows"]},
        "PS": {"sites_total": 90, "fallback_total": 34, "fallback_rate": 0.37777778, "exempt_by": ["min_sites"]},
    }


def test_an_exception_lifts_the_cap_for_its_countries_as_far_as_it_says():
    lifted = replace(CAPS, exceptions=(EXCEPTION,))
    assert [len(beyond(CN=rows)) for rows in (20, 21)] == [0, 1]
    assert [len(beyond(lifted, CN=rows)) for rows in (21, 40, 41)] == [0, 0, 1]
    assert beyond(lifted, CN=20, RS=20) == []
    (found,) = beyond(lifted, CN=19, RS=21)  # 0.4 % in all, but RS alone is above the cap
    assert "override_rate outside the exceptions 0.00210000 (21 of 10000 sites) > cap 0.002" in found.message
    two = replace(lifted, exceptions=(EXCEPTION, replace(EXCEPTION, id="EX-2", scope=Scope("o", ("RU",)), rate=0.003)))
    (found,) = beyond(two, RU=31, CN=1)
    assert "override_rate within EX-2 0.00310000" in found.message


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, None),
        ({"expiry": "2026-02-14"}, "lapsed on 2026-02-14"),
        (
            {"valid_from": "2026-02-16", "expiry": "2026-12-31"},
            "2026-02-16 is after 2026-02-15, the day of the run's receipt",
        ),
        ({"valid_from": "1970-01-01"}, "1970-01-01 is before 2026-01-01"),
        ({"approver": "me"}, "`me` is not listed"),
        ({"requester": "board"}, "`board` may not approve what `board` asks for"),
        ({"rate": 0.0051}, "rate 0.0051 is above the ceiling 0.005 (override_exception_ceiling)"),
    ],
)
def test_when_an_exception_holds(change, why):
    found = replace(EXCEPTION, **change).flaws(APPROVERS, CAPS.override_exception_ceiling, DAY)
    assert found == [] if why is None else [text for text in found if why in text] == found != []


def test_an_exception_that_does_not_hold_is_named_where_it_was_needed():
    refused = replace(CAPS, refused=((EXCEPTION, "lapsed on 2026-02-14"),))
    (found,) = beyond(refused, CN=30)
    assert "exception EX-1 does not hold: lapsed on 2026-02-14" in found.message
    assert exceptions_block(refused)[0]["refused"] == "lapsed on 2026-02-14"
    assert beyond(refused, CN=20) == []


def test_the_message_of_an_override_cap_names_places_and_the_line_of_an_exception():
    found = [
        Ambiguity("CN", XINJIANG, XINJIANG, "override", 30),
        Ambiguity("FK", (), (), "override", 3),
        Ambiguity("RS", ("Europe/Belgrade", "Europe/Zagreb"), ("Europe/Belgrade",), "fallback", 1),
    ]
    governance = block({"CN": 9000, "FK": 1000}, overridden={"CN": 30, "FK": 3})
    (breach,) = s1_breaches(governance, found, Stand(42, 10_000, CAPS, DAY))
    assert breach.message.endswith("; where: CN Asia/Shanghai + Asia/Urumqi (30 sites), FK no zone (3 sites)")
    assert "scope: {cap: override_rate, countries: [CN]}, rate: 0.0033, valid_from: 2026-02-15" in breach.action
    assert "approver: board" in breach.action
    assert len(str(breach).splitlines()) == 3
    (breach,) = beyond(CN=51)
    assert breach.action == "Narrow the overrides: no exception may go beyond 0.005 (override_exception_ceiling)."


def test_the_message_of_a_fallback_cap_names_places_and_the_policy_that_decides_them():
    governance = block({"CN": 5000, "GE": 5000}, within={"CN": 9})
    found = [Ambiguity("CN", XINJIANG, XINJIANG, "fallback", 9)]
    of_all, of_country = s1_breaches(governance, found, Stand(42, 10_000, CAPS, DAY))
    assert [of_all.code, of_country.code] == ["2A-S1-090", "2A-S1-091"]
    assert "where: CN Asia/Shanghai + Asia/Urumqi (9 sites)" in of_all.message
    assert "target: CN, tzid: Asia/Shanghai or Asia/Urumqi, reason_code: BORDER_OVERLAP" in of_country.action
    found = [Ambiguity("CN", ("Asia/Shanghai", "Asia/Yangon"), ("Asia/Shanghai",), "fallback", 9)]
    advised, _ = s1_breaches(governance, found, Stand(42, 10_000, CAPS, DAY))
    assert "border_preference: {value: in_country" in advised.action
