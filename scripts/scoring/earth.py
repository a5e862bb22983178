"""What real population would score in the same countries with as many sites, and the best a cohort can reach at all."""

from typing import Any

import numpy as np
import pandas as pd

from scripts.scoring.metrics import available, cohort_metrics, country_table
from scripts.zone_index.index import ZoneIndex, lookup, set_members


def zones_of_places(index: ZoneIndex, places: pd.DataFrame, support: pd.DataFrame) -> tuple[np.ndarray, dict[str, int]]:
    """tzid per place, object [n], from our own lookup, and how many were ambiguous or uncovered.

    Where several zones cover a place its country's own zone wins, then the smaller name; where none does, the
    gazetteer's zone stands.
    """
    own = set(zip(support["country_iso"], support["tzid"], strict=True))
    found = lookup(index, places["lon_deg"].to_numpy(), places["lat_deg"].to_numpy())
    size = index.set_sizes[found]
    tzids = np.array([*index.tzids, ""], dtype=object)
    zone = tzids[np.where(size == 1, found - 1, len(index.tzids))]
    for row in np.flatnonzero(size > 1):
        names = set_members(index, int(found[row]))
        mine = [name for name in names if (places["country_iso"].iat[row], name) in own]
        zone[row] = (mine or names)[0]
    bare = size == 0
    zone[bare] = places["tzid"].to_numpy()[bare]
    return zone, {"places": len(places), "ambiguous": int((size > 1).sum()), "uncovered": int(bare.sum())}


def population_shares(places: pd.DataFrame) -> pd.DataFrame:
    """country_iso, tzid, population: sums over places with columns of the same names."""
    summed = places.groupby(["country_iso", "tzid"], as_index=False)["population"].sum()
    return summed[summed["population"] > 0].reset_index(drop=True)


def draw_counts(shares: pd.DataFrame, sites: dict[str, int], seed: int, draws: int) -> pd.DataFrame:
    """`draws` multinomial samples of each country's sites over its zones: country_iso, draw, tzid, sites.

    Philox keyed by (seed, country): a country's draws do not depend on the others or on the order of rows.
    """
    parts = []
    for country, part in shares.sort_values(["country_iso", "tzid"]).groupby("country_iso"):
        key = [seed, int.from_bytes(f"earth{country}".encode())]
        generator = np.random.Generator(np.random.Philox(key=key))
        weight = part["population"].to_numpy(np.float64)
        counts = generator.multinomial(sites[country], weight / weight.sum(), size=draws)
        zones = part["tzid"].to_numpy()
        parts.append(
            pd.DataFrame(
                {
                    "country_iso": country,
                    "draw": np.repeat(np.arange(draws), len(zones)),
                    "tzid": np.tile(zones, draws),
                    "sites": counts.ravel(),
                }
            )
        )
    whole = pd.concat(parts) if parts else pd.DataFrame(columns=["country_iso", "draw", "tzid", "sites"])
    return whole[whole["sites"] > 0]


def scorecard(
    shares: pd.DataFrame, support: pd.DataFrame, flags: pd.DataFrame, seed: int, draws: int
) -> dict[str, dict[str, Any]]:
    """Every realism metric on Earth: mean over the draws, 95 % interval, and the limit of many sites.

    `flags` has country_iso, site_count, is_c_multi, is_c_large: the cohorts stay those of the seed. Countries of a
    cohort without populated places are left out and named.
    """
    gated = flags[flags["is_c_multi"] | flags["is_c_large"]]
    known = gated[gated["country_iso"].isin(shares["country_iso"])]
    shares = shares[shares["country_iso"].isin(known["country_iso"])]
    drawn = draw_counts(shares, dict(zip(known["country_iso"], known["site_count"], strict=True)), seed, draws)
    by_draw: dict[str, list[float]] = {}
    tables = _tables_by_draw(drawn, support, known, draws)
    for draw in range(draws):
        for name, entry in cohort_metrics(tables[tables["draw"] == draw]).items():
            if entry["status"] == "ok":
                by_draw.setdefault(name, []).append(entry["value"])
    exact = country_table(shares.rename(columns={"population": "sites"}), support)
    limit = cohort_metrics(exact.merge(known[["country_iso", "is_c_multi", "is_c_large"]], on="country_iso"))
    left_out = sorted(set(gated["country_iso"]) - set(known["country_iso"]))
    found = {}
    for name, entry in limit.items():
        values = by_draw.get(name)
        if not values:
            found[name] = entry | {"interval": None, "limit": entry["value"]}
            continue
        low, high = np.quantile(values, [0.025, 0.975])
        found[name] = available(float(np.mean(values)), entry["n"]) | {
            "interval": [float(low), float(high)],
            "limit": entry["value"],
        }
    return {"metrics": found, "countries_without_places": left_out, "draws": draws}


def _tables_by_draw(drawn: pd.DataFrame, support: pd.DataFrame, known: pd.DataFrame, draws: int) -> pd.DataFrame:
    """The country table of every draw, computed at once: draw and country together are the key of a group."""
    keyed = drawn.assign(country_iso=drawn["country_iso"] + "#" + drawn["draw"].astype(str))
    used = support[support["country_iso"].isin(known["country_iso"])]
    repeated = used.loc[used.index.repeat(draws)]
    suffix = np.tile(np.arange(draws).astype(str), len(used))
    table = country_table(keyed, repeated.assign(country_iso=repeated["country_iso"] + "#" + suffix))
    split = table["country_iso"].str.split("#", expand=True)
    table = table.assign(country_iso=split[0], draw=split[1].astype("int64"))
    return table.merge(known[["country_iso", "is_c_multi", "is_c_large"]], on="country_iso")


def ceilings(flags: pd.DataFrame, gates: dict[str, Any]) -> dict[str, float | None]:
    """Best value that the cohort's topology (n sites, K zones per country) allows for every gate.

    The best layout puts a country's sites evenly on its K zones. Governance gates can reach their ideal, 0.
    """
    best = pd.DataFrame([even_spread(row) for row in flags.to_dict("records")], columns=[*flags.columns, *BEST])
    realism = {name: entry["value"] for name, entry in cohort_metrics(best).items()}
    return {name: realism.get(name, 0.0) for name in gates["gates"]}


BEST = ["distinct_tzid_count", "top1_share", "top1_top2_gap", "entropy_norm"]


def even_spread(row: dict[str, Any]) -> dict[str, Any]:
    """`row` (site_count, tz_world_support_count) with the quantities of its most even layout."""
    sites, zones = int(row["site_count"]), int(min(row["tz_world_support_count"], row["site_count"]))
    if zones < 2:
        return row | dict(zip(BEST, (1, 1.0, 1.0, 0.0), strict=True))
    counts = np.full(zones, sites // zones)
    counts[: sites % zones] += 1
    share = counts / sites
    entropy = float(-(share * np.log(share)).sum() / np.log(row["tz_world_support_count"]))
    # With three zones or more the two largest can always be equal: the rest takes the odd site.
    gap = float(share[0] - share[1]) if zones == 2 else 0.0
    return row | dict(zip(BEST, (zones, float(share[0]), gap, entropy), strict=True))
