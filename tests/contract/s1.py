"""Cases of S1 that tests/rule/test_bad_tables.py has not: seals, paths, order, what was resolved (states.md §3)."""

import numpy as np

from scripts.lib.errors import raise_all
from scripts.states import ladder
from scripts.states.overrides import OverrideRow, compile_overrides
from scripts.states.s1_tally import S1Tally, breaches
from scripts.states.s1_tz_lookup import CODES
from scripts.states.site_key import KeyCheck
from scripts.states.site_pass import Passed
from tests.contract.table import OF_S0, Table, capped, conflict, cut, elsewhere, flip, lost, policy, resealed, to
from tests.lawful import FINGERPRINT, OPEN_CAPS, SITES, House, raised, site_table

CN = {"scope": "country", "target": "CN", "tzid": "Asia/Shanghai"}
WHY = {"why": "t", "source": "t"}
PREFER = OPEN_CAPS | {"border_preference": {"value": "in_country", **WHY}, "preferred_rate_cap": {"value": 0.49, **WHY}}
OF_ONE_OWN_ZONE = [(7, "KG", 1, 107.0, 35.0), (7, "KG", 2, 114.0, 35.0)]  # the first where two zones overlap
NO_OVERRIDE = policy("tz_overrides", [])


def map_lost_after_the_gate(house: House) -> list[str]:
    house.mcc_map([(7, 5411), (8, 5812)])
    house.policy("tz_overrides", [{**CN, "scope": "mcc", "target": "5411"}])
    lost("s1_tz_lookup", *OF_S0)(house)
    house.s0()
    house.files["mcc"].unlink()
    return house.s1(merchant_mcc_map=[])


def judged(tally: S1Tally, written: int = 1) -> list[str]:
    """Codes of a pass over one site."""
    keys = KeyCheck()
    keys.rows = 1
    return raised(lambda: raise_all(breaches(Passed(keys.rows, keys, written, tally, sorted_input=True))), CODES)


def resolved(zone: int = 0, rung: int = ladder.NUDGED, lat: float = 1.0):
    """A check: one resolved site in a world of three zones."""
    one = ladder.Resolution(
        np.array([zone], np.int32),
        np.array([rung], np.int8),
        np.array([-1], np.int32),
        np.array([1.0]),
        np.array([lat]),
        np.array([0], np.int32),
    )
    return lambda _: judged(S1Tally.of(np.zeros(1, np.uint16), one, zones=3))


def override_beyond_the_polygons(_: House) -> list[str]:
    rows = [OverrideRow("country", "IT", "Europe/Rome")]
    return raised(lambda: compile_overrides(rows, ["Europe/Paris"]), CODES)


S1 = Table(
    "S1",
    before={
        "nudge of zero": ("2A-S1-021", lambda house: house.nudge("0.0")),
        "nudge of a continent": ("2A-S1-021", lambda house: house.nudge("12.0")),
        "nudge just above its cap": ("2A-S1-021", lambda house: house.nudge("0.010000001")),
        "nudge at its cap": ("", lambda house: house.nudge("0.010")),
        "sites out of order": ("2A-S1-070", lambda house: house.plant(site_table(SITES[::-1]))),
        "fallbacks above the cap": ("2A-S1-090", NO_OVERRIDE, capped(fallback_rate_cap=0.01)),
        "country's fallbacks above the cap": ("2A-S1-091", NO_OVERRIDE, capped(fallback_country_cap=0.01)),
        "preferred above the cap": (
            "2A-S1-093",
            lambda house: house.plant(site_table(OF_ONE_OWN_ZONE)),
            policy("governance", PREFER),
        ),
        "overrides above the cap": ("2A-S1-092", policy("tz_overrides", [CN]), capped(override_rate_cap=0.01)),
    },
    after={
        "receipt missing": ("2A-S1-001", lost("s0_gate_receipt_2A")),
        "input changed after the seal": ("2A-S1-010", flip("country_zones")),
        "sites of another seed": (
            "2A-S1-011",
            elsewhere("site_locations", f"upstream/seed=7/manifest_fingerprint={FINGERPRINT}/p.parquet"),
        ),
        "governance that is none": ("2A-S1-022", resealed("governance", "[]")),
        "index that is none": ("2A-S1-020", lambda house: {"lookup_index": house.path("tz_nudge")}),
        "output at another seed": ("2A-S1-040", to("dataset", "s1_tz_lookup", "seed=42", "seed=7")),
        "published with other bytes": ("2A-S1-041", cut("s1_tz_lookup")),
    },
    checks={
        "map lost after the gate": ("2A-S1-010", map_lost_after_the_gate),
        "row lost on the way": ("2A-S1-050", lambda _: judged(S1Tally.nothing(zones=3), written=0)),
        "resolved without a zone": ("2A-S1-052", resolved(zone=-1)),
        "zone beyond the polygons": ("2A-S1-053", resolved(zone=3)),
        "override beyond the polygons": ("2A-S1-053", override_beyond_the_polygons),
        "half a nudge": ("2A-S1-054", resolved(lat=np.nan)),
        "nudge that did not happen": ("2A-S1-054", resolved(rung=ladder.POLYGON)),
        "contracts at odds": ("2A-S1-080", conflict("S1", "s1_tz_lookup")),
    },
)
