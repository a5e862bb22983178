"""Where people live in the countries of a run: zones, shares and spread, from the cells that the maps draw."""

from typing import Any

import numpy as np
import pandas as pd

EARTH_RADIUS_KM = 6371.0088


def people(places: pd.DataFrame, countries: list[str]) -> dict[str, dict[str, Any]]:
    """By country: `zones` (share of the population by tzid), `top1_share`, `zones_with_people`, `spread_km`.

    Countries without populated places are left out.
    """
    local = places[(places["grid"] == "local") & places["country_iso"].isin(countries)]
    return {str(country): _country(cells) for country, cells in local.groupby("country_iso", sort=True)}


def _country(cells: pd.DataFrame) -> dict[str, Any]:
    total = float(cells["population"].sum())
    shares = (cells.groupby("tzid")["population"].sum() / total).sort_values(ascending=False, kind="stable")
    return {
        "zones": {str(zone): float(share) for zone, share in shares.items()},
        "top1_share": float(shares.iloc[0]),
        "zones_with_people": len(shares),
        "spread_km": spread_km(cells["lon_deg"], cells["lat_deg"], cells["population"]),
    }


def spread_km(lon: pd.Series, lat: pd.Series, weight: pd.Series) -> float:
    """Weighted RMS great-circle distance to the weighted mean point in km, rounded to metres, of (N,) degrees."""
    east, north = np.radians(lon.to_numpy(np.float64)), np.radians(lat.to_numpy(np.float64))
    vectors = np.column_stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)])
    part = weight.to_numpy(np.float64) / float(weight.sum())
    middle = (vectors * part[:, None]).sum(axis=0)
    chord = np.linalg.norm(vectors - middle / np.linalg.norm(middle), axis=1)
    angle = 2 * np.arcsin(np.clip(chord / 2, 0, 1))
    return round(float(np.sqrt((part * (EARTH_RADIUS_KM * angle) ** 2).sum())), 3)
