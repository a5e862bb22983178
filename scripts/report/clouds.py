"""Clouds of sites: cells as dots whose area follows what lies in them, coloured by zone."""

import numpy as np

from scripts.report.svg import COLOURS, dots_path, path

SIZES = 6  # classes s0..s5
STEP = 3.5  # a class stands for so much more weight than the one below
CELL = 4.0  # drawing units: what lies closer is one dot
COARSER = 1.5  # a cloud of too many dots is drawn on cells so much larger


def cloud(
    x: np.ndarray,
    y: np.ndarray,
    weight: np.ndarray,
    colour: np.ndarray,
    *,
    largest: float,
    least: float,
    most: int,
) -> str:
    """Dots at (N,) places in drawing units, one path a size and colour, small ones above large ones.

    `colour` (N,) int is the class of the zone; the largest dot stands for the weight `largest`. A dot that stands for
    less than `least` is left out. Cells grow until at most `most` dots are left: no number of sites makes a page large.
    """
    size = CELL
    while True:
        keys = np.column_stack([colour % COLOURS, np.rint(x / size), np.rint(y / size)]).astype(np.int64)
        cells, cell = np.unique(keys, axis=0, return_inverse=True)
        if len(cells) <= most:
            break
        size *= COARSER
    total, across, down = (np.bincount(cell.ravel(), values, len(cells)) for values in (weight, x * weight, y * weight))
    drawn = (total >= least) & (total > 0)
    tone, total, across, down = cells[drawn, 0], total[drawn], across[drawn], down[drawn]
    below = np.floor(-np.log(np.minimum(total / largest, 1.0)) / np.log(STEP) + 0.5)
    levels = np.clip(SIZES - 1 - below, 0, SIZES - 1).astype(int)
    paths = []
    for level in range(SIZES - 1, -1, -1):
        for kind in range(COLOURS):
            here = (levels == level) & (tone == kind)
            if here.any():
                paths.append(path(dots_path((across / total)[here], (down / total)[here]), f"d s{level} z{kind}"))
    return "".join(paths)
