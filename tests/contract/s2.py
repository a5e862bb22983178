"""Cases of S2: a lookup table that S1 vouches for, policies under a seal that vouches for them (states.md §4)."""

import pyarrow as pa

from scripts.lib.errors import raise_all
from scripts.states import sites
from scripts.states.s2_overrides import CODES, LOOKUP, NUDGES, OUTPUT
from scripts.states.s2_tally import S2Tally, breaches
from scripts.states.site_key import KeyCheck
from scripts.states.site_pass import Passed, altered_rows
from tests.contract.table import (
    LATER,
    OF_S0,
    ZEROS,
    Table,
    cell,
    conflict,
    cut,
    edit,
    elsewhere,
    flip,
    json,
    lost,
    policy,
    resealed,
    vouched,
)
from tests.lawful import OPEN_CAPS, OVERRIDE, SITES, House, column, raised

FINAL = sites.Table("site_timezones", OUTPUT)
MCC = OVERRIDE | {"scope": "mcc", "target": "5812"}


def lookup(change):
    return vouched("s1_run_report", "s1_tz_lookup", change)


def overrides(*entries: dict):
    return resealed("tz_overrides", list(entries))


def without(entry: dict, name: str):
    """The overrides are this one, which does not say `name`."""
    return policy("tz_overrides", [{key: value for key, value in entry.items() if key != name}])


def judged(written: int = len(SITES), altered: int = 0) -> list[str]:
    """Codes of a pass that wrote so many rows, and altered so many of them."""
    keys = KeyCheck()
    keys.rows = len(SITES)
    passed = Passed(keys.rows, keys, written, S2Tally.nothing(zones=3), sorted_input=True, altered=altered)
    return raised(lambda: raise_all(breaches(passed)), CODES)


def carried(*changes):
    """A check: site_timezones after `changes`, held together row by row with the lookup that it was made of."""

    def check(house: House) -> list[str]:
        for change in changes:
            house.rewrite("site_timezones", change)
        before, after = (sites.batches(table, house.path(table.dataset)) for table in (LOOKUP, FINAL))
        return judged(altered=altered_rows(before, after, NUDGES))

    return check


def swapped(name: str, one: int, other: int):
    """A change that no minimum, maximum or count shows: two rows have each other's value."""

    def change(table: pa.Table) -> pa.Table:
        values = table[name].to_pylist()
        assert values[one] != values[other]
        values[one], values[other] = values[other], values[one]
        return column(table, name, values)

    return change


def merchant_that_the_map_lost(house: House) -> list[str]:
    """S1 went by an mcc rule; the map that S2 reads, sealed as it lies, has no such merchant."""
    house.mcc_map([(7, 5812), (8, 5411)])
    house.policy("tz_overrides", [MCC])
    lost(*OF_S0, "s1_tz_lookup", "site_timezones")(house)
    house.through("S2")
    house.mcc_map([(8, 5411)])
    house.reseal("merchant_mcc_map", "mcc")
    house.files["site_timezones"].unlink()
    return house.s2()


S2 = Table(
    "S2",
    before={
        "override that its owner approved": ("2A-S2-091", policy("tz_overrides", [OVERRIDE | {"owner": "board"}])),
        "override that nobody on the list approved": (
            "2A-S2-091",
            policy("tz_overrides", [OVERRIDE | {"approved_by": "me"}]),
        ),
        "mcc override without approver": (
            "2A-S2-091",
            lambda house: house.mcc_map([(7, 5812)]),
            without(MCC, "approved_by"),
        ),
        "override without owner": ("2A-S2-091", without(OVERRIDE, "owner")),
    },
    after={
        "receipt of another fingerprint": ("2A-S2-001", edit("s0_gate_receipt_2A", manifest_fingerprint=ZEROS)),
        "lookup changed after S1": ("2A-S2-010", flip("s1_tz_lookup")),
        "lookup of another seed": ("2A-S2-011", elsewhere("s1_tz_lookup", "other.parquet")),
        "overrides malformed": ("2A-S2-020", overrides({"scope": "country"})),
        "override twice": ("2A-S2-021", overrides(OVERRIDE, OVERRIDE)),
        "mcc override without a map": ("2A-S2-022", overrides(OVERRIDE, MCC)),
        "override expired since": ("2A-S2-024", overrides(OVERRIDE | {"expiry_yyyy_mm_dd": "2026-02-14"})),
        "latitude missing": ("2A-S2-030", lookup(cell("lat_deg", 0, None))),
        "row of another seed": ("2A-S2-040", lookup(cell("seed", 0, 7))),
        "published with other bytes": ("2A-S2-041", cut("site_timezones")),
        "row of another time": ("2A-S2-042", lookup(cell("created_utc", 0, LATER))),
        "site twice": ("2A-S2-051", lookup(lambda table: table.take([0, *range(len(table))]))),
        "zone missing": ("2A-S2-052", lookup(cell("tzid_provisional", 0, None))),
        "zone malformed": ("2A-S2-053", lookup(cell("tzid_provisional", 0, "Not a zone"))),
        "source against override": ("2A-S2-054", lookup(cell("tzid_provisional_source", 3, "polygon"))),
        "other override than S1's": ("2A-S2-054", overrides(OVERRIDE | {"tzid": "Asia/Urumqi"})),
        "override on a polygon": ("2A-S2-054 2A-S2-055", lookup(cell("override_scope", 0, "country"))),
        "half a nudge": ("2A-S2-056", lookup(cell("nudge_lat_deg", 3, None))),
        "zone without polygon": ("2A-S2-057", lookup(cell("tzid_provisional", 0, "Europe/Rome"))),
        "lookup out of order": ("2A-S2-070", lost("site_timezones"), lookup(lambda table: table.take([8, *range(8)]))),
        "sealed under another licence": (
            "2A-S2-080",
            json("sealed_inputs_2A", lambda found: found[0].update(license_class="WTFPL")),
        ),
        "overrides above the cap": (
            "2A-S2-090",
            resealed("governance", OPEN_CAPS | {"override_rate_cap": {"value": 0.01, "why": "t", "source": "t"}}),
        ),
    },
    checks={
        "row lost on the way": ("2A-S2-050", lambda _: judged(written=len(SITES) - 1)),
        "merchant that the map lost": ("2A-S2-023", merchant_that_the_map_lost),
        "nothing changed on the way": ("", carried()),
        "nudge changed on the way": ("2A-S2-056", carried(cell("nudge_lat_deg", 3, 1.0))),
        "nudge lost on the way": ("2A-S2-056", carried(cell("nudge_lat_deg", 3, None))),
        "nudges swapped on the way": ("2A-S2-056", carried(swapped("nudge_lon_deg", 1, 3))),
        "keys swapped on the way": ("2A-S2-056", carried(swapped("legal_country_iso", 0, 2))),
        "contracts at odds": ("2A-S2-080", conflict("S2", "site_timezones")),
    },
)
