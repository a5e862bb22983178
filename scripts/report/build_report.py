"""The verdict page: one self-contained HTML file, every number taken from the certificate and its evidence."""

import tomllib
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import shapely

from scripts.lib.errors import reason_codes
from scripts.lib.files import read_json, write_json, write_text
from scripts.report.country_maps import Borders
from scripts.report.page import Captions, Page, Releases, render
from scripts.report.people import people
from scripts.report.run_evidence import open_run, text_of


def main(
    *,
    certification: str,
    freeze_record: str,
    comparison: str,
    watchlist: str,
    seed_metrics: list[str],
    seed_diagnostics: list[str],
    earth_scorecard: list[str],
    s4_reports: list[str],
    country_diagnostics: list[str],
    zone_counts: list[str],
    share_matrix: list[str],
    governance_audit: list[str],
    site_maps: list[str],
    p0_countries: list[str],
    p0_diagnostics: list[str],
    map_zones: str,
    map_places: str,
    country_zones: str,
    sealed_inputs: list[str],
    metrics: str,
    captions: list[str],
    project: str,
    report: str,
    report_data: str,
    world_map: str,
    country_maps: str,
    releases: dict[str, str],
) -> None:
    run = open_run(
        report,
        {
            "certification": certification,
            "freeze_record": freeze_record,
            "comparison": comparison,
            "watchlist": watchlist,
            "map_places": map_places,
            "country_zones": country_zones,
            "metrics": metrics,
        },
        {
            "seed_metrics": seed_metrics,
            "seed_diagnostics": seed_diagnostics,
            "earth_scorecard": earth_scorecard,
            "s4_reports": s4_reports,
            "country_diagnostics": country_diagnostics,
            "zone_counts": zone_counts,
            "share_matrix": share_matrix,
            "governance_audit": governance_audit,
            "site_maps": site_maps,
        },
        {"p0_countries": p0_countries, "p0_diagnostics": p0_diagnostics},
    )
    shown = sorted({str(iso) for seed in run.published.values() for iso in seed.countries.rows["country_iso"]})
    lived = people(run.places, shown)
    write_json(report_data, {"run": run.certificate.data["run"], "people": lived})
    page = Page(
        run=run,
        borders=read_borders(map_zones),
        people=lived,
        people_link=run.link(report_data),
        codes=reason_codes(),
        captions=Captions({Path(path).stem: text_of(path) for path in captions}),
        releases=Releases(
            version=tomllib.loads(text_of(project))["project"]["version"],
            tags=releases,
            sealed=[(run.link(path), read_json(path)) for path in sealed_inputs[:1]],
        ),
    )
    drawn = render(page)
    write_text(report, drawn.html)
    write_text(world_map, drawn.world)
    write_text(country_maps, drawn.countries)


def read_borders(map_zones: str) -> Borders:
    """Zone polygons that were simplified for drawing."""
    table = pq.read_table(map_zones)
    return Borders(np.array(table["tzid"].to_pylist(), dtype=str), shapely.from_wkb(table["geom"].to_numpy()))


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
