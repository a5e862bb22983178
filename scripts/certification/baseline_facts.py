"""The published baseline against ours: every stated fact with match, differs or unknown (baseline-facts.md §1-3)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from scripts.lib.contracts import load_yaml
from scripts.lib.files import read_json, write_json
from scripts.lib.published import is_withheld
from scripts.lib.text_tables import write_csv
from scripts.scoring.country_table import country_table

KEY = ["merchant_id", "legal_country_iso", "site_order"]
S1_COLUMNS = [*KEY, "lat_deg", "lon_deg", "tzid_provisional", "override_applied"]
S2_COLUMNS = [*KEY, "tzid", "tzid_source", "override_scope", "nudge_lat_deg"]
KM_PER_DEGREE = 111.32
FLOOR_KM2 = 1e-4


@dataclass(frozen=True)
class Run:
    """One run: `s1`, `s2` frames with `S1_COLUMNS`, `S2_COLUMNS`, and the two states' run reports."""

    s1: pd.DataFrame
    s2: pd.DataFrame
    s1_report: dict[str, Any]
    s2_report: dict[str, Any]

    @cached_property
    def zones(self) -> "pd.Series[int]":
        """Sites by country and tzid."""
        return self.s2.groupby(["legal_country_iso", "tzid"]).size()

    @cached_property
    def tzids(self) -> "pd.Series[int]":
        """Sites by tzid, most first, ties by name."""
        return self.s2.groupby("tzid").size().sort_values(ascending=False, kind="stable")

    @cached_property
    def extents(self) -> pd.DataFrame:
        """Where each country's sites lie, in degrees: west, east, south, north, and the mean latitude of its sites."""
        by = self.s1.groupby("legal_country_iso")
        edges = {"west": ("lon_deg", "min"), "east": ("lon_deg", "max")}
        return by.agg(**edges, south=("lat_deg", "min"), north=("lat_deg", "max"), mean_lat=("lat_deg", "mean"))

    @cached_property
    def countries(self) -> pd.DataFrame:
        """The quantities of each country; its own zones are those that its sites show."""
        counts = self.zones.rename("sites").rename_axis(["country_iso", "tzid"]).reset_index()
        return country_table(counts, counts[["country_iso", "tzid"]]).set_index("country_iso")


def _rows(run: Run, of: str) -> int:
    counts = {"site_locations": run.s1_report["counts"]["sites_total"], "s1_tz_lookup": len(run.s1)}
    return int(counts.get(of, len(run.s2)))


def _unjoined(run: Run) -> int:
    both = run.s1[KEY].merge(run.s2[KEY], how="outer", on=KEY, indicator=True)
    return int((both["_merge"] != "both").sum())


def _countries_with_tzids(run: Run, of: str) -> int:
    tzids, least = run.zones.groupby(level=0).size(), int(of.removesuffix("+"))
    return int((tzids >= least if of.endswith("+") else tzids == least).sum())


def _override_pair(run: Run, of: str) -> int:
    country, tzid = of.split()
    rows = run.s2[run.s2["tzid_source"] == "override"]
    return int(((rows["legal_country_iso"] == country) & (rows["tzid"] == tzid)).sum())


def _tzid_changes(run: Run) -> int:
    both = run.s1.merge(run.s2, on=KEY)
    return int((both["tzid_provisional"] != both["tzid"]).sum())


def _bbox_km2(run: Run, of: str) -> float:
    west, east, south, north, _ = map(float, run.extents.loc[of])
    width = (east - west) * KM_PER_DEGREE * np.cos(np.radians((south + north) / 2))
    return max(float((north - south) * KM_PER_DEGREE * width), FLOOR_KM2)


def _fallbacks(run: Run) -> int:
    counts = run.s1_report["counts"]
    return int(counts["fallback_nearest_within_threshold"] + counts["fallback_nearest_outside_threshold"])


# Measures of the whole run, and measures of one country, zone, or "country zone".
WHOLE: dict[str, Callable[[Run], Any]] = {
    "seed": lambda run: run.s2_report["seed"],
    "fingerprint": lambda run: run.s2_report["manifest_fingerprint"],
    "unjoined": _unjoined,
    "distinct_tzids": lambda run: len(run.tzids),
    "countries": lambda run: run.s2["legal_country_iso"].nunique(),
    "tzid_changes": _tzid_changes,
    "nudged_rows": lambda run: int(run.s2["nudge_lat_deg"].notna().sum()),
    "fallback_rows": _fallbacks,
    "fallback_rate": lambda run: run.s1_report["governance"]["rates"]["fallback_rate"],
    "override_rate": lambda run: run.s2_report["governance"]["rates"]["override_rate"],
}
PART: dict[str, Callable[[Run, str], Any]] = {
    "rows": _rows,
    "key_duplicates": lambda run, of: int((run.s1 if of == "s1_tz_lookup" else run.s2).duplicated(KEY).sum()),
    "countries_with_tzids": _countries_with_tzids,
    "source_rows": lambda run, of: int((run.s2["tzid_source"] == of).sum()),
    "scope_rows": lambda run, of: int((run.s2["override_scope"] == of).sum()),
    "override_pair_rows": _override_pair,
    "applied_rows": lambda run, of: int((run.s1["override_applied"] == (of == "true")).sum()),
    "nudged_country_rows": lambda run, of: int(run.s2.loc[run.s2["legal_country_iso"] == of, "nudge_lat_deg"].count()),
    "tzid_sites": lambda run, of: int(run.tzids.get(of, 0)),
    "tzid_rank": lambda run, of: [*run.tzids.index].index(of) + 1 if of in run.tzids else None,
    "country_sites": lambda run, of: int(run.zones.xs(of).sum()),
    "country_tzids": lambda run, of: len(run.zones.xs(of)),
    "pair_sites": lambda run, of: int(run.zones.get(tuple(of.split()), 0)),
    "top1_share": lambda run, of: float(run.countries["top1_share"][of]),
    "gap": lambda run, of: float(run.countries["top1_top2_gap"][of]),
    "entropy_observed": lambda run, of: float(run.countries["entropy_norm"][of]),
    "lat_span": lambda run, of: float(run.extents["north"][of] - run.extents["south"][of]),
    "lon_span": lambda run, of: float(run.extents["east"][of] - run.extents["west"][of]),
    "west": lambda run, of: float(run.extents["west"][of]),
    "east": lambda run, of: float(run.extents["east"][of]),
    "mean_lat": lambda run, of: float(run.extents["mean_lat"][of]),
    "bbox_km2": _bbox_km2,
}


def measured(run: Run, measure: str, of: str | None) -> Any:
    """Our value of a fact, or None where it cannot be told: no rows (withheld dataset), no such country or zone."""
    if measure == "none" or run.s1.empty or run.s2.empty:
        return None
    try:
        return WHOLE[measure](run) if of is None else PART[measure](run, of)
    except KeyError:
        if measure not in (WHOLE if of is None else PART):
            raise
        return None


def fact_rows(run: Run, facts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row a fact: `fact, published, ours, status, grade, source, why`."""
    rows = []
    for fact in facts:
        values = fact.get("values", {None: fact.get("value")})
        for key, published in values.items():
            of = None if key is None else str(key)
            ours = measured(run, fact["measure"], of)
            within = fact.get("within", 0) + fact.get("within_share", 0) * (published if "within_share" in fact else 0)
            rows.append(
                {
                    "fact": fact["text"].format(of=of),
                    "published": published,
                    "ours": ours,
                    "status": status(published, ours, within),
                    "grade": fact["grade"],
                    "source": fact["source"],
                    "why": fact.get("why", ""),
                }
            )
    return rows


def status(published: Any, ours: Any, within: float) -> str:
    """`unknown` without a value of ours, else `match` or `differs`; numbers match up to `within`, inclusive."""
    if ours is None:
        return "unknown"
    if isinstance(published, str):
        return "match" if published == ours else "differs"
    # The printed tolerance is decimal, the difference binary: a hair more lets a value on the limit pass.
    return "match" if abs(published - ours) <= within * (1 + 1e-9) + 1e-12 else "differs"


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Counts by grade and status, and the share of stated (M) facts that match among those that could be measured."""
    table = pd.DataFrame(rows)
    counts = table.groupby(["grade", "status"]).size()
    stated = table[(table["grade"] == "M") & (table["status"] != "unknown")]
    return {
        "by_grade": {grade: counts[grade].to_dict() for grade in sorted(table["grade"].unique())},
        "stated_facts_measured": len(stated),
        "stated_facts_match_share": float((stated["status"] == "match").mean()) if len(stated) else None,
    }


def _frame(path: str, columns: list[str]) -> pd.DataFrame:
    if is_withheld(path):
        return pd.DataFrame(columns=columns)
    frame: pd.DataFrame = pq.read_table(path, columns=columns).to_pandas()
    return frame.astype({name: object for name in columns if isinstance(frame[name].dtype, pd.CategoricalDtype)})


def main(
    *, site_timezones: str, s1_tz_lookup: str, s1_report: str, s2_report: str, facts: str, out_csv: str, out_json: str
) -> None:
    frames = _frame(s1_tz_lookup, S1_COLUMNS), _frame(site_timezones, S2_COLUMNS)
    rows = fact_rows(Run(*frames, read_json(s1_report), read_json(s2_report)), load_yaml(facts)["published_facts"])
    # Values are numbers and texts by turns: as objects they are written as they are, 42 not 42.0.
    write_csv(out_csv, pd.DataFrame(rows, dtype=object))
    write_json(out_json, {"summary": summary(rows), "facts": rows})


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
