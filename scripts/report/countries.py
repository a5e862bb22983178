"""Tables by country: the zones its sites lie in, what it holds back, how far it moved from P0."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from scripts.report.evidence import Run, Seed
from scripts.scoring.cohorts import C_LARGE, SINGLE_ZONE_SHARE
from scripts.scoring.metric_value import exact


@dataclass(frozen=True)
class Share:
    """One zone's share of a country's sites (or people)."""

    tzid: str
    share: float
    own: bool  # the zone belongs to the country
    colour: int


@dataclass(frozen=True)
class CountryRow:
    """One country on one seed. `behind` names what it fails, `rules` are its rows of the governance audit."""

    iso: str
    cohort: str
    numbers: dict[Any, Any]  # its row of the country diagnostics
    own_zones_shown: int
    behind: list[str]
    shares: list[Share]
    rules: list[dict[Any, Any]]
    source: str


class Move(NamedTuple):
    """One country of C_multi on one seed: share of its biggest zone at P0 and now."""

    iso: str
    seed: int
    before: float
    after: float


def country_rows(run: Run, seed: Seed, colours: dict[str, dict[str, int]]) -> list[CountryRow]:
    """Rows of one seed, most sites first. `colours` are classes of zones by country."""
    gates = run.certificate.data["thresholds"]["gates"]
    zones = zone_shares(seed.zones.rows, colours)
    audit = {str(iso): part.to_dict("records") for iso, part in seed.audit.rows.groupby("country_iso", sort=False)}
    ordered = seed.countries.rows.sort_values(["site_count", "country_iso"], ascending=[False, True], kind="stable")
    rows = []
    for row in ordered.to_dict("records"):
        iso = str(row["country_iso"])
        shares = zones.get(iso, [])
        rows.append(
            CountryRow(
                iso=iso,
                cohort=f"{row['cohort']} C_large" if row["is_c_large"] else str(row["cohort"]),
                numbers=row,
                own_zones_shown=sum(share.own for share in shares),
                behind=behind(row, {name: gate["b"] for name, gate in gates.items()}),
                shares=shares,
                rules=audit.get(iso, []),
                source=seed.countries.link,
            )
        )
    return rows


def zone_shares(counts: pd.DataFrame, colours: dict[str, dict[str, int]]) -> dict[str, list[Share]]:
    """Shares of every country's zones, largest first. `counts` has country_iso, tzid, sites, in_support."""
    summed = counts.groupby(["country_iso", "tzid", "in_support"], as_index=False)["sites"].sum()
    summed = summed.assign(share=summed["sites"] / summed.groupby("country_iso")["sites"].transform("sum"))
    summed = summed.sort_values(["sites", "tzid"], ascending=[False, True], kind="stable")
    found: dict[str, list[Share]] = {}
    for iso, tzid, own, share in summed[["country_iso", "tzid", "in_support", "share"]].itertuples(index=False):
        colour = colours.get(iso, {}).get(tzid, 0)
        found.setdefault(str(iso), []).append(Share(str(tzid), float(share), bool(own), colour))
    return found


def behind(row: dict[Any, Any], b: dict[str, float]) -> list[str]:
    """Gates that this country pulls below `b`, by name, and `leakage` where sites lie in zones of other countries."""
    multi = {
        "c_multi_share_distinct_ge2": row["distinct_tzid_count"] < 2,
        "c_multi_median_top1_share": row["top1_share"] > b["c_multi_median_top1_share"],
        "c_multi_median_top1_top2_gap": row["top1_top2_gap"] > b["c_multi_median_top1_top2_gap"],
        "c_multi_median_entropy_norm": row["entropy_norm"] < b["c_multi_median_entropy_norm"],
    }
    failed = [name for name, fails in multi.items() if fails and row["is_c_multi"]]
    single = row["is_c_large"] and exact(row["top1_share"]) >= SINGLE_ZONE_SHARE
    failed += [C_LARGE] if single else []
    return failed + (["leakage"] if row["out_of_support_share"] > 0 else [])


def deciding(run: Run, people: dict[str, dict[str, Any]]) -> list[str]:
    """Countries of C_multi on any seed: those first whose sites stand most in one zone beyond where people live."""
    excess = []
    for seed in run.published.values():
        table = seed.countries.rows[seed.countries.rows["is_c_multi"]].set_index("country_iso")
        lived = [people.get(str(iso), {"top1_share": 1.0})["top1_share"] for iso in table.index]
        excess.append((table["top1_share"] - lived).clip(lower=0.0) * table["tz_world_support_count"])
    return _highest_first(excess)


def leaking(run: Run) -> list[str]:
    """Countries outside the cohorts, which no gate counts, with sites in zones of others. Most such sites first."""
    away = []
    for seed in run.published.values():
        table = seed.countries.rows.set_index("country_iso")
        table = table[(table["out_of_support_share"] > 0) & ~(table["is_c_multi"] | table["is_c_large"])]
        away.append((table["site_count"] * table["out_of_support_share"]).round())
    return _highest_first(away)


def _highest_first(by_seed: list[pd.Series]) -> list[str]:
    """Countries, the index of each seed's numbers, by the highest that each has on any seed."""
    if not by_seed:
        return []
    highest = pd.concat(by_seed).groupby(level=0).max()
    return [str(iso) for iso in highest.sort_values(ascending=False, kind="stable").index]


def moves(run: Run) -> list[Move]:
    """Countries that P0 and the run both measure, those that moved most first."""
    found = []
    for number, seed in run.published.items():
        if number in run.p0 and len(run.p0[number].countries.rows):
            old = run.p0[number].countries.rows.set_index("country_iso")["top1_share"]
            table = seed.countries.rows.set_index("country_iso")
            now = table.loc[table["is_c_multi"] & table.index.isin(old.index), "top1_share"]
            found += [Move(str(iso), number, float(old[str(iso)]), float(share)) for iso, share in now.items()]
    return sorted(found, key=lambda move: (-abs(move.after - move.before), move.iso))


def largest_others(seed: Seed) -> dict[str, str]:
    """By country: the largest of its zones that have no column in the share matrix of the seed."""
    counts = seed.zones.rows
    rest = counts[~counts["tzid"].isin(seed.matrix.rows.columns)]
    summed = rest.groupby(["country_iso", "tzid"])["sites"].sum().sort_values(ascending=False, kind="stable")
    largest = summed.reset_index().drop_duplicates("country_iso")
    return dict(zip(largest["country_iso"], largest["tzid"], strict=True))
