"""Sites as counts in cells: five million draw as fast as five hundred. For drawing only, no metric reads them."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from scripts.lib.tables import write_table

WORLD_CELL = 0.5  # degrees
LOCAL_CELLS = 64  # along each side of the box around a country's own points
FOLD = 1 << 19  # rows of cells that wait before they are summed
COLUMNS = ["country_iso", "tzid", "grid", "lon_deg", "lat_deg", "weight"]
BOX = ["middle", "west", "east", "south", "north"]
Parts = Callable[[], Iterable[pd.DataFrame]]  # a fresh pass over points: country_iso, tzid, lon_deg, lat_deg, weight


def bins(parts: Parts) -> pd.DataFrame:
    """Weights by cell: country_iso, tzid, grid (`world` or `local`), lon_deg and lat_deg of the cell's centre, weight.

    The world grid has cells of half a degree; the local grid 64 x 64 cells over the box around the points of a country.
    Two passes; memory follows the number of cells that are not empty, not the number of points.
    """
    boxes = _boxes(parts())
    pending: list[pd.DataFrame] = []
    rows = 0
    for part in parts():
        pending.append(_cells(part, boxes))
        rows += len(pending[-1])
        if rows > FOLD:
            pending, rows = [_summed(pd.concat(pending))], 0
    return _summed(pd.concat(pending)) if pending else pd.DataFrame(columns=COLUMNS)


def write_bins(path: str | Path, parts: Parts, weight: str) -> None:
    """Write the `bins` of points as Parquet, their weight under the name of what it counts."""
    cells = bins(parts).rename(columns={"weight": weight})
    write_table(path, pa.Table.from_pandas(cells, preserve_index=False))


def wrapped(lon: np.ndarray) -> np.ndarray:
    """Longitudes brought into [-180, 180)."""
    return np.asarray((lon + 180.0) % 360.0 - 180.0)


def _boxes(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """By country: `middle` (a longitude of one of its points), and bounds of longitude minus that, and of latitude.

    Longitudes are measured from one point of the country, so that a country across 180 degrees has one small box.
    """
    boxes = pd.DataFrame(columns=BOX, dtype="float64")
    for part in parts:
        fresh = part.drop_duplicates("country_iso").set_index("country_iso")["lon_deg"]
        middle = boxes["middle"].combine_first(fresh)
        off = wrapped(part["lon_deg"].to_numpy() - part["country_iso"].map(middle).to_numpy(np.float64))
        grouped = part.assign(off=off).groupby("country_iso", observed=True)
        found = grouped.agg(
            west=("off", "min"), east=("off", "max"), south=("lat_deg", "min"), north=("lat_deg", "max")
        )
        both = pd.concat([boxes.drop(columns="middle"), found]).groupby(level=0)
        boxes = both.agg({"west": "min", "east": "max", "south": "min", "north": "max"}).assign(middle=middle)
    return boxes


def _cells(part: pd.DataFrame, boxes: pd.DataFrame) -> pd.DataFrame:
    lon, lat = part["lon_deg"].to_numpy(), part["lat_deg"].to_numpy()
    # Text by its code: as strings, the rows would cost five times the rest.
    keys = part[["country_iso", "tzid", "weight"]].astype({"country_iso": "category", "tzid": "category"})
    country = keys["country_iso"].cat
    box = boxes.reindex(country.categories).iloc[country.codes]
    middle, west, east, south, north = (box[name].to_numpy() for name in BOX)
    world = keys.assign(
        grid="world",
        lon_deg=np.floor(lon / WORLD_CELL) * WORLD_CELL + WORLD_CELL / 2,
        lat_deg=np.floor(lat / WORLD_CELL) * WORLD_CELL + WORLD_CELL / 2,
    )
    local = keys.assign(
        grid="local",
        lon_deg=wrapped(middle + _centre(wrapped(lon - middle), west, east)),
        lat_deg=_centre(lat, south, north),
    )
    return pd.concat([_summed(world), _summed(local)]).astype({"country_iso": str, "tzid": str})


def _centre(value: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Centre of the cell of each value, of `LOCAL_CELLS` cells between `low` and `high`."""
    width = np.maximum((high - low) / LOCAL_CELLS, 1e-9)
    cell = np.clip(np.floor((value - low) / width), 0, LOCAL_CELLS - 1)
    return np.asarray(low + (cell + 0.5) * width)


def _summed(cells: pd.DataFrame) -> pd.DataFrame:
    rounded = cells.round({"lon_deg": 6, "lat_deg": 6})
    return rounded.groupby(COLUMNS[:-1], observed=True)[["weight"]].sum().reset_index()
