"""The posture of the published 1B segment, redrawn from a facts file: sites in narrow boxes, dense at the western edge.

A box of a country holds a stated number of sites in each zone. Sites drift east from the box's west side with an
exponential density, so that most hug the border there. Every draw comes from Philox keyed by (seed, country, purpose):
no result depends on the order of countries, on cores or on other seeds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from scripts.lib.errors import UsageError
from scripts.upstream.facts import Clump, Facts, Merchants, Spot

DECIMALS = 6  # of a coordinate: 0.1 m, and coarse enough to hide the last bit of `log1p`
MARGIN = 0.02  # degrees around a box inside which polygons must be whole; more than the nudge
TRIES = 400
ALLOCATE, PLACE, MERCHANTS, UNIVERSE, REOPEN = range(5)


def generator(seed: int, country: str, purpose: int) -> np.random.Generator:
    """The random stream of one country and purpose under one seed."""
    return np.random.Generator(np.random.Philox(key=[seed, purpose << 32 | int.from_bytes(country.encode())]))


@dataclass(frozen=True)
class ZoneWindow:
    """Zone polygons near one box: `tzids` (Z,) str and prepared `geoms` (Z,), one multipolygon a zone."""

    tzids: list[str]
    geoms: np.ndarray

    def covering(self, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        """Bool (N, Z): which zones cover each point, boundary included."""
        found: np.ndarray = shapely.intersects_xy(self.geoms, lon[:, None], lat[:, None])
        return found

    def exactly(self, lon: np.ndarray, lat: np.ndarray, zones: Sequence[str]) -> np.ndarray:
        """Bool (N,): points that are covered by all of `zones` and by no other zone."""
        wanted = np.isin(self.tzids, zones)
        if wanted.sum() != len(zones):
            return np.zeros(len(lon), dtype=bool)
        return np.asarray((self.covering(lon, lat) == wanted).all(axis=1))


def window(tzids: np.ndarray, geoms: np.ndarray, bounds: np.ndarray, box: Sequence[float]) -> ZoneWindow:
    """Zones within `MARGIN` of `box`; `bounds` (P, 4) of `geoms` (P,)."""
    west, south, east, north = (side + sign * MARGIN for side, sign in zip(box, (-1, -1, 1, 1), strict=True))
    meets = (bounds[:, 0] <= east) & (bounds[:, 2] >= west) & (bounds[:, 1] <= north) & (bounds[:, 3] >= south)
    parts = shapely.clip_by_rect(geoms[meets], west, south, east, north)
    names = tzids[meets]
    near = sorted(set(names[~shapely.is_empty(parts)].tolist()))
    merged = np.array([shapely.multipolygons(shapely.get_parts(_polygons(parts[names == name]))) for name in near])
    shapely.prepare(merged)
    return ZoneWindow(near, merged)


def _polygons(parts: np.ndarray) -> np.ndarray:
    pieces: np.ndarray = shapely.get_parts(parts)
    return np.asarray(pieces[shapely.get_type_id(pieces) == shapely.GeometryType.POLYGON])


def drifting(rng: np.random.Generator, count: int, box: Sequence[float], drift: float) -> tuple[np.ndarray, np.ndarray]:
    """`count` points (lon, lat) of `box`: exponential from the west with scale `drift` degrees, even in latitude."""
    west, south, east, north = box
    u, v = rng.random((2, count))
    lon = west - drift * np.log1p(u * np.expm1(-(east - west) / drift))
    return np.round(lon, DECIMALS), np.round(south + (north - south) * v, DECIMALS)


def place(
    rng: np.random.Generator, near: ZoneWindow, where: Clump | Spot, zones: Sequence[str], count: int, nudge: float
) -> np.ndarray:
    """`count` points of `where` covered by exactly `zones`; those of a spot after the nudge by exactly its `nudged`.

    Returns lon, lat (2, count) float64. Raises `UsageError` when the box holds too few such points.
    """
    found = np.empty((2, 0))
    for _ in range(TRIES):
        if found.shape[1] >= count:
            return found[:, :count]
        lon, lat = drifting(rng, max(1024, 2 * count), where.box, where.drift)
        fits = near.exactly(lon, lat, zones)
        if isinstance(where, Spot):
            fits[fits] = near.exactly(lon[fits] + nudge, lat[fits] + nudge, where.nudged)
        found = np.hstack([found, [lon[fits], lat[fits]]])
    box = list(where.box)
    raise UsageError(f"facts: box {box} has too little room for {count} sites in {'+'.join(zones)}: widen it")


def stretch(near: ZoneWindow, sites: np.ndarray, box: Sequence[float]) -> None:
    """Move the outermost of `sites` (2, N), in place, onto each side of `box`, unless it would change its zones."""
    (west, south, east, north), (lon, lat) = box, sites
    for values, side, pick in (
        (lon, west, np.argmin),
        (lat, south, np.argmin),
        (lon, east, np.argmax),
        (lat, north, np.argmax),
    ):
        order = pick(values)
        before, kept = near.covering(lon[order : order + 1], lat[order : order + 1]), values[order]
        values[order] = side
        if (near.covering(lon[order : order + 1], lat[order : order + 1]) != before).any():
            values[order] = kept


def scale(base: dict[str, int], total: int, fixed: dict[str, int]) -> dict[str, int]:
    """Counts in proportion to `base` that sum to `total`, `fixed` as they are; largest remainders get the rest."""
    free = [name for name in base if name not in fixed]
    weights = np.array([base[name] for name in free], dtype=np.int64)
    exact = weights * ((total - sum(fixed.values())) / weights.sum())
    counts = np.maximum(np.floor(exact).astype(np.int64), 1)
    rest = total - sum(fixed.values()) - counts.sum()
    counts[np.argsort(-(exact - counts), kind="stable")[:rest]] += 1
    return {**dict(zip(free, counts.tolist(), strict=True)), **fixed}


def allocate(rng: np.random.Generator, base: list[int], total: int) -> list[int]:
    """`total` sites over cells with the shares of `base`: exactly `base` if it has that sum, else drawn at random."""
    if sum(base) == total:
        return base
    edges = np.cumsum(base) / sum(base)
    drawn = np.searchsorted(edges[:-1], rng.random(total), side="right")
    counts: list[int] = np.bincount(drawn, minlength=len(base)).tolist()
    return counts


def country_counts(facts: Facts, seed: int) -> dict[str, int]:
    """Country -> sites of one seed: the base seed's own counts, scaled to the seed's size."""
    base = {name: country.sites for name, country in facts.countries.items()}
    for name, count in facts.seeds[facts.base_seed].spots.items():
        base[facts.spots[name].country] += count
    wanted = facts.seeds[seed]
    return scale(base, wanted.sites, wanted.fixed)


def split(facts: Facts, seed: int, country: str, total: int) -> list[tuple[Clump, dict[str, int]]]:
    """The country's clumps, each with its sites in every zone, `total` in all."""
    clumps = facts.countries[country].clumps
    base = [count for clump in clumps for count in clump.zones.values()]
    counts = iter(allocate(generator(seed, country, ALLOCATE), base, total))
    return [(clump, {zone: next(counts) for zone in clump.zones}) for clump in clumps]


def merchant_keys(merchants: Merchants, seed: int, country: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """`(merchant_id uint64, site_order int32)`, both (count,), of a country's sites, in random order.

    One universe of ids serves all seeds; sizes are heavy-tailed and every chosen merchant has at least one site.
    """
    universe = generator(0, "", UNIVERSE).bit_generator.random_raw(merchants.universe)
    rng = generator(seed, country, MERCHANTS)
    chosen = max(1, count // merchants.sites_per_merchant)
    ids = universe[np.argsort(rng.random(len(universe)), kind="stable")[:chosen]]
    weight = np.cumsum(1 / (rng.random(chosen) + 0.02))
    extra = np.searchsorted(weight[:-1] / weight[-1], rng.random(count - chosen), side="right")
    sizes = 1 + np.bincount(extra, minlength=chosen)
    order = np.arange(count) - np.repeat(np.cumsum(sizes) - sizes, sizes) + 1
    shuffle = np.argsort(rng.random(count), kind="stable")
    return np.repeat(ids, sizes)[shuffle], order.astype(np.int32)[shuffle]
