"""Diagnostics of one seed that do not gate: share matrix, spatial coupling, concentration (certification.md §7)."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from scripts.scoring.metrics import available, unavailable
from scripts.states.countries import COUNTRIES
from scripts.states.ladder import EARTH_RADIUS_M
from scripts.states.overrides import OverrideRow

Points = Iterable[tuple[np.ndarray, np.ndarray, np.ndarray]]


def share_matrix(counts: pd.DataFrame, countries: int = 20, tzids: int = 14) -> pd.DataFrame:
    """Share of each of the largest `countries` in each of the largest `tzids` and in OTHER; rows sum to 1.

    `counts` has country_iso, tzid, sites. Columns: country_iso, site_count, then tzids by falling size, then OTHER.
    """
    sites = counts.groupby(["country_iso", "tzid"])["sites"].sum().unstack(fill_value=0)
    rows = _largest(sites.sum(axis=1), countries)
    columns = _largest(sites.sum(axis=0), tzids)
    part = sites.loc[rows, columns].copy()
    total = sites.loc[rows].sum(axis=1)
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
    return np.sqrt(squares / np.maximum(number, 1))


def spearman(dispersion: pd.Series, diversity: pd.Series) -> dict[str, Any]:
    """Spearman's rho with average ranks for ties, its p value and n."""
    if len(dispersion) < 3:
        return unavailable(f"{len(dispersion)} countries; a rank correlation needs three")
    if dispersion.nunique() < 2 or diversity.nunique() < 2:
        return unavailable("one of the two quantities is the same in every country")
    rho, p = stats.spearmanr(dispersion.to_numpy(), diversity.to_numpy())
    return available(rho, len(dispersion)) | {"p": float(p)}


def coupling(table: pd.DataFrame, expected_rho: dict[str, float], min_sites: int = 30) -> dict[str, Any]:
    """Spearman coupling of `dispersion_km` with H (`entropy_nats`) and with k (`distinct_tzid_count`).

    `expected_rho` is reported by grade and does not gate.
    """
    found = {}
    large = table[table["site_count"] >= min_sites]
    for cohort, part in (("all", large), ("C_multi", large[large["is_c_multi"]])):
        for name in ("entropy_nats", "distinct_tzid_count"):
            found[f"{cohort}:{name}"] = spearman(part["dispersion_km"], part[name])
    return {"min_sites": min_sites, "expected_rho": expected_rho, "gated": False, "rho": found}


def gini(values: np.ndarray) -> float:
    """Gini coefficient G = 2 sum(i x_i) / (n sum x) - (n + 1) / n over ascending x, float64 [n]."""
    ordered = np.sort(np.asarray(values, np.float64))
    n = len(ordered)
    return float(2 * (np.arange(1, n + 1) * ordered).sum() / (n * ordered.sum()) - (n + 1) / n)


def concentration(table: pd.DataFrame) -> dict[str, Any]:
    """Gini of top-1 shares and mean HHI, over all countries and over C_multi."""
    found = {}
    for cohort, part in (("all", table), ("C_multi", table[table["is_c_multi"]])):
        if part.empty:
            found[cohort] = {"gini_top1_share": unavailable("no countries"), "mean_hhi": unavailable("no countries")}
            continue
        found[cohort] = {
            "gini_top1_share": available(gini(part["top1_share"].to_numpy()), len(part)),
            "mean_hhi": available(part["hhi"].mean(), len(part)),
        }
    note = "top-1 shares are nearly all 1, so Gini is small and rises when countries diversify: judge by mean HHI"
    return found | {"note": note}


def audit_rows(state: dict[str, dict], overrides: list[OverrideRow], owner: str) -> list[dict[str, Any]]:
    """Per affected country, mechanism and rule: count, rate, reason code, owner, approver, expiry (§9).

    `state` holds the S1 and S2 reports; S1's counts stand also when the seed failed. `overrides` are the policy rows.
    """
    governance = state["S1"].get("governance", {})
    by_rule = state["S2"].get("governance", {}).get("override_by_rule", [])
    rows = []
    for country, entry in governance.get("fallback_by_country", {}).items():
        for mechanism in ("within", "outside"):
            count = entry[f"fallback_{mechanism}_threshold"]
            if count:
                rows.append(
                    {
                        "country_iso": country,
                        "mechanism": f"fallback_{mechanism}_threshold",
                        "rule": "nearest polygon of the country",
                        "count": count,
                        "rate": count / entry["sites_total"],
                        "reason_code": "BORDER_AMBIGUOUS",
                        "owner": owner,
                    }
                )
    for country, entry in governance.get("preferred_by_country", {}).items():
        rows.append(
            {
                "country_iso": country,
                "mechanism": "border_preference",
                "rule": "the one covering zone of the country",
                "count": entry["preferred_total"],
                "rate": entry["preferred_rate"],
                "reason_code": "BORDER_OVERLAP",
                "owner": owner,
            }
        )
    for country, entry in governance.get("override_by_country", {}).items():
        touching = [row for row in overrides if _touches(row, country)]
        counted = {rule["rule"]: rule["count"] for rule in by_rule if rule["country_iso"] == country}
        parts = [([row], counted[row.rule]) for row in touching if row.rule in counted]
        # Without a count by rule, as S2 did not run, one row says which rules it can have been.
        rows += [_override_row(country, entry, *part) for part in parts or [(touching, entry["overrides_total"])]]
    return sorted(rows, key=lambda row: (row["country_iso"], row["mechanism"], row["rule"]))


def _override_row(country: str, entry: dict[str, Any], rules: list[OverrideRow], count: int) -> dict[str, Any]:
    return {
        "country_iso": country,
        "mechanism": "override",
        "rule": " or ".join(row.rule for row in rules),
        "count": count,
        "rate": count / entry["sites_total"],
        **{
            name: _joined(getattr(row, name) or "" for row in rules) for name in ("reason_code", "owner", "approved_by")
        },
        "expiry": _joined(row.expiry_yyyy_mm_dd or "none" for row in rules),
    }


def _touches(row: OverrideRow, country: str) -> bool:
    return row.scope == "mcc" or (row.target if row.scope == "country" else row.target.split("|")[1]) == country


def _joined(values: Iterable[str]) -> str:
    return ";".join(dict.fromkeys(value for value in values if value))
