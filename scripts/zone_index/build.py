"""The zone index, built: a raster of blocks, blocks cut into cells, and for each cell the edges that touch it.

A block that no edge touches holds the id of the zone set that covers it. A touched block holds one code a cell: for an
untouched cell the *mask* of the block's layers that cover it, else the number of a *leaf*. A leaf holds the original,
unmodified edges that touch the cell and a mask `flip`, such that the layers covering a point of the cell are

    flip  XOR  (over edges)  [edge crosses the ray east of the point] ^ [a above and east] ^ [b above and east]

plus the layers with an edge through the point itself. *East* means east of the cell: the last two terms let fall a
plumb line from each edge end there. Over whole rings they cancel, as every vertex ends two edges; but with them an edge
that does not touch the cell contributes the same to all points of the cell, and `flip` sums that up.
"""

from typing import NamedTuple

import numpy as np

from scripts.zone_index.file import LEAF
from scripts.zone_index.grid import Cut, Grid, cut_edges
from scripts.zone_index.topology import Topology, build_topology

BLOCKS_PER_DEGREE = 10
SPLIT = 8


class Slots(NamedTuple):
    """The layers with edges in each touched block, by block: slot `s` of a block is bit `s` of its masks."""

    place: np.ndarray  # (B,) where each block lies in the raster
    block: np.ndarray  # (S,)
    layer: np.ndarray  # (S,)
    slot: np.ndarray  # (S,)
    first: np.ndarray  # (B + 1,) first entry of each block


def build_index(
    tzids: np.ndarray, geoms: np.ndarray, *, blocks_per_degree: int = BLOCKS_PER_DEGREE, split: int = SPLIT
) -> dict[str, np.ndarray]:
    """Arrays of the index over polygons `geoms` (P,) of zones `tzids` (P,), as `zone_index` reads them.

    `split` is a power of two, at most 16. `ValueError` when one block holds edges of more than 15 layers.
    """
    if split not in (1, 2, 4, 8, 16):
        raise ValueError(f"split must be a power of two up to 16, not {split}")
    topology = build_topology(tzids, geoms)
    coarse, cells = Grid(blocks_per_degree), split * split
    cut = cut_edges(Grid(blocks_per_degree * split), topology.x, topology.y, topology.edge)
    blocks, block = _blocks(coarse, split, cut)
    cell = block * cells + cut.row % split * split + cut.column % split
    order = np.argsort(cell, kind="stable")
    cell, block, edge, flags = cell[order], block[order], cut.edge[order], cut.flags[order]

    slots, mask = _slots(topology, blocks, block, topology.edge_class[edge])
    code = _status(topology, coarse, split, slots, cut)
    first = np.flatnonzero(np.diff(cell, prepend=-1))
    leaves = cell[first]
    flip = code[leaves] ^ np.bitwise_xor.reduceat(mask * (flags >> 2), first)
    block_leaf = np.searchsorted(leaves, np.arange(len(blocks), dtype=np.int32) * cells).astype(np.int32)
    code[leaves] = LEAF | (np.arange(len(leaves)) - block_leaf[leaves // cells])

    states, state = _coarse_states(topology, coarse, split, cut)
    sets, raster, table, block_table = _zone_sets(topology, slots, states, state)
    return {
        # One more row and column, so that lat 90 and lon 180 need no special case.
        "raster": np.pad(raster.reshape(coarse.rows, coarse.columns), ((0, 1), (0, 1)), mode="edge"),
        "block_code": code,
        "block_table": block_table,
        "block_leaf": block_leaf,
        "table": table,
        "leaf_first": np.append(first, len(cell)).astype(np.int32),
        "leaf_flip": flip,
        "ref_edge": topology.edge[edge].astype(np.uint32) << np.uint32(2) | (flags & 3),
        "ref_mask": mask,
        "x": topology.x,
        "y": topology.y,
        **_csr("set", sets),
        **_arcs(topology),
    }


def _blocks(coarse: Grid, split: int, cut: Cut) -> tuple[np.ndarray, np.ndarray]:
    """Places of the touched blocks in the raster, ascending, and the block (int32) of each touched cell."""
    place = cut.row // split * coarse.columns + cut.column // split
    touched = np.zeros(coarse.rows * coarse.columns, dtype=bool)
    touched[place] = True
    return np.flatnonzero(touched), (np.cumsum(touched, dtype=np.int32) - np.int32(1))[place]


def _slots(
    topology: Topology, blocks: np.ndarray, block: np.ndarray, edge_class: np.ndarray
) -> tuple[Slots, np.ndarray]:
    """The slots of all blocks and the mask (uint16) of each edge in a cell; pairs must come ordered by block."""
    classes, width = len(topology.class_layers), len(topology.layer_zone)
    pair = block.astype(np.int64) * classes + edge_class
    pairs = np.unique(pair[np.diff(pair, prepend=-1) != 0])
    size = np.array([len(layers) for layers in topology.class_layers])
    start = np.cumsum(size) - size
    count = size[pairs % classes]
    offset = np.cumsum(count) - count
    which = np.repeat(np.arange(len(pairs)), count)
    member = start[pairs[which] % classes] + np.arange(len(which)) - offset[which]
    layer = np.concatenate(topology.class_layers)[member]
    keys, entry = np.unique(pairs[which] // classes * width + layer, return_inverse=True)
    first = np.searchsorted(keys, np.arange(len(blocks) + 1) * width)
    slot = np.arange(len(keys)) - first[keys // width]
    if slot.max() >= 15:
        raise ValueError(f"{slot.max() + 1} zones meet in one block of the index: use smaller blocks")
    pair_mask = np.bitwise_or.reduceat(np.left_shift(1, slot[entry]), offset).astype(np.uint16)
    return Slots(blocks, keys // width, keys % width, slot, first), pair_mask[np.searchsorted(pairs, pair)]


def _status(topology: Topology, coarse: Grid, split: int, slots: Slots, cut: Cut) -> np.ndarray:
    """(B * split²,) uint16: the layers that cover the middle of each cell, up to rounding in touched cells."""
    blocks, width = slots.place, len(topology.layer_zone)
    number = np.zeros(coarse.rows * coarse.columns, dtype=np.int64)
    number[blocks] = np.arange(len(blocks))
    block = number[cut.crossing_row // split * coarse.columns + cut.crossing_half // (2 * split)]
    # A crossing in the eastern half of cell j counts for cells up to j, in the western half up to j - 1.
    place = (block * split + cut.crossing_row % split) * (split + 1) + (cut.crossing_half % (2 * split) + 1) // 2
    passed: np.ndarray = np.zeros(len(blocks) * split * (split + 1), dtype=np.uint16)
    slot_key = slots.block * width + slots.layer
    edge_class = topology.edge_class[cut.crossing_edge]
    for rank in range(max(len(layers) for layers in topology.class_layers)):
        layer = np.array([layers[rank] if rank < len(layers) else -1 for layers in topology.class_layers])[edge_class]
        has = np.flatnonzero(layer >= 0)
        slot = slots.slot[np.searchsorted(slot_key, block[has] * width + layer[has])]
        np.bitwise_xor.at(passed, place[has], np.left_shift(1, slot).astype(np.uint16))
    passed = passed.reshape(len(blocks), split, split + 1)

    # Parity of a layer's crossings in blocks further east: a running XOR along its band of blocks.
    total = np.bitwise_xor.reduce(passed, axis=2)[slots.block]
    parity = (total >> slots.slot[:, None].astype(np.uint16)) & 1
    band = blocks[slots.block] // coarse.columns * width + slots.layer
    order = np.argsort(band, kind="stable")
    running = np.bitwise_xor.accumulate(parity[order], axis=0)
    end = np.searchsorted(band[order], band[order], side="right") - 1
    east = np.empty_like(parity)
    east[order] = running[end] ^ running
    beyond = np.bitwise_or.reduceat(east << slots.slot[:, None].astype(np.uint16), slots.first[:-1], axis=0)
    inside = np.bitwise_xor.accumulate(passed[:, :, :0:-1], axis=2)[:, :, ::-1]
    return (inside ^ beyond[:, :, None]).reshape(-1)


def _coarse_states(topology: Topology, coarse: Grid, split: int, cut: Cut) -> tuple[list[frozenset[int]], np.ndarray]:
    """Distinct sets of layers, and for each block of the raster (flat int32) the one that covers its middle.

    The walk along the middle of each row of blocks is exact for untouched blocks; in touched ones, the layers with
    edges there may be wrong.
    """
    sample = split // 2
    here = np.flatnonzero(cut.crossing_row % split == sample)
    row, half = cut.crossing_row[here].astype(np.int64) // split, cut.crossing_half[here]
    order = np.lexsort((half, row))
    size = coarse.rows * coarse.columns
    # First block whose middle half-column lies east of the crossing; beyond the row's end, the next row's first.
    place = row * coarse.columns + (half - 2 * sample - 1) // (2 * split) + 1
    passed = np.cumsum(np.bincount(place, minlength=size)[:size])

    states: list[frozenset[int]] = [frozenset()]
    number = {states[0]: 0}
    step: dict[tuple[int, int], int] = {}
    now, trail = 0, [0]
    for edge_class in topology.edge_class[cut.crossing_edge[here]][order].tolist():
        key = (now, edge_class)
        if key not in step:
            state = states[now] ^ frozenset(topology.class_layers[edge_class])
            step[key] = number.setdefault(state, len(states))
            if step[key] == len(states):
                states.append(state)
        now = step[key]
        trail.append(now)
    return states, np.array(trail, dtype=np.int32)[passed]


def _zone_sets(
    topology: Topology, slots: Slots, states: list[frozenset[int]], state: np.ndarray
) -> tuple[list[tuple[int, ...]], np.ndarray, np.ndarray, np.ndarray]:
    """`(sets, raster, table, block_table)`.

    `sets` are sorted zone numbers: none, each zone alone, then all sets of two or more. `raster` holds a set's number,
    or `~block` where edges touch. `table[block_table[block] + mask]` is the set of the layers in `mask` and of those
    that cover the block whole.
    """
    zone = topology.layer_zone.tolist()
    blocks, layers, first = slots.place, slots.layer.tolist(), slots.first.tolist()
    kinds: dict[tuple[tuple[int, ...], tuple[int, ...]], list[tuple[int, ...]]] = {}
    block_kind = []
    for number, block_state in enumerate(state[blocks].tolist()):
        own = layers[first[number] : first[number + 1]]
        base = {zone[layer] for layer in states[block_state].difference(own)}
        kind = (tuple(sorted(base)), tuple(zone[layer] for layer in own))
        if kind not in kinds:
            kinds[kind] = [
                tuple(sorted(base.union(member for bit, member in enumerate(kind[1]) if mask >> bit & 1)))
                for mask in range(1 << len(own))
            ]
        block_kind.append(kind)

    covers = [tuple(sorted({zone[layer] for layer in layers})) for layers in states]
    untouched = np.unique(np.delete(state, blocks)).tolist()
    found = {covers[number] for number in untouched}.union(*kinds.values())
    sets = [(), *((number,) for number in range(len(topology.zones)))]
    sets += sorted(value for value in found if len(value) > 1)
    number_of = {value: number for number, value in enumerate(sets)}
    raster = np.array([number_of.get(value, 0) for value in covers], dtype=np.int32)[state]
    raster[blocks] = ~np.arange(len(blocks), dtype=np.int32)

    start: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {}
    table: list[int] = []
    for kind in sorted(kinds):
        start[kind] = len(table)
        table += [number_of[value] for value in kinds[kind]]
    return sets, raster, np.array(table, dtype=np.int32), np.array([start[kind] for kind in block_kind], dtype=np.int32)


def _csr(name: str, rows: list[tuple[int, ...]]) -> dict[str, np.ndarray]:
    first = np.cumsum([0] + [len(row) for row in rows]).astype(np.int32)
    return {f"{name}_first": first, f"{name}_zone": np.array([zone for row in rows for zone in row], dtype=np.int32)}


def _arcs(topology: Topology) -> dict[str, np.ndarray]:
    """Arcs with their bounding boxes and zones, for the nearest-zone search."""
    zone = topology.layer_zone.tolist()
    class_zones = [tuple(sorted({zone[layer] for layer in layers})) for layers in topology.class_layers]
    # Every second range of `reduceat` is an arc; one more vertex lets the last range end beyond the last arc.
    bounds = (topology.arc + np.array([0, 1])).reshape(-1)
    x, y = np.append(topology.x, 0.0), np.append(topology.y, 0.0)
    box = [reduce.reduceat(values, bounds)[::2] for reduce in (np.minimum, np.maximum) for values in (x, y)]
    return {
        "arc": topology.arc,
        "arc_class": topology.arc_class,
        "arc_box": np.stack(box, axis=1),
        **_csr("class", class_zones),
    }
