"""The resolution ladder of S1: containment, one nudge, override, singleton, nearest polygon (states.md §3.1).

A candidate may add one rung after the nudge: where several zones still cover the site and exactly one of them is its
own country's, that one (`prefer_own`, off unless the sealed governance policy asks for it).
Every rung works on arrays, and only on the sites that the rungs before left open.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from scripts.states.mcc import MccMap
from scripts.states.overrides import Overrides, match
from scripts.states.site_key import COUNTRIES, SiteKeys
from scripts.zone_index.index import ZoneIndex, lookup, nearest

EARTH_RADIUS_M = 6_371_000.0
METRES_PER_DEGREE = 111_000.0

POLYGON, NUDGED, PREFERRED, OVERRIDE, SINGLETON, NEAREST_WITHIN, NEAREST_OUTSIDE, UNRESOLVED = range(8)


class CountryZones(NamedTuple):
    """Zones attributed to each country in CSR form: zones of code c are `zones[start[c]:start[c + 1]]`."""

    start: np.ndarray
    zones: np.ndarray

    def of(self, code: int) -> np.ndarray:
        return self.zones[self.start[code] : self.start[code + 1]]

    @classmethod
    def of_pairs(cls, pairs: list[tuple[int, int]]) -> "CountryZones":
        """From (country code, zone id) pairs."""
        ordered = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
        start = np.searchsorted(ordered[:, 0], np.arange(COUNTRIES + 1))
        return cls(start, ordered[:, 1].astype(np.int32))


@dataclass(frozen=True)
class Ladder:
    """What decides a site besides its key and place; `epsilon` in degrees, `mcc` None where no override asks for it."""

    index: ZoneIndex
    epsilon: float
    overrides: Overrides
    countries: CountryZones
    mcc: MccMap | None = None
    prefer_own: bool = False


class Sites(NamedTuple):
    """n sites: their keys, and lon and lat float64 [n] in degrees."""

    keys: SiteKeys
    lon: np.ndarray
    lat: np.ndarray

    def at(self, rows: np.ndarray) -> "Sites":
        return Sites(self.keys.at(rows), self.lon[rows], self.lat[rows])


class Resolution(NamedTuple):
    """Per row: zone id (-1 open), rung (constants above), override scope (-1 none), nudged lon and lat (NaN none).

    `covering` is the set of zones at the nudged place, -1 where none was needed.
    """

    zone: np.ndarray
    rung: np.ndarray
    scope: np.ndarray
    nudge_lon: np.ndarray
    nudge_lat: np.ndarray
    covering: np.ndarray


class Open(NamedTuple):
    """Sites that are still open: their rows, the sites at their nudged places, the sets of zones that cover these."""

    rows: np.ndarray
    sites: Sites
    covering: np.ndarray

    def at(self, rows: np.ndarray) -> "Open":
        return Open(self.rows[rows], self.sites.at(rows), self.covering[rows])


class Decided(NamedTuple):
    """What a rung says of open sites: zone int32 [n], -1 where it leaves them open, and how the others are recorded."""

    zone: np.ndarray
    rung: np.ndarray | int
    scope: np.ndarray | int = -1


def resolve(ladder: Ladder, sites: Sites) -> Resolution:
    """Exactly one provisional zone per site, or rung UNRESOLVED (2A-S1-055)."""
    zone = only_zone(ladder.index, lookup(ladder.index, sites.lon, sites.lat))
    rung, scope = np.full(len(zone), POLYGON, np.int8), np.full(len(zone), -1, np.int32)
    nudge_lon, nudge_lat = np.full(len(zone), np.nan), np.full(len(zone), np.nan)
    covering = np.full(len(zone), -1, np.int32)

    rows = np.flatnonzero(zone < 0)
    if len(rows):
        lon, lat = nudged(sites.lon[rows], sites.lat[rows], ladder.epsilon)
        nudge_lon[rows], nudge_lat[rows], rung[rows] = lon, lat, UNRESOLVED
        covering[rows] = lookup(ladder.index, lon, lat)
        left = Open(rows, Sites(sites.keys.at(rows), lon, lat), covering[rows])
        for climb in RUNGS:
            found = climb(ladder, left)
            zone[left.rows], scope[left.rows] = found.zone, found.scope
            rung[left.rows] = np.where(found.zone >= 0, found.rung, UNRESOLVED)
            left = left.at(found.zone < 0)
            if not len(left.rows):
                break
    return Resolution(zone, rung, scope, nudge_lon, nudge_lat, covering)


def nudged(lon: np.ndarray, lat: np.ndarray, epsilon: float) -> tuple[np.ndarray, np.ndarray]:
    """One step north-east from points (N,) in degrees; latitude is clamped, longitude wrapped to (-180, +180]."""
    x = lon + epsilon + 180.0
    wrapped = (x - 360.0 * np.floor(x / 360.0)) - 180.0
    return np.where(wrapped == -180.0, 180.0, wrapped), np.clip(lat + epsilon, -90.0, 90.0)


def only_zone(index: ZoneIndex, covering: np.ndarray) -> np.ndarray:
    """The zone of each set (N,) that has exactly one, else -1: the sets of one zone come first, in order of zones."""
    return np.where(index.set_sizes[covering] == 1, covering - 1, np.int32(-1))


def by_nudge(ladder: Ladder, left: Open) -> Decided:
    """Rung 1: the one zone that covers the nudged place."""
    return Decided(only_zone(ladder.index, left.covering), NUDGED)


def by_preference(ladder: Ladder, left: Open) -> Decided:
    """The one zone of the site's own country among those that cover the nudged place, where the policy asks for it."""
    if not ladder.prefer_own:
        return Decided(np.full(len(left.rows), -1, np.int32), PREFERRED)
    return Decided(own_zone(ladder.index, left.covering, left.sites.keys.country, ladder.countries), PREFERRED)


def by_override(ladder: Ladder, left: Open) -> Decided:
    """Rung 2: the first active override in site, mcc, country."""
    keys = left.sites.keys
    mcc = ladder.mcc.of(keys.merchant) if ladder.mcc else np.full(len(left.rows), -1, np.int32)
    zone, scope = match(ladder.overrides, keys, mcc)
    return Decided(zone, OVERRIDE, scope)


def by_singleton(ladder: Ladder, left: Open) -> Decided:
    """Rung 3: the only zone of the country, where no polygon covers the nudged place."""
    country = left.sites.keys.country
    first, last = ladder.countries.start[country], ladder.countries.start[country + 1]
    single = (ladder.index.set_sizes[left.covering] == 0) & (last - first == 1)
    zone = np.full(len(left.rows), -1, np.int32)
    zone[single] = ladder.countries.zones[first[single]]
    return Decided(zone, SINGLETON)


def by_nearest(ladder: Ladder, left: Open) -> Decided:
    """Rung 4: the nearest polygon of the site's own country, judged from the nudged place."""
    lon, lat = left.sites.lon, left.sites.lat
    codes, which = np.unique(left.sites.keys.country, return_inverse=True)
    zone, near_lon, near_lat = nearest(
        ladder.index, lon, lat, [ladder.countries.of(code) for code in codes.tolist()], which
    )
    within = haversine_m(lon, lat, near_lon, near_lat) <= ladder.epsilon * METRES_PER_DEGREE
    return Decided(zone, np.where(within, NEAREST_WITHIN, NEAREST_OUTSIDE))


RUNGS = (by_nudge, by_preference, by_override, by_singleton, by_nearest)  # in the order of the contract


def own_zone(index: ZoneIndex, found: np.ndarray, country: np.ndarray, countries: CountryZones) -> np.ndarray:
    """int32 [n]: the one zone of the covering sets `found` [n] that is `country`'s [n], -1 for none or several."""
    first, member = index.arrays["set_first"], index.arrays["set_zone"]
    cases, case = np.unique(np.stack([found, country], axis=1), axis=0, return_inverse=True)
    own = np.full(len(cases), -1, np.int32)
    for number, (covering, code) in enumerate(cases.tolist()):
        both = np.intersect1d(member[first[covering] : first[covering + 1]], countries.of(code))
        if len(both) == 1:
            own[number] = both[0]
    return own[case]


def haversine_m(lon1: np.ndarray, lat1: np.ndarray, lon2: np.ndarray, lat2: np.ndarray) -> np.ndarray:
    """Great-circle distance in metres on a sphere of radius 6,371,000 m; degrees in."""
    lon1, lat1, lon2, lat2 = map(np.radians, (lon1, lat1, lon2, lat2))
    half = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    metres: np.ndarray = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0)))
    return metres
