"""A country as a small map: its zones, which of them hold sites, and a cloud of sites or of people."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import shapely

from scripts.report.bins import wrapped
from scripts.report.clouds import cloud
from scripts.report.svg import COLOURS, rings_path

WIDTH, HEIGHT = 400.0, 280.0
MARGIN = 0.06
TOLERANCE = 0.9  # drawing units
MOST = 450  # dots of one cloud
LEAST_SPAN = 0.05  # degrees: a smaller country is drawn no larger


@dataclass(frozen=True)
class Frame:
    """Where a country lies on its map: longitudes are measured from `middle`, `scale` is drawing units per degree."""

    middle: float
    west: float
    north: float
    scale: float
    squeeze: float  # cosine of the middle latitude
    left: float
    top: float

    def place(self, lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Drawing units (N,) of degrees (N,)."""
        x = self.left + (wrapped(lon - self.middle) - self.west) * self.scale * self.squeeze
        return x, self.top + (self.north - lat) * self.scale

    def kilometres(self, units: float) -> float:
        """Kilometres on the ground of a length in drawing units."""
        return units / self.scale * 111.195


def frame_of(lon: np.ndarray, lat: np.ndarray, least: float = LEAST_SPAN, margin: float = MARGIN) -> Frame:
    """The frame around (N,) points, N > 0, with a margin."""
    middle = _middle(lon)
    off = wrapped(lon - middle)
    squeeze = max(0.1, float(np.cos(np.radians((lat.min() + lat.max()) / 2))))
    wide, high = max(float(np.ptp(off)), least / squeeze), max(float(np.ptp(lat)), least)
    scale = min(WIDTH / (wide * squeeze), HEIGHT / high) / (1 + 2 * margin)
    return Frame(
        middle=middle,
        west=float(off.min() + off.max()) / 2 - wide / 2,
        north=float(lat.min() + lat.max()) / 2 + high / 2,
        scale=scale,
        squeeze=squeeze,
        left=(WIDTH - wide * squeeze * scale) / 2,
        top=(HEIGHT - high * scale) / 2,
    )


def _middle(lon: np.ndarray) -> float:
    """The longitude opposite to the widest gap between points, so that a country across 180 degrees stays whole."""
    ordered = np.sort(lon)
    gaps = np.diff(np.r_[ordered, ordered[0] + 360])
    after = int(np.argmax(gaps))
    return float(wrapped(np.array([ordered[after] + gaps[after] / 2 + 180]))[0])


@dataclass(frozen=True)
class Borders:
    """Zone polygons (P,) with their zones and bounds, simplified for drawing."""

    tzids: np.ndarray
    geoms: np.ndarray

    def within(self, frame: Frame) -> tuple[np.ndarray, np.ndarray]:
        """Zones (Q,) and polygons (Q,) in drawing units of all that shows in a frame."""
        high, wide = HEIGHT / frame.scale, WIDTH / (frame.scale * frame.squeeze)
        west = frame.west - frame.left / (frame.scale * frame.squeeze)
        north = frame.north + frame.top / frame.scale
        zones, drawn = [], []
        bounds = shapely.bounds(self.geoms)
        for turn in (-360.0, 0.0, 360.0):
            shift = frame.middle + turn
            near = (
                (bounds[:, 2] >= west + shift)
                & (bounds[:, 0] <= west + wide + shift)
                & (bounds[:, 3] >= north - high)
                & (bounds[:, 1] <= north)
            )
            for row in np.flatnonzero(near):
                part = shapely.clip_by_rect(self.geoms[row], west + shift, north - high, west + wide + shift, north)
                if not part.is_empty:
                    zones.append(self.tzids[row])
                    drawn.append(shapely.transform(part, partial(_flat, frame, shift)))
        return np.array(zones, dtype=str), np.array(drawn, dtype=object)


def _flat(frame: Frame, shift: float, degrees: np.ndarray) -> np.ndarray:
    off, lat = degrees[:, 0] - shift, degrees[:, 1]
    return np.column_stack(
        [
            frame.left + (off - frame.west) * frame.scale * frame.squeeze,
            frame.top + (frame.north - lat) * frame.scale,
        ]
    )


def layers(borders: Borders, frame: Frame, own: set[str]) -> dict[str, str]:
    """Path data in a frame: `land` of other countries, and each of the country's own zones by name."""
    zones, geoms = borders.within(frame)
    simple = shapely.simplify(geoms, TOLERANCE, preserve_topology=False) if len(geoms) else geoms
    mine = np.isin(zones, sorted(own))
    found = {"land": rings_path(simple[~mine])}
    found |= {zone: rings_path(simple[zones == zone]) for zone in sorted(own & set(zones.tolist()))}
    return {name: data for name, data in found.items() if data}


def zone_colours(support: list[str], people: pd.Series, seen: list[str]) -> dict[str, int]:
    """Colour class by zone of one country: the most populous first, so that run and real world agree."""
    ranked = [zone for zone in people.sort_values(ascending=False, kind="stable").index if zone in support]
    rest = sorted(set(support) - set(ranked))
    foreign = sorted(set(seen) - set(support))
    return {zone: number % COLOURS for number, zone in enumerate([*ranked, *rest, *foreign])}


def dots(frame: Frame, cells: pd.DataFrame, weight: np.ndarray, colours: dict[str, int], least: float = 0.0) -> str:
    """The cloud of cells with `weight` (N,) in a country's frame; the largest dot stands for all of the country."""
    if not len(cells):
        return ""
    x, y = frame.place(cells["lon_deg"].to_numpy(), cells["lat_deg"].to_numpy())
    colour = cells["tzid"].map(colours).fillna(0).to_numpy(np.int64)
    return cloud(x, y, weight / weight.sum(), colour, largest=1.0, least=least, most=MOST)
