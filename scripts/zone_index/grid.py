"""Edges laid over a grid of cells: which cells an edge touches, and where it crosses the middle line of a row.

`n` cells a degree, columns from lon -180, rows from lat -90. A cell is taken with a rim of `RIM` degrees on all sides,
far above the rounding of any coordinate (1e-13), so every point that float arithmetic can put into the cell lies well
inside, and an edge that does not touch the cell so taken cannot pass between two such points.
"""

from typing import NamedTuple

import numpy as np

RIM = 1e-9
PART = 1 << 15


class Grid(NamedTuple):
    """A grid over the globe with `n` cells a degree."""

    n: int

    @property
    def columns(self) -> int:
        return 360 * self.n

    @property
    def rows(self) -> int:
        return 180 * self.n

    def column(self, lon: np.ndarray) -> np.ndarray:
        """Column (int32) of each longitude; lon 180 belongs to the last one."""
        return np.clip(np.floor((lon + 180.0) * self.n), 0, self.columns - 1).astype(np.int32)

    def row(self, lat: np.ndarray) -> np.ndarray:
        """Row (int32) of each latitude; lat 90 belongs to the last one."""
        return np.clip(np.floor((lat + 90.0) * self.n), 0, self.rows - 1).astype(np.int32)


class Edges(NamedTuple):
    """Edges from (xa, ya) to (xb, yb), each (E,) float64 degrees."""

    xa: np.ndarray
    ya: np.ndarray
    xb: np.ndarray
    yb: np.ndarray

    def take(self, which: np.ndarray) -> "Edges":
        return Edges(*(values[which] for values in self))

    def x_at(self, y: np.ndarray) -> np.ndarray:
        """Longitude at latitude `y` between the ends, to 1e-13; that of `a` on a horizontal edge."""
        rise = self.yb - self.ya
        x: np.ndarray = self.xa + (self.xb - self.xa) * ((y - self.ya) / np.where(rise == 0, 1.0, rise))
        return x


class Cut(NamedTuple):
    """Edges cut by the grid: touched cells `(edge, row, column, flags)` and crossings of middle lines.

    Flags of an edge in a cell, by bit: 0, 1 its first, second end lies east of the cell; 2 it adds to the sum that
    `build.py` takes over a leaf for the middle of the cell. `half` numbers the western and eastern halves of columns.
    """

    edge: np.ndarray  # int32
    row: np.ndarray  # int32
    column: np.ndarray  # int32
    flags: np.ndarray  # uint8
    crossing_edge: np.ndarray  # int32
    crossing_row: np.ndarray  # int32
    crossing_half: np.ndarray  # int32


def cut_edges(grid: Grid, x: np.ndarray, y: np.ndarray, start: np.ndarray) -> Cut:
    """Cut the edges from vertex `start` (E,) to the next one, all of them, a cache-sized part at a time."""
    parts = []
    for first in range(0, len(start), PART):
        here = start[first : first + PART]
        parts.append(_cut(grid, Edges(x[here], y[here], x[here + 1], y[here + 1]), np.int32(first)))
    return Cut(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _cut(grid: Grid, edges: Edges, first: np.int32) -> Cut:
    low, high = np.minimum(edges.ya, edges.yb), np.maximum(edges.ya, edges.yb)
    which, row = spread(grid.row(low - RIM), grid.row(high + RIM))
    edges = edges.take(which)
    middle = (row + 0.5) / grid.n - 90.0
    crosses = (edges.ya > middle) != (edges.yb > middle)
    # Rounding may put the crossing into the wrong half of a touched cell: `build.py` lets such errors cancel.
    half = np.floor((edges.x_at(np.where(crosses, middle, edges.ya)) + 180.0) * (2 * grid.n))
    half = np.clip(half, 0, 2 * grid.columns - 1).astype(np.int32)

    position, column = _touched_columns(grid, edges, row)
    edges, middle = edges.take(position), middle[position]
    wall = (column + 1) / grid.n - 180.0 + RIM / 2
    east_a, east_b = edges.xa > wall, edges.xb > wall
    counted = crosses[position] & (half[position] > 2 * column)
    counted ^= (east_a & (edges.ya > middle)) ^ (east_b & (edges.yb > middle))
    flags = east_a.astype(np.uint8) | east_b.astype(np.uint8) << 1 | counted.astype(np.uint8) << 2
    edge = which.astype(np.int32) + first
    return Cut(edge[position], row[position], column, flags, edge[crosses], row[crosses], half[crosses])


def _touched_columns(grid: Grid, edges: Edges, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`(position, column)` for every cell of `row` (R,) that the edge beside it touches."""
    low, high = np.minimum(edges.ya, edges.yb), np.maximum(edges.ya, edges.yb)
    x1 = edges.x_at(np.clip(row / grid.n - 90.0 - RIM, low, high))
    x2 = edges.x_at(np.clip((row + 1) / grid.n - 90.0 + RIM, low, high))
    x2 = np.where(low == high, edges.xb, x2)
    return spread(grid.column(np.minimum(x1, x2) - RIM), grid.column(np.maximum(x1, x2) + RIM))


def spread(first: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All integers (int32) of the ranges first..last (inclusive): `(position of the range, integer)`."""
    count = last - first + 1
    which = np.repeat(np.arange(len(first)), count)
    offset = np.cumsum(count) - count
    return which, (np.arange(len(which)) - np.repeat(offset - first, count)).astype(np.int32)
