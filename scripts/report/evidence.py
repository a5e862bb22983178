"""What the verdict page of one run reads: facts and files that know the way to them from the page."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from scripts.lib.files import read_json
from scripts.lib.text_tables import read_csv
from scripts.report.numbers import Show, decimal


@dataclass(frozen=True)
class Fact:
    """A number on the page. `key` is a JSON Pointer into the file at `link`, which is relative to the page."""

    value: float | int | None
    text: str
    link: str
    key: str

    @property
    def title(self) -> str:
        """The exact value and its source, for the reader who hovers."""
        return f"{self.value}: {PurePosixPath(self.link).name}{self.key}"


@dataclass(frozen=True)
class Document:
    """A JSON file of evidence, its path from the project and its link from the page."""

    path: str
    link: str
    data: Any

    def at(self, *keys: str | int) -> Any:
        """What stands under the keys; KeyError or IndexError where nothing does."""
        found = self.data
        for key in keys:
            found = found[key]
        return found

    def fact(self, *keys: str | int, show: Show = decimal) -> Fact:
        value = self.at(*keys)
        return Fact(value, show(value), self.link, "/" + "/".join(str(key) for key in keys))

    def maybe(self, *keys: str | int, show: Show = decimal) -> Fact | None:
        """The number under the keys, None where a withheld seed has no such key."""
        try:
            return self.fact(*keys, show=show)
        except (KeyError, IndexError, TypeError):
            return None


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
    """Evidence of one run; `seeds` has those that the certificate requires first, in its order."""

    page: str
    certificate: Document
    freeze: Document
    comparison: Document
    watchlist: Table
    seeds: dict[int, Seed]
    p0: dict[int, Before]
    sealed: list[Document]  # the inputs that S0 sealed, of one seed
    places: pd.DataFrame  # cells: country_iso, tzid, grid, lon_deg, lat_deg, population
    support: pd.DataFrame  # country_iso, tzid

    @property
    def required(self) -> list[int]:
        return list(self.certificate.data["required_seeds"])

    @property
    def published(self) -> dict[int, Seed]:
        """Seeds whose zones were published, in required order."""
        return {number: seed for number, seed in self.seeds.items() if seed.metrics.data["sites_total"]}

    @property
    def countries(self) -> list[str]:
        """Codes of the countries that any seed published, sorted."""
        return sorted({str(iso) for seed in self.published.values() for iso in seed.countries.rows["country_iso"]})

    @property
    def exempt(self) -> list[tuple[int, str]]:
        """Seed and country of fallback rows that the country cap does not reach, by its least sites and rows."""
        blocks = {number: seed.metrics.data["s1_governance"] or {} for number, seed in self.seeds.items()}
        return [(number, iso) for number, block in blocks.items() for iso in block.get("fallback_country_exempt", {})]

    def link(self, path: str) -> str:
        return link(path, self.page)


def document(path: str, page: str) -> Document:
    """Read a JSON file that the page at path `page` links to."""
    return Document(path, link(path, page), read_json(path))


def link(path: str, page: str) -> str:
    """The way from the page to a file: relative, so that it holds wherever the tree or its archive lies."""
    return os.path.relpath(path, PurePosixPath(page).parent).replace(os.sep, "/")


def ordered(found: dict[str, Any], seeds: Sequence[int]) -> dict[str, Any]:
    """`found` by seed in the order of the run: JSON keeps keys as sorted text, 101 before 42. Other keys come last."""
    return {key: found[key] for key in [*map(str, seeds), *found] if key in found}


def open_run(
    page: str,
    *,
    certification: str,
    freeze_record: str,
    comparison: str,
    watchlist: str,
    map_places: str,
    country_zones: str,
    sealed_inputs: list[str],
    p0_countries: list[str],
    p0_diagnostics: list[str],
    **of_seeds: list[str],
) -> Run:
    """Read everything that the page at path `page` shows; lists have one path a seed, all in one order."""

    def table(path: str) -> Table:
        return Table(link(path, page), read_csv(path))

    seeds = {}
    for paths in zip(*of_seeds.values(), strict=True):
        row = dict(zip(of_seeds, paths, strict=True))
        metrics = document(row["seed_metrics"], page)
        seeds[int(metrics.data["seed"])] = Seed(
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
    before = [
        Before(table(countries), document(diagnostics, page))
        for countries, diagnostics in zip(p0_countries, p0_diagnostics, strict=True)
    ]
    certificate = document(certification, page)
    order = [*certificate.data["required_seeds"], *sorted(seeds)]
    return Run(
        page=page,
        certificate=certificate,
        freeze=document(freeze_record, page),
        comparison=document(comparison, page),
        watchlist=table(watchlist),
        seeds={number: seeds[number] for number in order if number in seeds},
        p0={entry.diagnostics.data["seed"]: entry for entry in before},
        sealed=[document(path, page) for path in sealed_inputs[:1]],
        places=pq.read_table(map_places).to_pandas(),
        support=pq.read_table(country_zones).to_pandas(),
    )
