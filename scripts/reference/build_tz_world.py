"""Zone polygons from the data package or from the user's own release, as one sorted GeoParquet table."""

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from scripts.lib.errors import UsageError
from scripts.reference.release_file import PACKAGE, check_pinned
from scripts.reference.tz_world import read_tz_world, write_tz_world

PACKAGE_SCALE = 1e7
EMPTY = {"type": "MultiPolygon", "coordinates": []}
MALFORMED = (ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile, shapely.errors.ShapelyError)


def read_packaged() -> tuple[list[str], np.ndarray]:
    """`(tzids, polygons)`, both (P,), of the installed data package, unsimplified and with oceans."""
    from timezonefinder import TimezoneFinder

    finder = TimezoneFinder(in_memory=True)
    polygons = []
    for number in range(finder.nr_of_polygons):
        # Dividing the stored integers gives the very doubles that parsing the release's decimal text gives.
        holes = [finder.holes.coords_of(hole).T / PACKAGE_SCALE for hole in finder.holes.ids_of(number)]
        polygons.append(shapely.Polygon(finder.coords_of(number).T / PACKAGE_SCALE, holes))
    return [finder.timezone_names[zone] for zone in finder.zone_ids], np.array(polygons)


def packaged_release() -> str:
    """Release tag of the polygons in the data package, for example `2026c`."""
    from timezonefinder import TimezoneFinder

    return TimezoneFinder().data_version


def _refusal(message: str) -> UsageError:
    return UsageError(
        message,
        where="reference.tz_world in config/config.yaml",
        action=f"Name a complete release there (GeoJSON, zip or GeoParquet), or `{PACKAGE}` and its release.",
    )


def read_release(path: str | Path) -> tuple[list[str], np.ndarray]:
    """`(tzids, polygons)`, both (P,), of a release file: `.parquet`, `.geojson`, `.json`, or a `.zip` of GeoJSON."""
    path = Path(path)
    try:
        if path.suffix == ".parquet":
            tzids, geoms = read_tz_world(path)
        else:
            tzids, geoms = _features(json.loads(_geojson_text(path)))
        parts, row = shapely.get_parts(geoms, return_index=True)
    except MALFORMED as problem:
        raise _refusal(f"{path.name} is not a tz_world release: {type(problem).__name__}: {problem}") from None
    if lost := sorted(set(np.delete(tzids, row).tolist())):
        raise _refusal(f"{path.name}: no geometry for {', '.join(lost)}")
    return tzids[row].tolist(), parts


def _geojson_text(path: Path) -> bytes:
    if path.suffix in (".json", ".geojson"):
        return path.read_bytes()
    if path.suffix != ".zip":
        raise ValueError(f"expected .parquet, .geojson, .json or .zip, not {path.suffix!r}")
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith((".json", ".geojson"))]
        if len(names) != 1:
            raise ValueError(f"expected one GeoJSON file in the archive, found {names}")
        return archive.read(names[0])


def _features(collection: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    crs = collection.get("crs", {}).get("properties", {}).get("name", "CRS84")
    if not crs.endswith(("CRS84", "EPSG::4326", "EPSG:4326")):
        raise ValueError(f"crs {crs} is not WGS84, reproject it to EPSG:4326")
    features = collection["features"]
    geoms = np.empty(len(features), dtype=object)
    geoms[:] = [shapely.geometry.shape(feature["geometry"] or EMPTY) for feature in features]
    return np.array([feature["properties"]["tzid"] for feature in features], dtype=str), geoms


def check_polygons(tzids: Sequence[str], geoms: np.ndarray) -> None:
    """Raise `UsageError` naming every zone with an empty, non-polygonal, invalid or out-of-range geometry.

    A ring that touches itself in a point is accepted: inside and outside stay well defined.
    """
    if not len(geoms):
        raise _refusal("the tz_world release holds no polygon")
    problems: dict[str, str] = {}
    bounds = shapely.bounds(geoms)
    within = (bounds[:, :2] >= (-180, -90)) & (bounds[:, 2:] <= (180, 90))
    outside = np.asarray(~within.all(axis=1))  # an empty one too, whose bounds are no numbers
    for row in np.flatnonzero(~shapely.is_valid(geoms) | shapely.is_empty(geoms) | outside).tolist():
        reason = "empty geometry" if geoms[row].is_empty else shapely.is_valid_reason(geoms[row])
        if outside[row] or not reason.startswith("Ring Self-intersection"):
            problems.setdefault(tzids[row], "outside lon ±180, lat ±90" if reason == "Valid Geometry" else reason)
    for row in np.flatnonzero(shapely.get_type_id(geoms) != shapely.GeometryType.POLYGON).tolist():
        problems.setdefault(tzids[row], f"{geoms[row].geom_type} instead of Polygon")
    if problems:
        listing = "; ".join(f"{tzid}: {reason}" for tzid, reason in sorted(problems.items()))
        raise _refusal(f"polygons of {len(problems)} zones cannot be used: {listing}")


def main(*, tz_world: str, source: str, sha256: str, release: str) -> None:
    if source == PACKAGE:
        if release != (held := packaged_release()):
            raise _refusal(f"the data package holds tz_world {held}, the config asks for {release}")
        tzids, geoms = read_packaged()
    else:
        check_pinned("tz_world", source, sha256)
        tzids, geoms = read_release(source)
    check_polygons(tzids, geoms)
    write_tz_world(tz_world, np.array(tzids), geoms, release)


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
