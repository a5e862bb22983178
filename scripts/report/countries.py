"""Countries of a run: one row a country and seed, the zones its sites lie in, and what it holds back."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from scripts.report.run_evidence import Run, Seed

BEHIND = {
    "c_multi_share_distinct_ge2": "diversity",
    "c_multi_median_top1_share": "biggest zone",
    "c_multi_median_top1_top2_gap": "gap",
    "c_multi_median_entropy_norm": "evenness",
    "c_large_share_top1_lt_095": "large",
    "leakage": "zones of others",
}
NUMBERS = (
    "site_count",
    "tz_world_support_count",
    "distinct_tzid_count",
    "top1_share",
    "top1_top2_gap",
    "entropy_norm",
    "out_of_support_share",
)


@dataclass(frozen=True)
class Share:
    """One zone's share of a country's sites (or people)."""

    tzid: str
    share: float
    own: bool  # the zone belongs to the country
    colour: int


@dataclass(frozen=True)
class Rule:
    """What was changed by hand or guessed in a country."""

    mechanism: str
    rule: str
    count: int
    reason: str


@dataclass(frozen=True)
class CountryRow:
    """One country on one seed. `numbers` are the columns of the country diagnostics; `behind` names what it fails."""

    iso: str
    seed: int
    cohort: str
    top1_tzid: str
    numbers: dict[str, float]
    own_zones_shown: int
    behind: list[str]
    shares: list[Share]
    rules: list[Rule]
    source: str


def country_rows(run: Run, seed: Seed, colours: dict[str, dict[str, int]]) -> list[CountryRow]:
    """Rows of one seed, most sites first. `colours` are classes of zones by country."""
    gates = run.certificate.data["thresholds"]["gates"]
    zones = zone_shares(seed.zones.rows, colours)
    audit = {str(iso): part for iso, part in seed.audit.rows.groupby("country_iso", sort=False)}
    ordered = seed.countries.rows.sort_values(["site_count", "country_iso"], ascending=[False, True], kind="stable")
    rows = []
    for row in ordered.to_dict("records"):
        iso = str(row["country_iso"])
        shares = zones.get(iso, [])
        rows.append(
            CountryRow(
                iso=iso,
                seed=seed.number,
                cohort=_cohort(row),
                top1_tzid=str(row["top1_tzid"]),
                numbers={name: row[name] for name in NUMBERS},
                own_zones_shown=sum(share.own for share in shares),
                behind=behind(row, gates),
                shares=shares,
                rules=_rules(audit[iso]) if iso in audit else [],
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


def behind(row: dict[Any, Any], gates: dict[str, Any]) -> list[str]:
    """Gates that this country pulls below B, by name, and `leakage` where sites lie in zones of other countries."""
    failed = []
    if row["is_c_multi"]:
        failed += ["c_multi_share_distinct_ge2"] if row["distinct_tzid_count"] < 2 else []
        failed += ["c_multi_median_top1_share"] if row["top1_share"] > gates["c_multi_median_top1_share"]["b"] else []
        gap = gates["c_multi_median_top1_top2_gap"]["b"]
        failed += ["c_multi_median_top1_top2_gap"] if row["top1_top2_gap"] > gap else []
        least = gates["c_multi_median_entropy_norm"]["b"]
        failed += ["c_multi_median_entropy_norm"] if row["entropy_norm"] < least else []
    if row["is_c_large"] and row["top1_share"] >= 0.95:
        failed.append("c_large_share_top1_lt_095")
    return [*failed, *(["leakage"] if row["out_of_support_share"] > 0 else [])]


def _cohort(row: dict[Any, Any]) -> str:
    return str(row["cohort"]) + (" C_large" if row["is_c_large"] else "")


def _rules(audit: pd.DataFrame) -> list[Rule]:
    return [
        Rule(str(row["mechanism"]), str(row["rule"]), int(row["count"]), str(row["reason_code"]))
        for row in audit.to_dict("records")
    ]


def deciding(run: Run, people: dict[str, dict[str, Any]]) -> list[str]:
    """Countries of C_multi on any seed: those first whose sites stand most in one zone beyond where people live."""
    excess: dict[str, float] = {}
    for seed in run.published.values():
        table = seed.countries.rows
        for row in table[table["is_c_multi"]].to_dict("records"):
            iso = str(row["country_iso"])
            lived = people.get(iso, {"top1_share": 1.0})["top1_share"]
            value = max(0.0, row["top1_share"] - lived) * row["tz_world_support_count"]
            excess[iso] = max(excess.get(iso, 0.0), value)
    return sorted(excess, key=lambda iso: (-excess[iso], iso))


def leaking(run: Run) -> list[str]:
    """Countries with one zone of their own that show others: no gate counts them. Most sites first."""
    sites: dict[str, int] = {}
    for seed in run.published.values():
        table = seed.countries.rows
        found = table[(table["out_of_support_share"] > 0) & (table["tz_world_support_count"] < 2)]
        for row in found.to_dict("records"):
            away = round(row["site_count"] * row["out_of_support_share"])
            sites[str(row["country_iso"])] = max(sites.get(str(row["country_iso"]), 0), away)
    return sorted(sites, key=lambda iso: (-sites[iso], iso))
