"""The world with its zone borders, and sites as dots coloured by zone: as the run has them, and as people live."""

import numpy as np
import pandas as pd
import shapely

from scripts.report.evidence import Run, Seed
from scripts.report.svg import COLOURS, cloud, drawing, notice, path, placed, rings_path, sheet, text

WIDTH, HEIGHT = 1440.0, 636.0
HEAD = 40.0  # above each map of the sheet
NORTH, SOUTH = 84.0, -58.0
TOLERANCE = 0.7  # drawing units
MOST = 4000  # dots of one map
A1, A2, A3, A4 = 1.340264, -0.081106, 0.000893, 0.003796


def equal_earth(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Drawing units (N,) of degrees (N,) on the Equal Earth projection (Šavrič, Patterson and Jenny 2018)."""
    angle, (top,) = _parametric(lat), _height(_parametric(np.array([NORTH])))
    square = angle**2
    slope = A1 + 3 * A2 * square + square**3 * (7 * A3 + 9 * A4 * square)
    x = 2 * np.sqrt(3) * np.radians(lon) * np.cos(angle) / (3 * slope)
    scale = WIDTH / 2 / 2.7066  # half the width of the projection's equator
    return WIDTH / 2 + x * scale, (top - _height(angle)) * scale


def _parametric(lat: np.ndarray) -> np.ndarray:
    return np.asarray(np.arcsin(np.sqrt(3) / 2 * np.sin(np.radians(lat))))


def _height(angle: np.ndarray) -> np.ndarray:
    square = angle**2
    return np.asarray(angle * (A1 + A2 * square + square**3 * (A3 + A4 * square)))


def base(zones: np.ndarray) -> str:
    """All zone polygons (P,) as a symbol that every world map of the page uses."""
    shown = shapely.clip_by_rect(zones, -180, SOUTH, 180, NORTH)
    flat = shapely.transform(shown, lambda xy: np.column_stack(equal_earth(xy[:, 0], xy[:, 1])))
    parts = shapely.get_parts(shapely.simplify(flat, TOLERANCE, preserve_topology=False))
    land = path(rings_path(parts[shapely.area(parts) > TOLERANCE]), "land")
    return f'<symbol id="world" viewBox="0 0 {WIDTH:g} {HEIGHT:g}">{land}</symbol>'


def zone_colours(run: Run) -> dict[str, int]:
    """A colour class for every zone: zones from west to east in turn, so that neighbours seldom agree."""
    cells = run.places[run.places["grid"] == "world"]
    middle = cells.groupby("tzid")["lon_deg"].median().sort_values(kind="stable")
    seen = sorted({zone for seed in run.seeds.values() for zone in seed.sites["tzid"]} - set(middle.index))
    return {zone: number % COLOURS for number, zone in enumerate([*middle.index, *seen])}


def world_maps(run: Run, seed: Seed, colours: dict[str, int]) -> tuple[str, str]:
    """Sites of one seed, areas growing with their number, and as many sites placed as people live.

    There, less than half a site is left out.
    """
    sites = seed.sites[seed.sites["grid"] == "world"]
    people = run.places[run.places["grid"] == "world"]
    wanted = sites.groupby("country_iso")["sites"].sum()
    people = people[people["country_iso"].isin(wanted.index)]
    share = people["population"] / people.groupby("country_iso")["population"].transform("sum")
    expected = share * people["country_iso"].map(wanted)
    return (
        _map(sites, sites["sites"], colours, 0.0, f"Sites of seed {seed.number}, coloured by time zone"),
        _map(people, expected, colours, 0.5, "As many sites in the same countries, placed as people live"),
    )


def _map(cells: pd.DataFrame, weight: pd.Series, colours: dict[str, int], least: float, title: str) -> str:
    x, y = equal_earth(cells["lon_deg"].to_numpy(), cells["lat_deg"].to_numpy())
    colour = cells["tzid"].map(colours).to_numpy(np.int64)
    dots = cloud(x, y, weight.to_numpy(np.float64), colour, largest=1000.0, least=least, most=MOST)
    return drawing('<use href="#world"/>' + dots, WIDTH, HEIGHT, title, "world")


def world_sheet(symbols: str, worlds: dict[int, tuple[str, str]]) -> str:
    """The first published seed above where people live."""
    if not worlds:
        return notice("No seed published its zones, so there is nothing to draw.")
    seed, maps = next(iter(worlds.items()))
    step = HEIGHT + HEAD
    body = f"<defs>{symbols}</defs>"
    for number, (title, svg) in enumerate(zip((f"Sites of seed {seed}", "As people live"), maps, strict=True)):
        body += text(20, step * number + 28, title, "head") + placed(svg, 0, step * number + HEAD, WIDTH, HEIGHT)
    return sheet(body, WIDTH, 2 * step)
