"""The sets of zones that the index can answer with, and the tables that lead to them."""

from typing import NamedTuple

import numpy as np

from scripts.zone_index.grid import Cut, Grid
from scripts.zone_index.topology import Topology


class Slots(NamedTuple):
    """The layers with edges in each touched block, by block: slot `s` of a block is bit `s` of its masks."""

    place: np.ndarray  # (B,) where each block lies in the raster
    block: np.ndarray  # (S,)
    layer: np.ndarray  # (S,)
    slot: np.ndarray  # (S,)
    first: np.ndarray  # (B + 1,) first entry of each block


def coarse_states(topology: Topology, coarse: Grid, split: int, cut: Cut) -> tuple[list[frozenset[int]], np.ndarray]:
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


def zone_sets(
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
