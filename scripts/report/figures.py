"""Figures of one seed: spread against diversity, and how many zones countries show against how many they have."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

import numpy as np
import pandas as pd

from scripts.report.evidence import Seed
from scripts.report.numbers import count, decimal
from scripts.report.svg import drawing, line, text

WIDTH, HEIGHT = 460.0, 270.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 26.0, 30.0, 40.0
MOST = 4  # countries with so many zones or more stand together
FLOOR_KM = 0.5


@dataclass(frozen=True)
class Axis:
    """A linear or logarithmic scale with its ticks and what it measures."""

    low: float
    high: float
    ticks: Sequence[float]
    label: str
    log: bool = False
    show: Callable[[float], str] = "{:g}".format

    def across(self, value: float) -> float:
        """Where a value lies on a horizontal axis, in drawing units."""
        return LEFT + self._part(value) * (WIDTH - LEFT - RIGHT)

    def down(self, value: float) -> float:
        """Where a value lies on a vertical axis, in drawing units."""
        return HEIGHT - BOTTOM - self._part(value) * (HEIGHT - TOP - BOTTOM)

    def _part(self, value: float) -> float:
        """Where a value lies between the ends, 0 to 1; what lies beyond is put on the end."""
        low, high = (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)
        found = math.log(max(value, self.low)) if self.log else value
        return min(max((found - low) / (high - low or 1.0), 0.0), 1.0)


class Dot(NamedTuple):
    """A country on a scatter plot; a bold one carries its name."""

    name: str
    bold: bool
    x: float
    y: float


def size_figure(seed: Seed) -> str:
    """Number of sites against zones seen, one dot a country; C_multi bold."""
    table = seed.countries.rows
    zones = table["distinct_tzid_count"]
    high = max(3, int(zones.max()))
    x = _log_axis(table["site_count"], 1.0, "sites of the country")
    y = Axis(0.0, high * 1.05, range(0, high + 1, max(1, high // 5)), "zones seen", show=count)
    title = f"Seed {seed.number}: number of sites against zones seen, by country"
    return scatter(x, y, _dots(table, table["site_count"], zones), title)


def spread_figure(seed: Seed) -> str:
    """Spatial spread against entropy, one dot a country; C_multi bold."""
    table = seed.countries.rows
    spread = table["country_iso"].map(seed.diagnostics.data["dispersion_km"]).astype("float64")
    known = spread.notna()
    table, spread = table[known], spread[known]
    x = _log_axis(spread, FLOOR_KM, "spread of its sites, km")
    high = max(1.0, float(table["entropy_nats"].max()) * 1.05)
    y = Axis(0.0, high, [0, 0.5, 1.0] + ([1.5] if high >= 1.5 else []), "entropy of its zones, nats", show=decimal)
    title = f"Seed {seed.number}: spread of sites in km against entropy of zones, by country"
    return scatter(x, y, _dots(table, spread, table["entropy_nats"]), title)


def histogram(seed: Seed) -> str:
    """Countries by number of zones: those that they show beside those that they have, heights above their bars."""
    table = seed.countries.rows
    shown, have = (
        np.bincount(table[name].clip(1, MOST), minlength=MOST + 1)[1:].tolist()
        for name in ("distinct_tzid_count", "tz_world_support_count")
    )
    highest = max([*shown, *have, 1])
    step = max(1, round(highest / 4, -1 if highest > 40 else 0))
    y = Axis(0.0, highest * 1.1, np.arange(0, highest * 1.05, step).tolist(), "countries", show=count)
    body = _frame(Axis(0, 1, [], "zones"), y)
    room = (WIDTH - LEFT - RIGHT) / MOST
    wide = room * 0.8 / 2
    for number, heights in enumerate(zip(shown, have, strict=True)):
        label = str(number + 1) if number + 1 < MOST else f"{MOST} or more"
        body += text(LEFT + room * (number + 0.5), HEIGHT - BOTTOM + 16, label, "tick", "middle")
        for place, (kind, height) in enumerate(zip(("shown", "have"), heights, strict=True)):
            left, top = LEFT + room * (number + 0.1) + wide * place, y.down(height)
            high = HEIGHT - BOTTOM - top
            body += f'<rect class="{kind}" x="{left:.4g}" y="{top:.4g}" width="{wide * 0.92:.4g}" height="{high:.4g}"/>'
            if height:
                body += text(left + wide * 0.46, top - 4, f"{height:g}", "tick", "middle")
    title = f"Seed {seed.number}: countries by number of zones shown, and by number of zones they have"
    return drawing(body, WIDTH, HEIGHT, title, "plot")


def cumulative(seed: Seed, people: dict[str, dict[str, float]]) -> str:
    """Share of C_multi countries whose biggest zone holds at most so much: the run beside where people live."""
    multi = seed.countries.rows[seed.countries.rows["is_c_multi"]]
    lived = [people[iso]["top1_share"] for iso in multi["country_iso"] if iso in people]
    x = Axis(0.0, 1.0, [0, 0.25, 0.5, 0.75, 1], "share of the biggest zone", show=_percent)
    y = Axis(0.0, 1.0, [0, 0.5, 1], "share of C_multi countries up to there", show=_percent)
    body = _frame(x, y)
    for name, kind, values in (
        ("where people live", "lived", lived),
        (f"seed {seed.number}", "run", multi["top1_share"].tolist()),
    ):
        data, down = "", y.down(0.0)
        for number, value in enumerate(sorted(values)):
            across = x.across(value)
            data += f"{'L' if data else 'M'}{across:.4g} {down:.4g}"
            down = y.down((number + 1) / len(values))
            data += f"L{across:.4g} {down:.4g}"
        if data:
            data += f"L{WIDTH - RIGHT:.4g} {down:.4g}"
            body += f'<path class="curve {kind}" d="{data}"><title>{escape(name)}</title></path>'
    title = f"Seed {seed.number}: cumulative share of C_multi countries by the share of their biggest zone"
    return drawing(body, WIDTH, HEIGHT, title, "plot")


def scatter(x: Axis, y: Axis, dots: Sequence[Dot], title: str) -> str:
    """Points on two axes; faint ones below bold ones, each with its name and values for the reader who hovers."""
    body = _frame(x, y)
    for dot in sorted(dots, key=lambda dot: dot.bold):
        kind = "point bold" if dot.bold else "point"
        what = f"{dot.name}: {x.show(dot.x)}, {y.show(dot.y)}"
        body += f'<circle class="{kind}" cx="{x.across(dot.x):.4g}" cy="{y.down(dot.y):.4g}" r="4">'
        body += f"<title>{escape(what)}</title></circle>"
    taken: list[tuple[float, float]] = []
    for dot in dots:
        left = x.across(dot.x) > WIDTH - 2 * RIGHT
        across, down = x.across(dot.x) + (-7 if left else 7), y.down(dot.y) + 4
        # A name is left out where it would lie on another.
        if dot.bold and all(abs(across - other) > 20 or abs(down - height) > 11 for other, height in taken):
            taken.append((across, down))
            body += text(across, down, dot.name, "name", "end" if left else "start")
    return drawing(body, WIDTH, HEIGHT, title, "plot")


def _frame(x: Axis, y: Axis) -> str:
    body = ""
    for tick in y.ticks:
        body += line(LEFT, y.down(tick), WIDTH - RIGHT, y.down(tick), "rule")
        body += text(LEFT - 6, y.down(tick) + 4, y.show(tick), "tick", "end")
    for tick in x.ticks:
        body += line(x.across(tick), HEIGHT - BOTTOM, x.across(tick), HEIGHT - BOTTOM + 4, "rule")
        body += text(x.across(tick), HEIGHT - BOTTOM + 16, x.show(tick), "tick", "middle")
    body += text((WIDTH + LEFT - RIGHT) / 2, HEIGHT - 6, x.label, "label", "middle")
    return body + text(4, 10, y.label, "label")


def _dots(table: pd.DataFrame, x: pd.Series, y: pd.Series) -> list[Dot]:
    return [Dot(*row) for row in zip(table["country_iso"], table["is_c_multi"], x, y, strict=True)]


def _log_axis(values: pd.Series, floor: float, label: str) -> Axis:
    high = max(float(values.max()), floor * 10)
    ticks = [tick for tick in (1, 10, 100, 1000, 10_000, 100_000, 1_000_000) if floor <= tick <= high]
    return Axis(floor, high * 1.2, ticks, label, True, lambda value: count(value) if value >= 10 else decimal(value))


def _percent(value: float) -> str:
    return f"{value:.0%}".replace("%", " %")
