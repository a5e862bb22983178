"""A country as a small map: its zones, which of them hold sites, and a cloud of sites or of people.

Borders and clouds are drawn once as symbols and used wherever the country is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from scripts.report.bins import wrapped
from scripts.report.evidence import Run
from scripts.report.svg import COLOURS, cloud, drawing, line, notice, path, placed, rings_path, sheet, text

WIDTH, HEIGHT = 400.0, 280.0
MARGIN = 0.06
TOLERANCE = 0.9  # drawing units
MOST = 450  # dots of one cloud
LEAST_SPAN = 0.05  # degrees: a smaller country is drawn no larger
LEAST_SHARE = 0.0005  # of the population: smaller dots are left out
PEOPLE = "people"  # beside the seeds' numbers: where people live
BAR_KM = (0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
SHORTEST_BAR, LONGEST_BAR = 40, 110  # drawing units
GAP, HEAD, COLUMNS = 24.0, 40.0, 4  # of the sheet
Layers = dict[str, dict[str, pd.DataFrame]]  # layer, a seed as text or `people` -> country -> local cells


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
        return self.beside(wrapped(lon - self.middle), lat)

    def beside(self, off: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Drawing units (N,) of degrees (N,) whose longitudes are measured from `middle`."""
        return self.left + (off - self.west) * self.scale * self.squeeze, self.top + (self.north - lat) * self.scale


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
            parts = shapely.clip_by_rect(self.geoms[near], west + shift, north - high, west + wide + shift, north)
            shown = ~shapely.is_empty(parts)
            lon, lat = shapely.get_coordinates(parts[shown]).T
            zones.append(self.tzids[near][shown])
            drawn.append(shapely.set_coordinates(parts[shown], np.column_stack(frame.beside(lon - shift, lat))))
        return np.concatenate(zones), np.concatenate(drawn)


@dataclass(frozen=True)
class Country:
    """One country's map: symbols of borders and clouds, colour class by zone, zones in use by layer."""

    iso: str
    symbols: str
    colours: dict[str, int]
    zones: list[str]  # own zones in the order of the symbols' fills
    used: dict[str, set[str]]


def local_cells(run: Run) -> Layers:
    """The local grid of every seed and of people."""
    grids = {str(number): seed.sites for number, seed in run.seeds.items()} | {PEOPLE: run.places}
    return {
        layer: {str(iso): part for iso, part in cells[cells["grid"] == "local"].groupby("country_iso", sort=False)}
        for layer, cells in grids.items()
    }


def country_of(run: Run, borders: Borders, iso: str, cells: Layers) -> Country | None:
    """The map of a country, None where it has neither sites nor people to frame it by."""
    clouds = {layer: by_country[iso] for layer, by_country in cells.items() if iso in by_country}
    if not clouds:
        return None
    every = pd.concat(clouds.values())
    frame = frame_of(every["lon_deg"].to_numpy(), every["lat_deg"].to_numpy())
    own = sorted(run.support.loc[run.support["country_iso"] == iso, "tzid"].unique())
    people = clouds.get(PEOPLE, run.places.head(0)).groupby("tzid")["population"].sum()
    colours = zone_colours(own, people, sorted(set(every["tzid"])))
    drawn = layers(borders, frame, set(own))
    zones = [zone for zone in drawn if zone != "land"]
    ground = path(drawn.get("land", ""), "land")
    for number, zone in enumerate(zones):
        ground += f'<path class="zone" style="fill:var(--u{number},var(--empty))" d="{drawn[zone]}"/>'
    symbols = _symbol(f"m-{iso}", ground)
    for layer, part in clouds.items():
        weight, least = ("population", LEAST_SHARE) if layer == PEOPLE else ("sites", 0.0)
        symbols += _symbol(f"d-{iso}-{layer}", _dots(frame, part, weight, colours, least))
    used = {layer: set(part["tzid"]) & set(zones) for layer, part in clouds.items()}
    return Country(iso, symbols, colours, zones, used)


def frame_of(lon: np.ndarray, lat: np.ndarray, least: float = LEAST_SPAN, margin: float = MARGIN) -> Frame:
    """The frame around (N,) points, N > 0, with a margin."""
    # The middle lies opposite to the widest gap between points, so that a country across 180 degrees stays whole.
    ordered = np.sort(lon)
    gaps = np.diff(np.r_[ordered, ordered[0] + 360])
    after = int(np.argmax(gaps))
    middle = float(wrapped(ordered[after] + gaps[after] / 2 + 180))
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


def zone_colours(support: list[str], people: pd.Series, seen: list[str]) -> dict[str, int]:
    """Colour class by zone of one country: the most populous first, so that run and real world agree."""
    ranked = [zone for zone in people.sort_values(ascending=False, kind="stable").index if zone in support]
    rest = sorted(set(support) - set(ranked))
    foreign = sorted(set(seen) - set(support))
    return {zone: number % COLOURS for number, zone in enumerate([*ranked, *rest, *foreign])}


def layers(borders: Borders, frame: Frame, own: set[str]) -> dict[str, str]:
    """Path data in a frame: `land` of other countries, and each of the country's own zones by name."""
    zones, geoms = borders.within(frame)
    simple = shapely.simplify(geoms, TOLERANCE, preserve_topology=False)
    found = {"land": rings_path(simple[~np.isin(zones, sorted(own))])}
    found |= {zone: rings_path(simple[zones == zone]) for zone in sorted(own & set(zones.tolist()))}
    return {name: data for name, data in found.items() if data}


def show(country: Country, layer: str, title: str) -> str:
    """A country with the cloud of one layer, as a drawing that takes its paths from the symbols."""
    fills = "".join(
        f"--u{number}:var(--t{country.colours[zone]});"
        for number, zone in enumerate(country.zones)
        if zone in country.used.get(layer, set())
    )
    dots = f'<use href="#d-{country.iso}-{layer}"/>' if layer in country.used else ""
    return drawing(f'<g style="{fills}"><use href="#m-{country.iso}"/></g>{dots}', WIDTH, HEIGHT, title, "map")


def close_up(borders: Borders, country: Country, cells: pd.DataFrame, title: str) -> str:
    """The sites of one seed as large as they fit, with a bar that says how far that is."""
    frame = frame_of(cells["lon_deg"].to_numpy(), cells["lat_deg"].to_numpy(), least=0.01, margin=0.15)
    body = ""
    for zone, data in layers(borders, frame, set(country.zones)).items():
        kind = "land" if zone == "land" else "tint"
        body += f'<path class="{kind}" style="--tint:var(--t{country.colours.get(zone, 0)})" d="{data}"/>'
    body += _dots(frame, cells, "sites", country.colours)
    unit_km = 1 / frame.scale * 111.195
    bar_km = max((km for km in BAR_KM if SHORTEST_BAR <= km / unit_km <= LONGEST_BAR), default=BAR_KM[-1])
    body += line(16, HEIGHT - 16, 16 + bar_km / unit_km, HEIGHT - 16, "bar")
    body += text(16, HEIGHT - 26, f"{bar_km:g} km", "scale")
    return drawing(body, WIDTH, HEIGHT, title, "map")


def country_sheet(shown: Sequence[tuple[str, str, str, str]]) -> str:
    """Countries as (symbols, title, run, people): each as the first seed has it, where people live below."""
    if not shown:
        return notice("No country with several zones was published: there is nothing to draw.")
    body = ""
    wide, high = WIDTH + GAP, 2 * HEIGHT + GAP + HEAD
    for number, (symbols, title, run, people) in enumerate(shown):
        left, top = (number % COLUMNS) * wide, (number // COLUMNS) * high
        body += f"<defs>{symbols}</defs>" + text(left + 4, top + 28, title, "head")
        body += placed(run, left, top + HEAD, WIDTH, HEIGHT)
        body += placed(people, left, top + HEAD + HEIGHT + 8, WIDTH, HEIGHT)
    return sheet(body, COLUMNS * wide, ((len(shown) - 1) // COLUMNS + 1) * high)


def _dots(frame: Frame, cells: pd.DataFrame, weight: str, colours: dict[str, int], least: float = 0.0) -> str:
    """The cloud of cells in a country's frame; the largest dot stands for the `weight` of all of the country."""
    x, y = frame.place(cells["lon_deg"].to_numpy(), cells["lat_deg"].to_numpy())
    share = cells[weight].to_numpy(np.float64)
    colour = cells["tzid"].map(colours).to_numpy(np.int64)
    return cloud(x, y, share / share.sum(), colour, largest=1.0, least=least, most=MOST)


def _symbol(name: str, body: str) -> str:
    return f'<g id="{name}">{body}</g>' if body else ""
