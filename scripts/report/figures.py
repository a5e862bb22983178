"""Figures of one seed: spread against diversity, and how many zones countries show against how many they have."""

import numpy as np
import pandas as pd

from scripts.report.numbers import count, decimal
from scripts.report.plots import Axis, Dot, Steps, bars, scatter, steps
from scripts.report.run_evidence import Seed

MOST = 4  # countries with so many zones or more stand together
FLOOR_KM = 0.5


def size_figure(seed: Seed) -> str:
    """Number of sites against zones seen, one dot a country; C_multi bold."""
    table = seed.countries.rows
    x = _log_axis(table["site_count"], 1.0, "sites of the country")
    y = _zones_axis(table["distinct_tzid_count"])
    title = f"Seed {seed.number}: number of sites against zones seen, by country"
    return scatter(x, y, _dots(table, table["site_count"], table["distinct_tzid_count"]), title)


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
    """Countries by number of zones: those that they show beside those that they have."""
    table = seed.countries.rows
    shown, have = (_by_zones(table[name]) for name in ("distinct_tzid_count", "tz_world_support_count"))
    highest = max([*shown, *have, 1])
    y = Axis(0.0, highest * 1.1, _ticks(highest), "countries", show=count)
    names = [str(number) for number in range(1, MOST)] + [f"{MOST} or more"]
    groups = [(name, [("shown", float(a)), ("have", float(b))]) for name, a, b in zip(names, shown, have, strict=True)]
    title = f"Seed {seed.number}: countries by number of zones shown, and by number of zones they have"
    return bars(Axis(0, 1, [], "zones"), y, groups, title)


def cumulative(seed: Seed, people: dict[str, dict[str, float]]) -> str:
    """Share of C_multi countries whose biggest zone holds at most so much: the run beside where people live."""
    multi = seed.countries.rows[seed.countries.rows["is_c_multi"]]
    lived = [people[iso]["top1_share"] for iso in multi["country_iso"] if iso in people]
    x = Axis(0.0, 1.0, [0, 0.25, 0.5, 0.75, 1], "share of the biggest zone", show=_percent)
    y = Axis(0.0, 1.0, [0, 0.5, 1], "share of C_multi countries up to there", show=_percent)
    curves = [
        Steps("where people live", "curve lived", _ecdf(np.array(lived))),
        Steps(f"seed {seed.number}", "curve run", _ecdf(multi["top1_share"].to_numpy(np.float64))),
    ]
    title = f"Seed {seed.number}: cumulative share of C_multi countries by the share of their biggest zone"
    return steps(x, y, curves, title)


def _ecdf(values: np.ndarray) -> list[tuple[float, float]]:
    ordered = np.sort(values)
    return [(float(value), (number + 1) / len(ordered)) for number, value in enumerate(ordered)]


def _by_zones(counts: pd.Series) -> list[int]:
    at_most = counts.clip(lower=1, upper=MOST)
    return [int((at_most == number).sum()) for number in range(1, MOST + 1)]


def _dots(table: pd.DataFrame, x: pd.Series, y: pd.Series) -> list[Dot]:
    names = zip(table["country_iso"], table["is_c_multi"], x, y, strict=True)
    return [Dot(float(across), float(up), str(iso), bool(bold)) for iso, bold, across, up in names]


def _log_axis(values: pd.Series, floor: float, label: str) -> Axis:
    high = max(float(values.max()), floor * 10)
    ticks = [tick for tick in (1, 10, 100, 1000, 10_000, 100_000, 1_000_000) if floor <= tick <= high]
    return Axis(
        floor, high * 1.2, ticks, label, log=True, show=lambda value: count(value) if value >= 10 else decimal(value)
    )


def _zones_axis(counts: pd.Series) -> Axis:
    high = max(3, int(counts.max()))
    step = max(1, high // 5)
    return Axis(0.0, high * 1.05, list(range(0, high + 1, step)), "zones seen", show=count)


def _ticks(highest: int) -> list[float]:
    step = max(1, round(highest / 4, -1 if highest > 40 else 0))
    return [float(tick) for tick in np.arange(0, highest * 1.05, step)]


def _percent(value: float) -> str:
    return f"{value:.0%}".replace("%", " %")
