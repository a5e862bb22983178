"""Zone polygons taken apart into distinct edges, each stored once however many polygons share it.

A *layer* is a group of polygons of one zone whose interiors do not overlap, so that inside and outside of the layer
follow from the parity of edge crossings alone. A zone needs a second layer only if its own polygons overlap.
An *arc* is a run of consecutive edges that bound the same layers.
"""

from typing import NamedTuple

import numpy as np
import shapely

# Arcs are cut at this length, so that their bounding boxes stay small enough to prune a nearest-edge search.
ARC_EDGES = 256
PART = 1 << 15


class _RingEdges(NamedTuple):
    """All edges of all rings, ordered by layer."""

    x: np.ndarray  # (V,) float64, all ring vertices
    y: np.ndarray
    start: np.ndarray  # (E,) first vertex of each edge
    layer: np.ndarray  # (E,) int32

    def ends(self, edge: np.ndarray | slice) -> tuple[np.ndarray, ...]:
        """End points (x, y, x, y), the smaller one first, so that both directions of an edge look alike."""
        start = self.start[edge]
        xa, ya, xb, yb = self.x[start], self.y[start], self.x[start + 1], self.y[start + 1]
        swap = (xa > xb) | ((xa == xb) & (ya > yb))
        return np.where(swap, xb, xa), np.where(swap, yb, ya), np.where(swap, xa, xb), np.where(swap, ya, yb)


class Topology(NamedTuple):
    """Distinct edges of all layers; edge `e` runs from vertex `edge[e]` to the vertex after it."""

    zones: list[str]
    layer_zone: np.ndarray  # (L,) int32: zone of each layer
    x: np.ndarray  # (V,) float64
    y: np.ndarray  # (V,) float64
    edge: np.ndarray  # (E,) int32, ascending: first vertex of each edge
    edge_class: np.ndarray  # (E,) int32: which set of layers the edge bounds
    class_layers: list[tuple[int, ...]]
    arc: np.ndarray  # (A, 2) int32: first and last vertex
    arc_class: np.ndarray  # (A,) int32


def build_topology(tzids: np.ndarray, geoms: np.ndarray) -> Topology:
    """Topology of polygons `geoms` (P,) of zones `tzids` (P,); `ValueError` for coordinates outside ±180, ±90."""
    geoms, row = shapely.get_parts(geoms, return_index=True)
    west, south, east, north = shapely.total_bounds(geoms)
    if not (west >= -180 and south >= -90 and east <= 180 and north <= 90):
        raise ValueError("zone polygons must exist and lie inside lon ±180 and lat ±90")
    zones, zone = np.unique(np.asarray(tzids, dtype=str)[row], return_inverse=True)
    layer, layer_zone = _layers(zone, geoms)
    order = np.argsort(layer, kind="stable")

    _, xy, (ring_start, polygon_start) = shapely.to_ragged_array(geoms[order])
    # Adding 0.0 turns -0.0 into 0.0: one place, one bit pattern.
    x, y = xy[:, 0] + 0.0, xy[:, 1] + 0.0
    begins = np.ones(len(x), dtype=bool)
    begins[ring_start[1:] - 1] = False
    begins[:-1] &= (x[1:] != x[:-1]) | (y[1:] != y[:-1])
    edge_layer = np.repeat(layer[order], np.diff(ring_start[polygon_start]))[begins]
    edges = _RingEdges(x, y, np.flatnonzero(begins), edge_layer)
    return _arcs(zones.tolist(), layer_zone, edges, *_shared(edges))


def _layers(zone: np.ndarray, geoms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Layer of each polygon and zone of each layer."""
    left, right = shapely.STRtree(geoms).query(geoms)
    pairs = (left < right) & (zone[left] == zone[right])
    left, right = left[pairs], right[pairs]
    shapely.prepare(geoms[np.unique(left)])
    touching = shapely.intersects(geoms[left], geoms[right])
    left, right = left[touching], right[touching]
    overlap = shapely.relate_pattern(geoms[left], geoms[right], "T********")
    depth = np.zeros(len(geoms), dtype=np.int64)
    for other, one in sorted(zip(right[overlap].tolist(), left[overlap].tolist(), strict=True)):
        depth[other] = max(depth[other], depth[one] + 1)
    keys, layer = np.unique(depth * (zone.max() + 1) + zone, return_inverse=True)
    return layer.astype(np.int32), (keys % (zone.max() + 1)).astype(np.int32)


def _shared(edges: _RingEdges) -> tuple[np.ndarray, np.ndarray]:
    """Edges brought together by their end points: their order (E,), and where in it each distinct edge begins.

    An edge that one layer has twice stays apart: both crossings must count.
    """
    digest = np.zeros(len(edges.start), dtype=np.uint64)
    for part in _parts(len(digest)):
        mixed = digest[part]
        for word in edges.ends(part):
            mixed ^= word.view(np.uint64)
            mixed *= np.uint64(0x9E3779B97F4A7C15)
            mixed ^= mixed >> np.uint64(29)
    order = np.argsort(digest, kind="stable")
    # Equal digests alone prove nothing: the ends decide.
    first = np.ones(len(order), dtype=bool)
    for part in _parts(len(order) - 1):
        run = order[part.start : part.stop + 1]
        same = edges.layer[run[1:]] != edges.layer[run[:-1]]
        for word in edges.ends(run):
            same &= word[1:] == word[:-1]
        first[part.start + 1 : part.stop + 1] = ~same
    return order, np.flatnonzero(first)


def _parts(count: int) -> list[slice]:
    """Ranges small enough for their temporary arrays to stay in the cache."""
    return [slice(start, min(start + PART, count)) for start in range(0, count, PART)]


def _arcs(
    zones: list[str], layer_zone: np.ndarray, edges: _RingEdges, sequence: np.ndarray, first: np.ndarray
) -> Topology:
    """Number the distinct edges in ring order, find the layers each bounds, and cut arcs where those change."""
    size = np.diff(np.append(first, len(sequence)))
    by_ring = np.argsort(sequence[first])
    kept, first, size = sequence[first][by_ring], first[by_ring], size[by_ring]
    members = [
        np.where(size > rank, edges.layer[sequence[np.minimum(first + rank, len(sequence) - 1)]], -1)
        for rank in range(size.max())
    ]

    broken = np.append(True, np.diff(edges.start[kept]) != 1)
    edge = np.arange(len(kept)) + np.cumsum(broken) - 1
    last = np.flatnonzero(np.append(broken[1:], True))
    vertex = np.empty(len(kept) + int(broken.sum()), dtype=np.int64)
    vertex[edge] = edges.start[kept]
    vertex[edge[last] + 1] = edges.start[kept[last]] + 1

    changed = broken.copy()
    for layer in members:
        changed[1:] |= layer[1:] != layer[:-1]
    run = np.flatnonzero(changed)
    in_run = np.arange(len(kept)) - np.repeat(run, np.diff(np.append(run, len(kept))))
    head = np.flatnonzero(in_run % ARC_EDGES == 0)
    layers = [tuple(layer for layer in row if layer >= 0) for row in np.stack(members, axis=1)[head].tolist()]
    class_layers = sorted(set(layers))
    number = {value: position for position, value in enumerate(class_layers)}
    arc_class = np.array([number[value] for value in layers], dtype=np.int32)
    tail = np.append(head[1:], len(kept)) - 1
    return Topology(
        zones=zones,
        layer_zone=layer_zone,
        x=edges.x[vertex],
        y=edges.y[vertex],
        edge=edge.astype(np.int32),
        edge_class=np.repeat(arc_class, tail - head + 1),
        class_layers=class_layers,
        arc=np.stack([edge[head], edge[tail] + 1], axis=1).astype(np.int32),
        arc_class=arc_class,
    )
