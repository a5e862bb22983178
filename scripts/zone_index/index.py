"""Which zones cover a point, and which zone is nearest: exact answers from a memory-mapped index.

Points in blocks and cells that no polygon edge touches are answered by one or two table reads; the rest by the original
edges that touch their cell, as `build.py` explains. Boundaries belong to every zone they bound, as in shapely's
`intersects_xy`.
"""

from fractions import Fraction
from itertools import pairwise

import numpy as np

from scripts.zone_index.file import LEAF, ZoneIndex, open_index, set_members
from scripts.zone_index.grid import Edges

__all__ = ["ZoneIndex", "lookup", "nearest", "open_index", "set_members"]

CHUNK = 1 << 15  # points worked on at once: their temporary arrays stay in the cache
PAIRS = 1 << 18  # point-edge pairs worked on at once, so that memory stays bounded


def lookup(index: ZoneIndex, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Id (N,) int32 of the set of zones that cover each point, boundaries included.

    `lon`, `lat` are (N,) degrees; `ValueError` when one is not a number or lies outside ±180, ±90.
    """
    lon, lat = np.ascontiguousarray(lon, dtype=np.float64), np.ascontiguousarray(lat, dtype=np.float64)
    result = np.empty(len(lon), dtype=np.int32)
    for start in range(0, len(lon), CHUNK):
        part = slice(start, start + CHUNK)
        _in_raster(index, lon[part], lat[part], result[part])
    return result


def _in_raster(index: ZoneIndex, lon: np.ndarray, lat: np.ndarray, result: np.ndarray) -> None:
    # Written so that NaN fails too.
    if not (lon.min() >= -180 and lon.max() <= 180 and lat.min() >= -90 and lat.max() <= 90):
        raise ValueError("longitudes must lie within ±180 degrees and latitudes within ±90")
    raster, n = index.arrays["raster"], index.header["blocks_per_degree"]
    place = ((lat + 90.0) * n).astype(np.int32)
    place *= raster.shape[1]
    place += ((lon + 180.0) * n).astype(np.int32)
    np.take(raster.reshape(-1), place, out=result, mode="clip")
    touched = np.flatnonzero(result < 0)
    if len(touched):
        result[touched] = _in_blocks(index, ~result[touched], lon[touched], lat[touched])


def _in_blocks(index: ZoneIndex, block: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Set ids of points in blocks that edges touch."""
    arrays, n, split = index.arrays, index.header["blocks_per_degree"], index.header["split"]
    cell = _cell(lat + 90.0, n, split, 180 * n) * split + _cell(lon + 180.0, n, split, 360 * n)
    code = arrays["block_code"][block.astype(np.int64) * split**2 + cell]
    deep = np.flatnonzero(code >= LEAF)
    if len(deep):
        leaf = arrays["block_leaf"][block[deep]] + (code[deep] & (LEAF - 1))
        code[deep] = _leaf_masks(index, leaf, lon[deep], lat[deep])
    found: np.ndarray = arrays["table"][arrays["block_table"][block] + code]
    return found


def _cell(distance: np.ndarray, n: int, split: int, count: int) -> np.ndarray:
    """Number of a point's cell inside its block along one axis of `count` blocks."""
    # `split` is a power of two: scaling by it does not round, so the cell always lies in the point's block.
    scaled = distance * n
    block = np.minimum(scaled.astype(np.int32), count - 1)
    cell: np.ndarray = np.minimum((scaled * split).astype(np.int32) - block * split, split - 1)
    return cell


def _leaf_masks(index: ZoneIndex, leaf: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Mask (N,) uint16 of the layers of the block that cover each point, for points in leaves."""
    first = index.arrays["leaf_first"]
    count = first[leaf + 1] - first[leaf]
    cuts = np.flatnonzero(np.diff(np.cumsum(count, dtype=np.int64) // PAIRS)) + 1
    bounds = [0, *cuts.tolist(), len(leaf)]
    parts = [slice(*ends) for ends in pairwise(bounds)]
    return np.concatenate([_masks(index, leaf[part], count[part], lon[part], lat[part]) for part in parts])


def _masks(index: ZoneIndex, leaf: np.ndarray, count: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    arrays = index.arrays
    start = np.cumsum(count) - count
    ref = np.arange(start[-1] + count[-1]) + np.repeat(arrays["leaf_first"][leaf] - start, count)
    packed = arrays["ref_edge"][ref]
    edge = (packed >> 2).astype(np.int64)
    y = np.repeat(lat, count)
    ya, yb = arrays["y"][edge], arrays["y"][edge + 1]
    above_a, above_b = ya > y, yb > y
    counted = (above_a & (packed & 1).astype(bool)) ^ (above_b & (packed & 2).astype(bool))

    # Only edges that span the point's latitude need their longitudes; those that end there may hold the point.
    near = np.flatnonzero((above_a != above_b) | (ya == y) | (yb == y))
    x, y, ya, yb = np.repeat(lon, count)[near], y[near], ya[near], yb[near]
    xa, xb = arrays["x"][edge[near]], arrays["x"][edge[near] + 1]
    side = orientation(Edges(xa, ya, xb, yb), x, y)
    counted[near] ^= (above_a[near] != above_b[near]) & np.where(ya < yb, side > 0, side < 0)
    on = (side == 0) & (np.minimum(xa, xb) <= x) & (x <= np.maximum(xa, xb))
    on &= (np.minimum(ya, yb) <= y) & (y <= np.maximum(ya, yb))

    masks = arrays["ref_mask"][ref]
    covering: np.ndarray = arrays["leaf_flip"][leaf] ^ np.bitwise_xor.reduceat(masks * counted, start)
    hit = near[on]
    np.bitwise_or.at(covering, np.searchsorted(start, hit, side="right") - 1, masks[hit])
    return covering


def orientation(edges: Edges, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Exact side (N,) of each point (x, y) on the line through the edge beside it: 1 left, -1 right, 0 on the line."""
    xa, ya, xb, yb = edges
    left, right = (xa - x) * (yb - y), (ya - y) * (xb - x)
    turn = left - right
    side: np.ndarray = np.sign(turn)
    # The error of `turn` is below 3.4e-16 times this sum (Shewchuk 1997), and both products are exact where a factor
    # is zero; what is left in doubt is decided with fractions.
    certain = np.abs(turn) > 4e-16 * (np.abs(left) + np.abs(right))
    certain |= ((xa == x) | (yb == y)) & ((ya == y) | (xb == x))
    for k in np.flatnonzero(~certain).tolist():
        ax, ay, bx, by, px, py = (Fraction(float(values[k])) for values in (xa, ya, xb, yb, x, y))
        value = (ax - px) * (by - py) - (ay - py) * (bx - px)
        side[k] = (value > 0) - (value < 0)
    return side


def nearest(
    index: ZoneIndex, lon: np.ndarray, lat: np.ndarray, zones: list[np.ndarray], which: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`(zone int32, lon, lat)`, (N,) each: the nearest candidate zone of each point and its nearest point there.

    The candidates of point i are `zones[which[i]]`, zone numbers (positions in `index.tzids`). Distance is planar, in
    degrees, to the unsimplified polygons; a covered point is its own nearest point; equal distance goes to the smaller
    tzid. A point without candidates gets zone -1 and NaN. Points that no candidate covers cost about a millisecond.
    """
    found = np.full(len(lon), -1, dtype=np.int32)
    near = np.full((2, len(lon)), np.nan)
    covering = lookup(index, lon, lat)
    first, member = index.arrays["set_first"], index.arrays["set_zone"]
    # Few sets and few lists of candidates meet, however many points there are.
    cases, case = np.unique(np.stack([covering, which], axis=1), axis=0, return_inverse=True)
    for number, (cover, listed) in enumerate(cases.tolist()):
        rows = np.flatnonzero(case == number)
        inside = np.intersect1d(zones[listed], member[first[cover] : first[cover + 1]])
        if len(inside):
            found[rows], near[:, rows] = inside[0], (lon[rows], lat[rows])
        elif len(zones[listed]):
            for row in rows.tolist():
                found[row], near[:, row] = _nearest_edge(index, float(lon[row]), float(lat[row]), zones[listed])
    return found, near[0], near[1]


def _nearest_edge(index: ZoneIndex, x: float, y: float, zones: np.ndarray) -> tuple[int, tuple[float, float]]:
    arrays = index.arrays
    first, member = arrays["class_first"], arrays["class_zone"]
    # Smallest candidate zone of each class of arcs, or none.
    best_zone = np.minimum.reduceat(np.where(np.isin(member, zones), member, len(index.tzids)), first[:-1])
    arcs = np.flatnonzero(best_zone[arrays["arc_class"]] < len(index.tzids))
    west, south, east, north = arrays["arc_box"][arcs].T
    closest = np.hypot(np.maximum(np.maximum(west - x, x - east), 0), np.maximum(np.maximum(south - y, y - north), 0))
    farthest = np.hypot(np.maximum(x - west, east - x), np.maximum(y - south, north - y))
    arcs = arcs[closest <= farthest.min() * (1 + 1e-9)]

    start, stop = arrays["arc"][arcs].T
    edge = np.concatenate([np.arange(*ends) for ends in zip(start, stop, strict=True)])
    zone = np.repeat(best_zone[arrays["arc_class"][arcs]], stop - start)
    xa, ya, xb, yb = arrays["x"][edge], arrays["y"][edge], arrays["x"][edge + 1], arrays["y"][edge + 1]
    dx, dy = xb - xa, yb - ya
    along = ((x - xa) * dx + (y - ya) * dy) / (dx * dx + dy * dy)
    # Ends are taken as they are, so a vertex is equally far from both its edges, to the bit.
    qx = np.where(along <= 0, xa, np.where(along >= 1, xb, xa + along * dx))
    qy = np.where(along <= 0, ya, np.where(along >= 1, yb, ya + along * dy))
    distance = (qx - x) ** 2 + (qy - y) ** 2
    tied = np.flatnonzero(distance == distance.min())
    best = tied[np.argmin(zone[tied])]
    return int(zone[best]), (float(qx[best]), float(qy[best]))
