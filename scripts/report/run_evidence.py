"""All that the verdict page of one run reads, opened once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from scripts.lib.contracts import load_yaml
from scripts.lib.text_tables import read_csv
from scripts.report.evidence import Document, document, link


@dataclass(frozen=True)
class Table:
    """A CSV of evidence and its link from the page."""

    link: str
    rows: pd.DataFrame


@dataclass(frozen=True)
class Seed:
    """Evidence of one seed; tables of a withheld seed are empty."""

    number: int
    metrics: Document
    diagnostics: Document
    earth: Document
    s4: Document
    countries: Table
    zones: Table
    matrix: Table
    audit: Table
    sites: pd.DataFrame  # cells: country_iso, tzid, grid, lon_deg, lat_deg, sites


@dataclass(frozen=True)
class Before:
    """The same seed at P0."""

    countries: Table
    diagnostics: Document


@dataclass(frozen=True)
class Run:
    """Evidence of one run; `required` is the order in which seeds are shown, `folder` that of the page."""

    page: str
    certificate: Document
    freeze: Document
    comparison: Document
    watchlist: Table
    seeds: dict[int, Seed]
    p0: dict[int, Before]
    places: pd.DataFrame  # cells: country_iso, tzid, grid, lon_deg, lat_deg, population
    support: pd.DataFrame  # country_iso, tzid
    registry: dict[str, Any]

    @property
    def required(self) -> list[int]:
        """The seeds that the certificate asks for."""
        return list(self.certificate.data["required_seeds"])

    @property
    def published(self) -> dict[int, Seed]:
        """Seeds whose zones were published, in required order."""
        return {number: seed for number, seed in self.seeds.items() if seed.metrics.data["sites_total"]}

    @property
    def exempt(self) -> list[tuple[int, str]]:
        """Seed and country of fallback rows that the country cap does not reach, by its least sites and rows."""
        blocks = {number: seed.metrics.data["s1_governance"] or {} for number, seed in self.seeds.items()}
        return [(number, iso) for number, block in blocks.items() for iso in block.get("fallback_country_exempt", {})]

    def link(self, path: str) -> str:
        """The way from the page to a file of the project."""
        return link(path, self.page)


def open_run(page: str, files: dict[str, str], by_seed: dict[str, list[str]], p0: dict[str, list[str]]) -> Run:
    """Read everything. `files` are single files by name; `by_seed` and `p0` have one path a seed, in one order."""

    def table(path: str) -> Table:
        return Table(link(path, page), read_csv(path))

    rows = [dict(zip(by_seed, paths, strict=True)) for paths in zip(*by_seed.values(), strict=True)]
    seeds = [
        Seed(
            number=int(metrics.data["seed"]),
            metrics=metrics,
            diagnostics=document(row["seed_diagnostics"], page),
            earth=document(row["earth_scorecard"], page),
            s4=document(row["s4_reports"], page),
            countries=table(row["country_diagnostics"]),
            zones=table(row["zone_counts"]),
            matrix=table(row["share_matrix"]),
            audit=table(row["governance_audit"]),
            sites=pq.read_table(row["site_maps"]).to_pandas(),
        )
        for row in rows
        for metrics in [document(row["seed_metrics"], page)]
    ]
    certificate = document(files["certification"], page)
    order = [*certificate.data["required_seeds"], *sorted(seed.number for seed in seeds)]
    found = {seed.number: seed for seed in seeds}
    before = [
        Before(table(countries), document(diagnostics, page))
        for countries, diagnostics in zip(p0["p0_countries"], p0["p0_diagnostics"], strict=True)
    ]
    return Run(
        page=page,
        certificate=certificate,
        freeze=document(files["freeze_record"], page),
        comparison=document(files["comparison"], page),
        watchlist=table(files["watchlist"]),
        seeds={number: found[number] for number in order if number in found},
        p0={entry.diagnostics.data["seed"]: entry for entry in before},
        places=pq.read_table(files["map_places"]).to_pandas(),
        support=pq.read_table(files["country_zones"]).to_pandas(),
        registry=load_yaml(files["metrics"]),
    )


def text_of(path: str) -> str:
    """A caption or template part."""
    return Path(path).read_text(encoding="utf-8").strip()
