"""TZif data and the TZC1 payload: transitions as minute offsets, to a horizon, from sealed bytes only (states.md §5).

`zoneinfo` reads instants in local time and hides the transition table; pandas and pyarrow read the host's database. So
the few lines of RFC 8536 that S3 needs stand here, and a test holds them against `zoneinfo` on the same release.
"""

import re
import struct
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import numpy as np

SENTINEL = -(2**63)
LIMIT = 900  # minutes: no offset but a sentinel's is further from UTC (states.md §5, §6)
MAGIC = b"TZC1"
_HEADER = struct.Struct(">4sc15x6I")
_POSIX = re.compile(
    r"(?P<std><[A-Za-z0-9+-]+>|[A-Za-z]+)(?P<std_off>[+-]?[0-9:]+)"
    r"(?:(?P<dst><[A-Za-z0-9+-]+>|[A-Za-z]+)(?P<dst_off>[+-]?[0-9:]+)?,(?P<start>[^,]+),(?P<end>[^,]+))?"
)


Timetables = dict[str, tuple[np.ndarray, np.ndarray]]  # by tzid: instants int64 [m], minutes int32 [m]


class Zone(NamedTuple):
    """One zone before rounding: instants int64 [n] (UTC seconds, first is SENTINEL), offsets int64 [n] (seconds)."""

    instants: np.ndarray
    offsets: np.ndarray


def parse_tzif(data: bytes, horizon_year: int) -> Zone:
    """Read TZif data and extend it by its footer rule to the end of `horizon_year`; ValueError when malformed."""
    try:
        magic, version, *counts = _HEADER.unpack_from(data)
        if magic != b"TZif" or version < b"2":
            raise ValueError("not a TZif file of version 2 or later")
        start = _HEADER.size + _block_size(counts, 4)  # the 32-bit block comes first and is skipped
        magic, _, isutc, isstd, leap, times, types, chars = _HEADER.unpack_from(data, start)
        body = start + _HEADER.size
        instants = np.frombuffer(data, ">i8", times, body).astype(np.int64)
        which = np.frombuffer(data, np.uint8, times, body + 8 * times)
        infos = body + 9 * times
        utoff = np.array([struct.unpack_from(">l", data, infos + 6 * number)[0] for number in range(types)], np.int64)
        footer = data[body + _block_size((isutc, isstd, leap, times, types, chars), 8) :]
    except (struct.error, IndexError) as problem:
        raise ValueError(f"truncated TZif data: {problem}") from None
    if magic != b"TZif" or not types or (times and which.max() >= types):
        raise ValueError("inconsistent TZif data")
    if leap:
        raise ValueError("compiled with leap seconds; POSIX instants are required")
    if len(footer) < 2 or footer[:1] != b"\n" or footer[-1:] != b"\n":
        raise ValueError("TZif footer is missing")
    # Before the first transition the first local-time type holds (RFC 8536 §3.2): the sentinel carries it.
    offsets = utoff[np.concatenate([[0], which]).astype(np.int64)]
    instants = np.concatenate([[SENTINEL], instants])
    end = int(datetime(horizon_year + 1, 1, 1, tzinfo=UTC).timestamp())
    last_year = datetime.fromtimestamp(max(int(instants[-1]), 0), UTC).year if len(instants) > 1 else 1970
    future = footer_transitions(footer[1:-1].decode("ascii"), last_year, horizon_year)
    future = [(instant, offset) for instant, offset in future if instant > instants[-1]]
    instants = np.concatenate([instants, np.array([instant for instant, _ in future], np.int64)])
    offsets = np.concatenate([offsets, np.array([offset for _, offset in future], np.int64)])
    inside = instants < end
    return Zone(instants[inside], offsets[inside])


def _block_size(counts: tuple[int, ...] | list[int], width: int) -> int:
    isutc, isstd, leap, times, types, chars = counts
    return times * width + times + types * 6 + chars + leap * (width + 4) + isstd + isutc


def footer_transitions(rule: str, first_year: int, last_year: int) -> list[tuple[int, int]]:
    """(UTC second, offset seconds) that a POSIX TZ rule implies from `first_year` to `last_year`, in order of time."""
    match = _POSIX.fullmatch(rule)
    if not match:
        if rule:
            raise ValueError(f"footer rule not understood: {rule!r}")
        return []
    if not match["dst"]:
        return []
    standard = -_seconds(match["std_off"])
    daylight = -_seconds(match["dst_off"]) if match["dst_off"] else standard + 3600
    found = []
    for year in range(first_year, last_year + 1):
        found.append((_rule_instant(match["start"], year) - standard, daylight))
        found.append((_rule_instant(match["end"], year) - daylight, standard))
    return sorted(found)


def _seconds(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    parts = [int(part) for part in text.lstrip("+-").split(":")]
    return sign * sum(part * scale for part, scale in zip(parts, (3600, 60, 1), strict=False))


def _rule_instant(rule: str, year: int) -> int:
    """Local wall-clock second of a rule `Mm.w.d/time`, `Jn/time` or `n/time` in `year`, as if local were UTC."""
    day_rule, _, time = rule.partition("/")
    if day_rule.startswith("M"):
        month, week, weekday = map(int, day_rule[1:].split("."))
        first = date(year, month, 1)
        day = first + timedelta((weekday - first.isoweekday() % 7) % 7 + 7 * (week - 1))
        if day.month != month:
            day -= timedelta(7)
    elif day_rule.startswith("J"):  # 1..365, 29 February is never counted
        number = int(day_rule[1:])
        leap_year = date(year, 12, 31).timetuple().tm_yday == 366
        day = date(year, 1, 1) + timedelta(number - 1 + (leap_year and number >= 60))
    else:
        day = date(year, 1, 1) + timedelta(int(day_rule))
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return int(midnight.timestamp()) + (_seconds(time) if time else 7200)


def to_minutes(zone: Zone) -> tuple[np.ndarray, np.ndarray, dict[int, int]]:
    """Round offsets to minutes, half to even, then drop entries that change nothing.

    Returns instants int64 [m], minutes int32 [m], and what was rounded: index of the entry of `zone` -> its minutes.
    """
    minutes = np.rint(zone.offsets / 60).astype(np.int32)
    rounded = {number: int(minutes[number]) for number in np.flatnonzero(minutes * 60 != zone.offsets).tolist()}
    keep = np.concatenate([[True], minutes[1:] != minutes[:-1]])
    return zone.instants[keep], minutes[keep], rounded


def encode(zones: Timetables) -> bytes:
    """TZC1 version 1, tzids in ASCII order."""
    parts = [MAGIC, struct.pack("<HI", 1, len(zones))]
    for tzid in sorted(zones):
        instants, minutes = zones[tzid]
        entries = np.empty(len(instants), dtype=[("instant", "<i8"), ("minutes", "<i4")])
        entries["instant"], entries["minutes"] = instants, minutes
        name = tzid.encode("ascii")
        parts += [struct.pack("<H", len(name)), name, struct.pack("<I", len(entries)), entries.tobytes()]
    return b"".join(parts)


def decode(payload: bytes) -> Timetables:
    """The inverse of `encode`; raises ValueError for anything that is not one whole payload."""
    try:
        version, count = struct.unpack_from("<HI", payload, 4)
        if payload[:4] != MAGIC or version != 1:
            raise ValueError("not a TZC1 version 1 payload")
        at, zones = 10, {}
        for _ in range(count):
            (length,) = struct.unpack_from("<H", payload, at)
            name = payload[at + 2 : at + 2 + length].decode("ascii")
            (entries,) = struct.unpack_from("<I", payload, at + 2 + length)
            at += 6 + length
            table = np.frombuffer(payload, dtype=[("instant", "<i8"), ("minutes", "<i4")], count=entries, offset=at)
            zones[name] = (table["instant"].astype(np.int64), table["minutes"].astype(np.int32))
            at += 12 * entries
    except (struct.error, UnicodeDecodeError) as problem:
        raise ValueError(f"truncated payload: {problem}") from None
    if at != len(payload) or list(zones) != sorted(zones) or len(zones) != count:
        raise ValueError("payload has wrong length, order or duplicate zones")
    return zones
