"""SVG in whole units: short, equal for equal data, coloured by classes that serve light and dark."""

from collections.abc import Iterable
from html import escape
from pathlib import Path

import numpy as np
import shapely

STYLE = Path(__file__).parent / "templates/maps.css"
COLOURS = 6  # classes z0..z5, a palette that colour-blind readers tell apart (page.css)
SIZES = 6  # classes s0..s5 of dots
STEP = 3.5  # a class stands for so much more weight than the one below
CELL = 4.0  # drawing units: what lies closer is one dot
COARSER = 1.5  # a cloud of too many dots is drawn on cells so much larger


def rings_path(geoms: Iterable[shapely.Geometry]) -> str:
    """Path data of polygons whose coordinates are drawing units, rounded to whole ones, as relative steps."""
    rings: list[str] = []
    for part in shapely.get_parts(np.array(list(geoms), dtype=object)):
        for ring in shapely.get_rings(part):
            corners = np.rint(shapely.get_coordinates(ring)[:-1]).astype(int)
            moves = np.diff(corners, axis=0, prepend=np.zeros((1, 2), int))
            moves = moves[np.r_[True, (moves[1:] != 0).any(axis=1)]]
            if len(moves) >= 3:
                rings.append("M" + _steps(moves[:1]) + "l" + _steps(moves[1:]) + "z")
    return "".join(rings)


def _steps(moves: np.ndarray) -> str:
    """Pairs of whole numbers with as few signs between them as a path needs."""
    return " ".join(f"{x} {y}" for x, y in moves.tolist()).replace(" -", "-")


def dots_path(x: np.ndarray, y: np.ndarray) -> str:
    """Path data of dots at (N,) places: strokes of no length, round by their line caps, in order of place."""
    cells = np.unique(np.column_stack([np.rint(y), np.rint(x)]).astype(int), axis=0)[:, ::-1]
    moves = np.diff(cells, axis=0, prepend=np.zeros((1, 2), int))
    return "".join(f"m{x} {y}h0" for x, y in moves.tolist())


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


def drawing(body: str, width: float, height: float, title: str, kind: str) -> str:
    """A whole SVG that a screen reader names by its title."""
    return (
        f'<svg class="{kind}" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{body}</svg>"
    )


def sheet(body: str, width: float, height: float) -> str:
    """A drawing that stands alone, for `snakemake --report` and for slides."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}">'
        f"<style>{STYLE.read_text(encoding='utf-8')}</style>"
        f'<rect class="paper" width="100%" height="100%"/>{body}</svg>\n'
    )


def notice(words: str) -> str:
    """A sheet that says why there is nothing to draw."""
    return sheet(text(20, 60, words, "head"), 900, 120)


def placed(svg: str, x: float, y: float, width: float, height: float) -> str:
    """A whole SVG as a part of another."""
    return svg.replace("<svg ", f'<svg x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" ', 1)


def path(data: str, kind: str) -> str:
    """A path of a class; nothing for no data."""
    return f'<path class="{kind}" d="{data}"/>' if data else ""


def text(x: float, y: float, words: str, kind: str, anchor: str = "start") -> str:
    """A text; `anchor` is start, middle or end."""
    where = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x:.4g}" y="{y:.4g}" class="{kind}"{where}>{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """A straight line of a class."""
    return f'<line class="{kind}" x1="{x1:.4g}" y1="{y1:.4g}" x2="{x2:.4g}" y2="{y2:.4g}"/>'
