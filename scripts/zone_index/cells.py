"""Exact answers near zone borders: points against the original edges that touch their cell (see `build.py`)."""

from fractions import Fraction
from itertools import pairwise

import numpy as np

from scripts.zone_index.file import ZoneIndex
from scripts.zone_index.grid import Edges

PAIRS = 1 << 18  # point-edge pairs worked on at once, so that memory stays bounded


def leaf_masks(index: ZoneIndex, leaf: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
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
