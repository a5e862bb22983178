"""TZif reading against `zoneinfo` on the same bytes: every zone, every transition from 1970 to the horizon."""

import contextlib
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import tzdata
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.reference import tzif

ROOT = Path(tzdata.__file__).parent / "zoneinfo"
NAMES = [line for line in (ROOT.parent / "zones").read_text().splitlines() if line]
HORIZON = 2037
FIRST, END = 0, int(datetime(HORIZON + 1, 1, 1, tzinfo=UTC).timestamp())
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def reference_offset(zone: ZoneInfo, instant: int) -> float:
    """Offset in seconds that `zoneinfo` gives at a UTC second."""
    return (EPOCH + timedelta(seconds=instant)).astimezone(zone).utcoffset().total_seconds()


def half_even(seconds: float) -> int:
    return round(seconds / 60)


def entries(name: str) -> tuple[ZoneInfo, np.ndarray, np.ndarray]:
    """A zone as `zoneinfo` reads it, and its instants and minutes as we do."""
    data = (ROOT / name).read_bytes()
    instants, minutes, _ = tzif.to_minutes(tzif.parse_tzif(data, HORIZON))
    return ZoneInfo.from_file(io.BytesIO(data)), instants, minutes


@pytest.mark.parametrize("start", range(0, len(NAMES), 50))
def test_every_transition_of_every_zone(start):
    for name in NAMES[start : start + 50]:
        zone, instants, minutes = entries(name)
        assert instants[0] == tzif.SENTINEL and (instants[1:] > instants[:-1]).all()
        for number in np.flatnonzero((instants >= FIRST) & (instants < END)):
            at = int(instants[number])
            assert half_even(reference_offset(zone, at)) == minutes[number], (name, at)
            assert half_even(reference_offset(zone, at - 1)) == minutes[number - 1], (name, at)


def test_no_transition_is_missed():
    """Between entries nothing changes: `zoneinfo` probed every eleven days agrees with the entry that holds there."""
    probes = np.arange(FIRST, END, 11 * 86400)
    for name in NAMES[::12]:
        zone, instants, minutes = entries(name)
        ours = minutes[np.searchsorted(instants, probes, side="right") - 1]
        theirs = [half_even(reference_offset(zone, int(probe))) for probe in probes]
        assert ours.tolist() == theirs, name


def test_offset_before_the_first_transition_is_the_first_type():
    instants, minutes, rounded = tzif.to_minutes(tzif.parse_tzif((ROOT / "Europe/Paris").read_bytes(), HORIZON))
    assert (instants[0], minutes[0]) == (tzif.SENTINEL, 9)  # local mean time 0:09:21
    assert rounded[0] == 9


@pytest.mark.parametrize(
    ("seconds", "minutes"), [(30, 0), (90, 2), (150, 2), (-30, 0), (-90, -2), (561, 9), (3600, 60)]
)
def test_rounding_is_half_to_even(seconds, minutes):
    zone = tzif.Zone(np.array([tzif.SENTINEL]), np.array([seconds]))
    assert tzif.to_minutes(zone)[1].tolist() == [minutes]


def test_entries_that_round_to_the_same_minute_are_coalesced():
    zone = tzif.Zone(np.array([tzif.SENTINEL, 10, 20, 30]), np.array([3600, 3610, 3599, 7200]))
    instants, minutes, rounded = tzif.to_minutes(zone)
    assert instants.tolist() == [tzif.SENTINEL, 30] and minutes.tolist() == [60, 120]
    assert rounded == {1: 60, 2: 60}  # each is logged although both vanish


RULES = {
    "CET-1CEST,M3.5.0,M10.5.0/3": [(1743296400, 7200), (1761440400, 3600)],
    "IST-2IDT,M3.4.4/26,M10.5.0": [(1743120000, 10800), (1761433200, 7200)],
    "<-02>2<-01>,M3.5.0/-1,M10.5.0/0": [(1743296400, -3600), (1761440400, -7200)],
    "AAA3BBB,J60/0,J300/0": [(1740798000, -7200), (1761530400, -10800)],
    "<+03>-3": [],
}


@pytest.mark.parametrize("rule", RULES)
def test_footer_rules_worked_out_by_hand(rule):
    assert tzif.footer_transitions(rule, 2025, 2025) == RULES[rule]


zones = st.dictionaries(
    st.from_regex(r"[A-Za-z_]{3,12}(/[A-Za-z_]{3,12})?", fullmatch=True),
    st.lists(st.tuples(st.integers(-(2**62), 2**62), st.integers(-900, 900)), max_size=8),
    max_size=5,
)


@settings(max_examples=50, deadline=None)
@given(zones)
def test_payload_comes_back_as_it_went(entries):
    arrays = {
        name: (np.array([at for at, _ in rows], np.int64), np.array([offset for _, offset in rows], np.int32))
        for name, rows in entries.items()
    }
    payload = tzif.encode(arrays)
    assert len(payload) == 10 + sum(6 + len(name) + 12 * len(rows) for name, rows in entries.items())
    found = tzif.decode(payload)
    assert {name: [part.tolist() for part in zone] for name, zone in found.items()} == {
        name: [part.tolist() for part in zone] for name, zone in arrays.items()
    }


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 300), st.integers(0, 299), st.integers(1, 255))
def test_damaged_bytes_raise_nothing_but_value_error(noise, length, position, flip):
    payload = bytearray(tzif.encode({"A/B": (np.array([1, 2]), np.array([3, 4])), "C": (np.array([1]), np.array([1]))}))
    payload[position % len(payload)] ^= flip
    for data in (noise, bytes(payload[:length]), bytes(payload) + noise):
        with contextlib.suppress(ValueError):
            tzif.decode(data)
