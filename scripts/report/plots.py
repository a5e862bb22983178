"""Scatter plots, bars and steps on plain axes, coloured by classes of the page."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from scripts.report.svg import drawing, line, text

WIDTH, HEIGHT = 460.0, 270.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 26.0, 30.0, 40.0


@dataclass(frozen=True)
class Axis:
    """A linear or logarithmic scale with its ticks and what it measures."""

    low: float
    high: float
    ticks: Sequence[float]
    label: str
    log: bool = False
    show: Callable[[float], str] = "{:g}".format

    def part(self, value: float) -> float:
        """Where a value lies between the ends, 0 to 1; what lies beyond is put on the end."""
        low, high = (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)
        found = math.log(max(value, self.low)) if self.log else value
        return min(max((found - low) / (high - low or 1.0), 0.0), 1.0)


@dataclass(frozen=True)
class Dot:
    """A labelled point; a bold one carries its name."""

    x: float
    y: float
    name: str
    bold: bool


def scatter(x: Axis, y: Axis, dots: Sequence[Dot], title: str) -> str:
    """Points on two axes; faint ones below bold ones, each with its name and values for the reader who hovers."""
    body = _frame(x, y)
    for dot in sorted(dots, key=lambda dot: dot.bold):
        across, down = _across(x, dot.x), _down(y, dot.y)
        kind = "point bold" if dot.bold else "point"
        what = f"{dot.name}: {x.show(dot.x)}, {y.show(dot.y)}"
        body += f'<circle class="{kind}" cx="{across:.4g}" cy="{down:.4g}" r="4"><title>{escape(what)}</title></circle>'
    body += _names(x, y, [dot for dot in dots if dot.bold])
    return drawing(body, WIDTH, HEIGHT, title, "plot")


def _names(x: Axis, y: Axis, dots: Sequence[Dot]) -> str:
    """Names beside their points, left out where they would lie on each other."""
    taken: list[tuple[float, float]] = []
    body = ""
    for dot in dots:
        left = _across(x, dot.x) > WIDTH - 2 * RIGHT
        across, down = _across(x, dot.x) + (-7 if left else 7), _down(y, dot.y) + 4
        if all(abs(across - other) > 20 or abs(down - height) > 11 for other, height in taken):
            taken.append((across, down))
            body += text(across, down, dot.name, "name", "end" if left else "start")
    return body


@dataclass(frozen=True)
class Steps:
    """A cumulative curve: (value, share up to it) with rising values."""

    name: str
    kind: str
    corners: Sequence[tuple[float, float]]


def bars(x: Axis, y: Axis, groups: Sequence[tuple[str, Sequence[tuple[str, float]]]], title: str) -> str:
    """Bars side by side: groups of (class, height), one group a tick of `x`; heights stand above their bars."""
    body = _frame(x, y, across_ticks=False)
    room = (WIDTH - LEFT - RIGHT) / len(groups)
    for number, (label, heights) in enumerate(groups):
        body += text(LEFT + room * (number + 0.5), HEIGHT - BOTTOM + 16, label, "tick", "middle")
        wide = room * 0.8 / max(len(heights), 1)
        for place, (kind, height) in enumerate(heights):
            left, top = LEFT + room * (number + 0.1) + wide * place, _down(y, height)
            high = HEIGHT - BOTTOM - top
            body += f'<rect class="{kind}" x="{left:.4g}" y="{top:.4g}" width="{wide * 0.92:.4g}" height="{high:.4g}"/>'
            if height:
                body += text(left + wide * 0.46, top - 4, f"{height:g}", "tick", "middle")
    return drawing(body, WIDTH, HEIGHT, title, "plot")


def steps(x: Axis, y: Axis, curves: Sequence[Steps], title: str) -> str:
    """Cumulative curves on two axes, each with a class of its own."""
    body = _frame(x, y)
    for curve in curves:
        data, down = "", _down(y, 0.0)
        for value, share in curve.corners:
            across = _across(x, value)
            data += f"{'L' if data else 'M'}{across:.4g} {down:.4g}"
            down = _down(y, share)
            data += f"L{across:.4g} {down:.4g}"
        data += f"L{WIDTH - RIGHT:.4g} {down:.4g}" if data else ""
        body += f'<path class="{curve.kind}" d="{data}"><title>{escape(curve.name)}</title></path>' if data else ""
    return drawing(body, WIDTH, HEIGHT, title, "plot")


def _frame(x: Axis, y: Axis, across_ticks: bool = True) -> str:
    body = ""
    for tick in y.ticks:
        body += line(LEFT, _down(y, tick), WIDTH - RIGHT, _down(y, tick), "rule")
        body += text(LEFT - 6, _down(y, tick) + 4, y.show(tick), "tick", "end")
    for tick in x.ticks if across_ticks else ():
        body += line(_across(x, tick), HEIGHT - BOTTOM, _across(x, tick), HEIGHT - BOTTOM + 4, "rule")
        body += text(_across(x, tick), HEIGHT - BOTTOM + 16, x.show(tick), "tick", "middle")
    body += text((WIDTH + LEFT - RIGHT) / 2, HEIGHT - 6, x.label, "label", "middle")
    return body + text(4, 10, y.label, "label")


def _across(x: Axis, value: float) -> float:
    return LEFT + x.part(value) * (WIDTH - LEFT - RIGHT)


def _down(y: Axis, value: float) -> float:
    return HEIGHT - BOTTOM - y.part(value) * (HEIGHT - TOP - BOTTOM)
