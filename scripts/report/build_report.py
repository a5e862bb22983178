"""The verdict page: one self-contained HTML file, every number taken from the certificate and its evidence."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import shapely

from scripts.lib.errors import reason_codes
from scripts.lib.files import write_json, write_text
from scripts.report.country_maps import Borders
from scripts.report.evidence import open_run
from scripts.report.page import Page, render
from scripts.scoring.diagnostics import unit_vectors
from scripts.states.ladder import EARTH_RADIUS_M


def main(
    *,
    map_zones: str,
    captions: list[str],
    project: str,
    report: str,
    report_data: str,
    world_map: str,
    country_maps: str,
    releases: dict[str, str],
    **evidence: Any,
) -> None:
    """`evidence` goes to `open_run` as it is."""
    run = open_run(report, **evidence)
    lived = people(run.places, run.countries)
    write_json(report_data, {"run": run.certificate.data["run"], "people": lived})
    zones = pq.read_table(map_zones)
    page = Page(
        run=run,
        borders=Borders(np.array(zones["tzid"].to_pylist(), dtype=str), shapely.from_wkb(zones["geom"].to_numpy())),
        people=lived,
        people_link=run.link(report_data),
        codes=reason_codes(),
        captions={Path(path).stem: Path(path).read_text(encoding="utf-8").strip() for path in captions},
        version=tomllib.loads(Path(project).read_text(encoding="utf-8"))["project"]["version"],
        releases=releases,
    )
    for path, drawn in zip((report, world_map, country_maps), render(page), strict=True):
        write_text(path, drawn)


def people(places: pd.DataFrame, countries: list[str]) -> dict[str, dict[str, Any]]:
    """By country: `zones` (share of the population by tzid), `top1_share`, `zones_with_people`, `spread_km`.

    From the cells that the maps draw; countries without populated places are left out.
    """
    local = places[(places["grid"] == "local") & places["country_iso"].isin(countries)]
    found = {}
    for country, cells in local.groupby("country_iso", sort=True):
        lived = cells.groupby("tzid")["population"].sum() / float(cells["population"].sum())
        shares = lived.sort_values(ascending=False, kind="stable")
        found[str(country)] = {
            "zones": {str(zone): float(share) for zone, share in shares.items()},
            "top1_share": float(shares.iloc[0]),
            "zones_with_people": len(shares),
            "spread_km": spread_km(cells["lon_deg"], cells["lat_deg"], cells["population"]),
        }
    return found


def spread_km(lon: pd.Series, lat: pd.Series, weight: pd.Series) -> float:
    """Weighted RMS great-circle distance to the weighted mean point in km, rounded to metres, of (N,) degrees."""
    vectors = unit_vectors(lon.to_numpy(np.float64), lat.to_numpy(np.float64))
    part = weight.to_numpy(np.float64) / float(weight.sum())
    middle = (vectors * part[:, None]).sum(axis=0)
    chord = np.linalg.norm(vectors - middle / np.linalg.norm(middle), axis=1)
    angle = 2 * np.arcsin(np.clip(chord / 2, 0, 1))
    return round(float(np.sqrt((part * (EARTH_RADIUS_M / 1000 * angle) ** 2).sum())), 3)


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
