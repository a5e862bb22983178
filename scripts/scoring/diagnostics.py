"""Diagnostics of one seed that do not gate: share matrix, spatial coupling, concentration (certification.md §7)."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from scripts.scoring.gates import GRADES, Bands
from scripts.scoring.metric_value import available, unavailable
from scripts.states.ladder import EARTH_RADIUS_M
from scripts.states.site_key import COUNTRIES

Points = Iterable[tuple[np.ndarray, np.ndarray, np.ndarray]]


def share_matrix(counts: pd.DataFrame, countries: int = 20, tzids: int = 14) -> pd.DataFrame:
    """Share of each of the largest `countries` in each of the largest `tzids` and in OTHER; rows sum to 1.

    `counts` has country_iso, tzid, sites. Columns: country_iso, site_count, then tzids by falling size, then OTHER.
    """
    sites = counts.groupby(["country_iso", "tzid"])["sites"].sum().unstack(fill_value=0)
    rows, columns = _largest(sites.sum(axis=1), countries), _largest(sites.sum(axis=0), tzids)
    part, total = sites.loc[rows, columns].copy(), sites.loc[rows].sum(axis=1)
    part["OTHER"] = total - part.sum(axis=1)
    matrix = part.div(total, axis=0)
    matrix.insert(0, "site_count", total)
    return matrix.rename_axis(columns=None).reset_index()


def _largest(sizes: pd.Series, count: int) -> list[str]:
    return sizes.sort_index().sort_values(ascending=False, kind="stable").index[:count].tolist()


def unit_vectors(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Points of the unit sphere, float64 [n, 3], from degrees: ±180 is one meridian here."""
    lon, lat = np.radians(lon), np.radians(lat)
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def centroids(points: Points) -> tuple[np.ndarray, np.ndarray]:
    """Number of points [COUNTRIES] and unit vector of the mean point [COUNTRIES, 3] by country code.

    `points` yields (country code uint16, lon, lat); a country whose points cancel out keeps a zero vector.
    """
    number, total = np.zeros(COUNTRIES, np.int64), np.zeros((COUNTRIES, 3))
    for country, lon, lat in points:
        vectors = unit_vectors(lon, lat)
        number += np.bincount(country, minlength=COUNTRIES)
        for axis in range(3):
            total[:, axis] += np.bincount(country, vectors[:, axis], COUNTRIES)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return number, np.divide(total, length, out=np.zeros_like(total), where=length > 0)


def dispersion_km(points: Points, number: np.ndarray, centroid: np.ndarray) -> np.ndarray:
    """RMS great-circle distance to the centroid in km by country code, float64 [COUNTRIES]; 0 without points."""
    squares = np.zeros(COUNTRIES)
    for country, lon, lat in points:
        chord = np.linalg.norm(unit_vectors(lon, lat) - centroid[country], axis=1)
        angle = 2 * np.arcsin(np.clip(chord / 2, 0, 1))
        squares += np.bincount(country, (EARTH_RADIUS_M / 1000 * angle) ** 2, COUNTRIES)
    return np.asarray(np.sqrt(squares / np.maximum(number, 1)))


def spearman(dispersion: pd.Series, diversity: pd.Series) -> dict[str, Any]:
    """Spearman's rho with average ranks for ties, and its p value; or why there is none."""
    if len(dispersion) < 3:
        return unavailable(f"{len(dispersion)} countries; a rank correlation needs three").to_json()
    if dispersion.nunique() < 2 or diversity.nunique() < 2:
        return unavailable("one of the two quantities is the same in every country").to_json()
    from scipy.stats import spearmanr  # half a second, which the page need not wait that measures spread by this module

    rho, p = spearmanr(dispersion.to_numpy(), diversity.to_numpy())
    return available(rho, len(dispersion)).to_json() | {"p": float(p)}


def coupling(table: pd.DataFrame, expected: Bands, min_sites: int = 30) -> dict[str, Any]:
    """Spearman coupling of `dispersion_km` with H (`entropy_nats`) and with k (`distinct_tzid_count`).

    What is expected is reported by grade and does not gate.
    """
    found = {
        f"{cohort}:{name}": spearman(part["dispersion_km"], part[name])
        for cohort, part in _cohorts(table[table["site_count"] >= min_sites])
        for name in ("entropy_nats", "distinct_tzid_count")
    }
    by_grade = {grade.upper(): expected.threshold(grade) for grade in GRADES}
    return {"min_sites": min_sites, "expected_rho": by_grade, "gated": False, "rho": found}


def _cohorts(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    return [("all", table), ("C_multi", table[table["is_c_multi"]])]


def gini(values: np.ndarray) -> float:
    """Gini coefficient G = 2 sum(i x_i) / (n sum x) - (n + 1) / n over ascending x, float64 [n]."""
    ordered = np.sort(np.asarray(values, np.float64))
    n = len(ordered)
    return float(2 * (np.arange(1, n + 1) * ordered).sum() / (n * ordered.sum()) - (n + 1) / n)


def concentration(table: pd.DataFrame) -> dict[str, Any]:
    """Gini of top-1 shares and mean HHI, over all countries and over C_multi."""
    found: dict[str, Any] = {}
    for cohort, part in _cohorts(table):
        n, nothing = len(part), unavailable("no countries")
        found[cohort] = {
            "gini_top1_share": available(gini(part["top1_share"].to_numpy()), n) if n else nothing,
            "mean_hhi": available(part["hhi"].mean(), n) if n else nothing,
        }
    note = "top-1 shares are nearly all 1, so Gini is small and rises when countries diversify: judge by mean HHI"
    return found | {"note": note}
