"""Countries that hold a run back, by failure mechanism, and what may still be corrected (certification.md P3)."""

from typing import Any

import pandas as pd

from scripts.scoring.governance_metrics import s1_rates, violations
from scripts.scoring.metrics import SINGLE_ZONE_SHARE

MECHANISMS = ("fallback", "override", "leakage", "concentration")
NOTHING = {"fallback_count": 0, "fallback_by_country": {}, "override_by_country": {}}  # of a seed that S1 did not count


def watch_rows(seeds: dict[int, dict], tables: dict[int, pd.DataFrame], limits: dict[str, Any]) -> list[dict[str, Any]]:
    """One row per country and mechanism: seeds, worst value, sites; governance blockers first, then by sites.

    `seeds` are the seeds' metrics, `tables` their country tables (empty where withheld; S1's counts stand).
    """
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for seed in sorted(seeds):
        for country, mechanism, value, sites, blocking in _of_seed(seeds[seed], tables[seed], limits):
            row = rows.setdefault(
                (country, mechanism),
                {
                    "country_iso": country,
                    "mechanism": mechanism,
                    "blocking": False,
                    "worst": 0.0,
                    "sites": 0,
                    "seeds": [],
                },
            )
            row["blocking"] |= blocking
            row["worst"] = max(row["worst"], value)
            row["sites"] = max(row["sites"], sites)
            row["seeds"].append(seed)
    order = sorted(
        rows.values(),
        key=lambda row: (
            not row["blocking"],
            MECHANISMS.index(row["mechanism"]),
            -row["sites"],
            row["country_iso"],
        ),
    )
    return [{"rank": rank} | row | {"seeds": ";".join(map(str, row["seeds"]))} for rank, row in enumerate(order, 1)]


def _of_seed(metrics: dict, table: pd.DataFrame, limits: dict[str, Any]):
    governance = metrics["s1_governance"] or NOTHING
    above_cap = violations(governance, limits, "b")
    for country, entry in governance["fallback_by_country"].items():
        yield country, "fallback", entry["fallback_rate"], entry["sites_total"], country in above_cap
    # The cap on overrides is one for all countries: where it is exceeded, each of them holds the seed back.
    rates = s1_rates(governance, metrics["s1_sites_total"] or 0)
    over_budget = rates["override_rate"] > metrics["thresholds"]["override_rate"]["b"]
    for country, entry in governance["override_by_country"].items():
        yield country, "override", entry["override_rate"], entry["sites_total"], over_budget
    cap = limits["gates"]["c_multi_median_top1_share"]["b"]
    for row in table.to_dict("records"):
        top = row["top1_share"]
        if row["out_of_support_share"] > 0:
            yield row["country_iso"], "leakage", row["out_of_support_share"], row["site_count"], False
        if (row["is_c_multi"] and top > cap) or (row["is_c_large"] and top >= SINGLE_ZONE_SHARE):
            yield row["country_iso"], "concentration", top, row["site_count"], False


def budgets(seeds: dict[int, dict], limits: dict[str, Any]) -> dict[str, Any]:
    """Rows that each mechanism may use per seed, and how many it used.

    The budget is the cap's: it is never raised. Concentration has none, as redistribution is prohibited.
    """
    found: dict[str, Any] = {}
    for seed, metrics in sorted(seeds.items()):
        governance = metrics["s1_governance"]
        if not governance:
            found[str(seed)] = {"status": "not_computable", "reason": "S1 reported no governance"}
            continue
        rate = governance["rates"]["fallback_rate"]
        total = metrics["s1_sites_total"]
        used = {
            "fallback": governance["fallback_count"],
            "override": sum(entry["overrides_total"] for entry in governance["override_by_country"].values()),
        }
        found[str(seed)] = {
            "sites_total": total,
            "fallback_rate": rate,
            **{
                name: {
                    grade: {
                        "rows_allowed": int(limits["gates"][f"{name}_rate"][grade] * total),
                        "rows_left": int(limits["gates"][f"{name}_rate"][grade] * total) - rows,
                    }
                    for grade in ("b", "bplus")
                }
                | {"rows_used": rows}
                for name, rows in used.items()
            },
            "concentration": {"rows_allowed": 0, "why": "sites are not redistributed (certification.md §1)"},
        }
    return found
