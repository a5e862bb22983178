"""The resolution ladder of S1: containment, one nudge, override, singleton, nearest polygon (states.md §3.1).

A candidate may add one rung after the nudge: where several zones still cover the site and exactly one of them is its
own country's, that one (`prefer_own`, off unless the sealed governance policy asks for it).
Every rung works on arrays; rungs 1-5 touch only the rows that the rung before left open.
"""

from typing import NamedTuple

import numpy as np

from scripts.states.policy import Overrides, match
from scripts.zone_index.index import ZoneIndex, lookup, nearest

EARTH_RADIUS_M = 6_371_000.0
METRES_PER_DEGREE = 111_000.0

POLYGON, NUDGED, PREFERRED, OVERRIDE, SINGLETON, NEAREST_WITHIN, NEAREST_OUTSIDE, UNRESOLVED = range(8)


class Sites(NamedTuple):
    """A batch: merchant uint64, country uint16 codes, order int32, lon, lat float64, mcc int32 (-1 none), all [n]."""

    merchant: np.ndarray
    country: np.ndarray
    order: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    mcc: np.ndarray


class Resolution(NamedTuple):
    """Per row: zone id (-1 open), rung (constants above), override scope (-1 none), nudged lon and lat (NaN none)."""

    zone: np.ndarray
    rung: np.ndarray
    scope: np.ndarray
    nudge_lon: np.ndarray
    nudge_lat: np.ndarray


class CountryZones(NamedTuple):
    """Zones attributed to each country in CSR form: zones of code c are `zones[start[c]:start[c + 1]]`."""

    start: np.ndarray
    zones: np.ndarray

    def count(self, country: np.ndarray) -> np.ndarray:
        return self.start[country.astype(np.int64) + 1] - self.start[country]


def country_zones(pairs: list[tuple[int, int]]) -> CountryZones:
    """CSR form of (country code, zone id) pairs."""
    ordered = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
    start = np.searchsorted(ordered[:, 0], np.arange(65537))
    return CountryZones(start, ordered[:, 1].astype(np.int32))


def nudge(lon: np.ndarray, lat: np.ndarray, epsilon: float) -> tuple[np.ndarray, np.ndarray]:
    """One step north-east; latitude is clamped, longitude wrapped to (-180, +180]."""
    x = lon + epsilon + 180.0
    wrapped = (x - 360.0 * np.floor(x / 360.0)) - 180.0
    return np.where(wrapped == -180.0, 180.0, wrapped), np.clip(lat + epsilon, -90.0, 90.0)


def haversine_m(lon1: np.ndarray, lat1: np.ndarray, lon2: np.ndarray, lat2: np.ndarray) -> np.ndarray:
    """Great-circle distance in metres on a sphere of radius 6,371,000 m; degrees in."""
    lon1, lat1, lon2, lat2 = map(np.radians, (lon1, lat1, lon2, lat2))
    half = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0)))


def resolve(
    index: ZoneIndex,
    sites: Sites,
    *,
    epsilon: float,
    overrides: Overrides,
    countries: CountryZones,
    prefer_own: bool = False,
) -> Resolution:
    """Exactly one provisional zone per site, or rung UNRESOLVED (2A-S1-055)."""
    rows = len(sites.lon)
    zone, rung = np.full(rows, -1, np.int32), np.full(rows, POLYGON, np.int8)
    scope = np.full(rows, -1, np.int32)
    nudge_lon, nudge_lat = np.full(rows, np.nan), np.full(rows, np.nan)

    found = lookup(index, sites.lon, sites.lat)
    single = index.set_sizes[found] == 1
    zone[single] = found[single] - 1

    left = np.flatnonzero(~single)
    if len(left):
        lon, lat = nudge(sites.lon[left], sites.lat[left], epsilon)
        nudge_lon[left], nudge_lat[left] = lon, lat
        found = lookup(index, lon, lat)
        size = index.set_sizes[found]
        zone[left] = np.where(size == 1, found - 1, -1)
        rung[left] = NUDGED

        left, found = left[size != 1], found[size != 1]
        if prefer_own and len(left):
            own = own_zone(index, found, sites.country[left], countries)
            zone[left[own >= 0]], rung[left[own >= 0]] = own[own >= 0], PREFERRED
            left, found = left[own < 0], found[own < 0]
        covering = index.set_sizes[found]
        hit, hit_scope = match(overrides, sites.merchant[left], sites.country[left], sites.order[left], sites.mcc[left])
        overridden = hit >= 0
        zone[left], scope[left] = hit, hit_scope
        rung[left] = np.where(overridden, OVERRIDE, UNRESOLVED)

        left, covering = left[~overridden], covering[~overridden]
        support = countries.count(sites.country[left])
        singleton = (covering == 0) & (support == 1)
        chosen = left[singleton]
        zone[chosen] = countries.zones[countries.start[sites.country[chosen]]]
        rung[chosen] = SINGLETON

        left = left[~singleton & (support > 0)]
        if len(left):
            _nearest_polygon(index, sites, countries, epsilon, left, zone, rung, nudge_lon, nudge_lat)
    return Resolution(zone, rung, scope, nudge_lon, nudge_lat)


def own_zone(index: ZoneIndex, found: np.ndarray, country: np.ndarray, countries: CountryZones) -> np.ndarray:
    """int32 [n]: the one zone of the covering sets `found` [n] that is `country`'s [n], -1 for none or several."""
    first, member = index.arrays["set_first"], index.arrays["set_zone"]
    cases, case = np.unique(np.stack([found, country], axis=1), axis=0, return_inverse=True)
    own = np.full(len(cases), -1, np.int32)
    for number, (covering, code) in enumerate(cases.tolist()):
        mine = countries.zones[countries.start[code] : countries.start[code + 1]]
        both = np.intersect1d(member[first[covering] : first[covering + 1]], mine)
        if len(both) == 1:
            own[number] = both[0]
    return own[case]


def _nearest_polygon(index, sites, countries, epsilon, left, zone, rung, nudge_lon, nudge_lat) -> None:
    """Rung 4, in place for the rows `left`: nearest polygon of the site's own country, judged from the nudged point."""
    codes, which = np.unique(sites.country[left], return_inverse=True)
    candidates = [countries.zones[countries.start[code] : countries.start[int(code) + 1]] for code in codes]
    lon, lat = nudge_lon[left], nudge_lat[left]
    near, near_lon, near_lat = nearest(index, lon, lat, candidates, which)
    within = haversine_m(lon, lat, near_lon, near_lat) <= epsilon * METRES_PER_DEGREE
    zone[left] = near
    rung[left] = np.where(within, NEAREST_WITHIN, NEAREST_OUTSIDE)
