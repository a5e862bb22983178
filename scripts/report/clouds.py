"""Clouds of sites: cells as dots whose area follows what lies in them, coloured by zone."""

import numpy as np

from scripts.report.svg import COLOURS, dots_path, path

SIZES = 6  # classes s0..s5
STEP = 3.5  # a class stands for so much more weight than the one below
CELL = 4.0  # drawing units: what lies closer is one dot


def cloud(x: np.ndarray, y: np.ndarray, weight: np.ndarray, colour: np.ndarray, largest: float, least: float) -> str:
    """Dots at (N,) places in drawing units, one path a size and colour, small ones above large ones.

    `colour` (N,) int is the class of the zone; the largest dot stands for the weight `largest`. A dot that stands for
    less than `least` is left out.
    """
    keys = np.column_stack([colour % COLOURS, np.rint(x / CELL), np.rint(y / CELL)]).astype(np.int64)
    cells, cell = np.unique(keys, axis=0, return_inverse=True)
    total, across, down = (np.bincount(cell.ravel(), values, len(cells)) for values in (weight, x * weight, y * weight))
    drawn = (total >= least) & (total > 0)
    tone, total, across, down = cells[drawn, 0], total[drawn], across[drawn], down[drawn]
    below = np.floor(-np.log(np.minimum(total / largest, 1.0)) / np.log(STEP) + 0.5)
    size = np.clip(SIZES - 1 - below, 0, SIZES - 1).astype(int)
    paths = []
    for level in range(SIZES - 1, -1, -1):
        for kind in range(COLOURS):
            here = (size == level) & (tone == kind)
            if here.any():
                paths.append(path(dots_path((across / total)[here], (down / total)[here]), f"d s{level} z{kind}"))
    return "".join(paths)
