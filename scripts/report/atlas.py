"""The maps of all countries of a run: borders and clouds drawn once as symbols, used wherever a country is shown."""

from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from scripts.report.country_maps import HEIGHT, WIDTH, Borders, Frame, dots, frame_of, layers, zone_colours
from scripts.report.run_evidence import Run
from scripts.report.svg import line, path, text

PEOPLE = "people"  # beside the seeds' numbers: where people live
LEAST_SHARE = 0.0005  # of the population: smaller dots are left out
BAR_KM = (0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
SHORTEST_BAR, LONGEST_BAR = 40, 110  # drawing units


@dataclass(frozen=True)
class Country:
    """One country's map: symbols of borders and clouds, colour class by zone, zones in use by layer."""

    iso: str
    frame: Frame
    symbols: str
    colours: dict[str, int]
    zones: list[str]  # own zones in the order of the symbols' fills
    used: dict[str, set[str]]  # by layer: a seed as text, or `people`


def local_cells(cells: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The local grid by country."""
    return {str(iso): part for iso, part in cells[cells["grid"] == "local"].groupby("country_iso", sort=False)}


def country_of(run: Run, borders: Borders, iso: str, cells: dict[str, dict[str, pd.DataFrame]]) -> Country | None:
    """The map of a country, None where it has neither sites nor people to frame it by.

    `cells` are local cells by country of every layer: seeds as text, and `people`.
    """
    people = cells[PEOPLE].get(iso, run.places.head(0))
    clouds = {str(seed): cells[str(seed)].get(iso, run.places.head(0)) for seed in run.seeds}
    clouds = {layer: cloud for layer, cloud in clouds.items() if len(cloud)}
    if not clouds and not len(people):
        return None
    every = pd.concat([*(cloud[["lon_deg", "lat_deg"]] for cloud in clouds.values()), people[["lon_deg", "lat_deg"]]])
    frame = frame_of(every["lon_deg"].to_numpy(), every["lat_deg"].to_numpy())
    own = sorted(run.support.loc[run.support["country_iso"] == iso, "tzid"].unique())
    seen = sorted({zone for cloud in [*clouds.values(), people] for zone in cloud["tzid"]})
    colours = zone_colours(own, people.groupby("tzid")["population"].sum(), seen)
    drawn = layers(borders, frame, set(own))
    zones = [zone for zone in drawn if zone != "land"]
    ground = path(drawn.get("land", ""), "land")
    ground += "".join(
        f'<path class="zone" style="fill:var(--u{number},var(--empty))" d="{drawn[zone]}"/>'
        for number, zone in enumerate(zones)
    )
    symbols = _symbol(f"m-{iso}", ground)
    for layer, cloud in clouds.items():
        symbols += _symbol(f"d-{iso}-{layer}", dots(frame, cloud, cloud["sites"].to_numpy(np.float64), colours))
    if len(people):
        weight = people["population"].to_numpy(np.float64)
        symbols += _symbol(f"d-{iso}-{PEOPLE}", dots(frame, people, weight, colours, LEAST_SHARE))
        clouds[PEOPLE] = people
    used = {layer: set(cloud["tzid"]) & set(zones) for layer, cloud in clouds.items()}
    return Country(iso, frame, symbols, colours, zones, used)


def show(country: Country, layer: str, title: str) -> str:
    """A country with the cloud of one layer, as a drawing that takes its paths from the symbols."""
    fills = "".join(
        f"--u{number}:var(--t{country.colours[zone]});"
        for number, zone in enumerate(country.zones)
        if zone in country.used.get(layer, set())
    )
    cloud = f'<use href="#d-{country.iso}-{layer}"/>' if layer in country.used else ""
    return (
        f'<svg class="map" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" aria-label="{escape(title)}">'
        f'<title>{escape(title)}</title><g style="{fills}"><use href="#m-{country.iso}"/></g>{cloud}</svg>'
    )


def close_up(run: Run, borders: Borders, country: Country, seed: int, title: str) -> str:
    """The sites of one seed as large as they fit, with a bar that says how far that is."""
    cells = _cells(run.seeds[seed].sites, country.iso)
    frame = frame_of(cells["lon_deg"].to_numpy(), cells["lat_deg"].to_numpy(), least=0.01, margin=0.15)
    drawn = layers(borders, frame, set(country.zones))
    body = "".join(
        f'<path class="{"land" if zone == "land" else "tint"}" '
        f'style="--tint:var(--t{country.colours.get(zone, 0)})" d="{data}"/>'
        for zone, data in drawn.items()
    )
    body += dots(frame, cells, cells["sites"].to_numpy(np.float64), country.colours)
    fitting = [km for km in BAR_KM if SHORTEST_BAR <= km / frame.kilometres(1) <= LONGEST_BAR] or [BAR_KM[-1]]
    length = fitting[-1] / frame.kilometres(1)
    body += line(16, HEIGHT - 16, 16 + length, HEIGHT - 16, "bar") + text(
        16, HEIGHT - 26, f"{fitting[-1]:g} km", "scale"
    )
    return (
        f'<svg class="map" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{body}</svg>"
    )


def _cells(cells: pd.DataFrame, iso: str) -> pd.DataFrame:
    return cells[(cells["country_iso"] == iso) & (cells["grid"] == "local")]


def _symbol(name: str, body: str) -> str:
    return f'<g id="{name}">{body}</g>' if body else ""
