"""The world with its zone borders, and sites as dots coloured by zone: as the run has them, and as people live."""

import numpy as np
import pandas as pd
import shapely

from scripts.report.clouds import cloud
from scripts.report.run_evidence import Run
from scripts.report.svg import COLOURS, path, rings_path

WIDTH, HEIGHT = 1440.0, 636.0
NORTH, SOUTH = 84.0, -58.0
TOLERANCE = 0.7  # drawing units
MOST = 4000  # dots of one map
A1, A2, A3, A4 = 1.340264, -0.081106, 0.000893, 0.003796


def equal_earth(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Drawing units (N,) of degrees (N,) on the Equal Earth projection (Šavrič, Patterson and Jenny 2018)."""
    angle = np.arcsin(np.sqrt(3) / 2 * np.sin(np.radians(lat)))
    square = angle**2
    slope = A1 + 3 * A2 * square + square**3 * (7 * A3 + 9 * A4 * square)
    x = 2 * np.sqrt(3) * np.radians(lon) * np.cos(angle) / (3 * slope)
    return _scaled(x, _height(angle))


def _height(angle: np.ndarray) -> np.ndarray:
    square = angle**2
    return np.asarray(angle * (A1 + A2 * square + square**3 * (A3 + A4 * square)))


def _scaled(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    top = _height(np.arcsin(np.sqrt(3) / 2 * np.sin(np.radians(np.array([NORTH])))))[0]
    scale = WIDTH / 2 / 2.7066  # half the width of the projection's equator
    return WIDTH / 2 + x * scale, (top - y) * scale


def borders(zones: np.ndarray) -> str:
    """Path data of all zone polygons (P,), drawn once and used by every map of the page."""
    shown = shapely.clip_by_rect(zones, -180, SOUTH, 180, NORTH)
    flat = shapely.transform(shown, lambda xy: np.column_stack(equal_earth(xy[:, 0], xy[:, 1])))
    simple = shapely.simplify(flat, TOLERANCE, preserve_topology=False)
    parts = shapely.get_parts(simple)
    return rings_path(parts[shapely.area(parts) > TOLERANCE])


def zone_colours(run: Run) -> dict[str, int]:
    """A colour class for every zone: zones from west to east in turn, so that neighbours seldom agree."""
    cells = run.places[run.places["grid"] == "world"]
    middle = cells.groupby("tzid")["lon_deg"].median().sort_values(kind="stable")
    seen = sorted({zone for seed in run.seeds.values() for zone in seed.sites["tzid"]} - set(middle.index))
    return {zone: number % COLOURS for number, zone in enumerate([*middle.index, *seen])}


def sites_map(sites: pd.DataFrame, colours: dict[str, int]) -> str:
    """Dots of one seed's cells; areas grow with the number of sites."""
    cells = sites[sites["grid"] == "world"]
    return _dots(cells, cells["sites"].to_numpy(np.float64), colours, least=0.0)


def people_map(run: Run, sites: pd.DataFrame, colours: dict[str, int]) -> str:
    """Dots of as many sites in the same countries, placed as people live; less than half a site is left out."""
    cells = run.places[run.places["grid"] == "world"]
    wanted = sites[sites["grid"] == "world"].groupby("country_iso")["sites"].sum()
    cells = cells[cells["country_iso"].isin(wanted.index)]
    share = cells["population"] / cells.groupby("country_iso")["population"].transform("sum")
    expected = (share * cells["country_iso"].map(wanted)).to_numpy(np.float64)
    return _dots(cells, expected, colours, least=0.5)


def _dots(cells: pd.DataFrame, weight: np.ndarray, colours: dict[str, int], least: float) -> str:
    x, y = equal_earth(cells["lon_deg"].to_numpy(), cells["lat_deg"].to_numpy())
    colour = cells["tzid"].map(colours).to_numpy(np.int64)
    return cloud(x, y, weight, colour, largest=1000.0, least=least, most=MOST)


def base(data: str) -> str:
    """The borders as a symbol that every world map of the page uses."""
    return f'<symbol id="world" viewBox="0 0 {WIDTH:g} {HEIGHT:g}">{path(data, "land")}</symbol>'
