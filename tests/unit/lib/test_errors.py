"""A neutral fault becomes the code that a state's table names; without a table it passes as three lines."""

import pytest

from scripts.lib.errors import RERUN, Abort, AbortGroup, Breach, Codes, Fault, coded, raise_all, reason_codes
from tests.lawful import CODES

TABLE: Codes = {
    "2A-S2-010": [Breach.MISSING, Breach.CONTENT],
    "2A-S2-020": [(Breach.CONTENT, "tz_overrides")],
    "2A-S2-022": ["merchant_mcc_map"],
    "2A-S2-053": [(Breach.CONTENT, "s1_tz_lookup.tzid_provisional")],
    "2A-S2-052": [(Breach.CONTENT, "s1_tz_lookup.tzid_provisional.null")],
}


def code_of(kind: Breach, place: str) -> str:
    with pytest.raises(Abort) as caught, coded(TABLE):
        raise Fault(kind, place, "broken", path="here")
    assert caught.value.context == {"path": "here"}
    return caught.value.code


@pytest.mark.parametrize(
    ("kind", "place", "code"),
    [
        (Breach.CONTENT, "anything", "2A-S2-010"),
        (Breach.MISSING, "tz_overrides", "2A-S2-010"),
        (Breach.CONTENT, "tz_overrides", "2A-S2-020"),
        (Breach.CONTENT, "tz_overrides.0.tzid", "2A-S2-020"),
        (Breach.SEAL, "merchant_mcc_map", "2A-S2-022"),
        (Breach.CONTENT, "merchant_mcc_map.mcc", "2A-S2-022"),
        (Breach.CONTENT, "s1_tz_lookup.lat_deg", "2A-S2-010"),
        (Breach.CONTENT, "s1_tz_lookup.tzid_provisional", "2A-S2-053"),
        (Breach.CONTENT, "s1_tz_lookup.tzid_provisional.null", "2A-S2-052"),
    ],
)
def test_the_nearest_place_names_the_code(kind, place, code):
    assert code_of(kind, place) == code


def test_a_breach_that_the_table_does_not_foresee_is_a_bug():
    with pytest.raises(KeyError), coded(TABLE):
        raise Fault(Breach.SEAL, "tz_overrides", "broken")


def test_a_group_keeps_what_has_a_code():
    report = {"coverage": {"missing": 1}}
    with pytest.raises(AbortGroup) as caught, coded(TABLE):
        raise_all(
            [
                Abort("2A-S2-050", "a row lost"),
                Fault(Breach.MISSING, "tz_overrides", "gone", action="Look.", report=report),
            ]
        )
    one, other = caught.value.breaches
    assert (one.code, other.code) == ("2A-S2-050", "2A-S2-010")
    assert (other.report, str(other).splitlines()[2]) == (report, "  next:  Look.")


def test_without_a_table_a_fault_says_what_where_and_what_next():
    fault = Fault(Breach.CONTENT, "site_timezones", "columns\n differ", path="results/x.parquet")
    assert str(fault) == f"columns differ\n  where: path=results/x.parquet\n  next:  {RERUN}"


@pytest.mark.parametrize("state", CODES)
def test_tables_name_their_own_codes_and_no_case_twice(state):
    assert set(CODES[state]) <= {code for code, entry in reason_codes().items() if entry.state == state}
    cases = [case for found in CODES[state].values() for case in found]
    assert len(cases) == len(set(cases))
