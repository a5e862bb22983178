"""SVG paths in whole units: short, equal for equal data, coloured by classes that serve light and dark."""

from collections.abc import Iterable
from html import escape

import numpy as np
import shapely

COLOURS = 6  # classes z0..z5, a palette that colour-blind readers tell apart (page.css)


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


def dots_path(x: np.ndarray, y: np.ndarray) -> str:
    """Path data of dots at (N,) places: strokes of no length, round by their line caps, in order of place."""
    cells = np.unique(np.column_stack([np.rint(y), np.rint(x)]).astype(int), axis=0)[:, ::-1]
    moves = np.diff(cells, axis=0, prepend=np.zeros((1, 2), int))
    return "".join(f"m{x} {y}h0" for x, y in moves.tolist())


def _steps(moves: np.ndarray) -> str:
    """Pairs of whole numbers with as few signs between them as a path needs."""
    return " ".join(f"{x} {y}" for x, y in moves.tolist()).replace(" -", "-")


def drawing(body: str, width: float, height: float, title: str, kind: str = "") -> str:
    """A whole SVG that a screen reader names by its title."""
    return (
        f'<svg class="{kind}" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{body}</svg>"
    )


def path(data: str, kind: str) -> str:
    """A path of a class; nothing for no data."""
    return f'<path class="{kind}" d="{data}"/>' if data else ""


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    """A text; `anchor` is start, middle or end."""
    where = "" if anchor == "start" else f' text-anchor="{anchor}"'
    kind = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.4g}" y="{y:.4g}"{kind}{where}>{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """A straight line of a class."""
    return f'<line class="{kind}" x1="{x1:.4g}" y1="{y1:.4g}" x2="{x2:.4g}" y2="{y2:.4g}"/>'
