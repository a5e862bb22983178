"""The maps as drawings that stand alone, for `snakemake --report` and for slides."""

from collections.abc import Iterable
from pathlib import Path

from scripts.report import country_maps, world_map
from scripts.report.svg import text

STYLE = Path(__file__).parent / "templates/maps.css"
GAP, HEAD, COLUMNS = 24.0, 40.0, 4


def world_sheet(symbols: str, worlds: dict[int, tuple[str, str]]) -> str:
    """The first published seed above where people live."""
    if not worlds:
        return _sheet(text(20, 60, "No seed published its zones, so there is nothing to draw.", "head"), 900, 120)
    seed, (run, people) = next(iter(worlds.items()))
    step = world_map.HEIGHT + HEAD
    body = f"<defs>{symbols}</defs>"
    for number, (title, svg) in enumerate([(f"Sites of seed {seed}", run), ("As people live", people)]):
        body += text(20, step * number + 28, title, "head")
        body += _at(svg, 0, step * number + HEAD, world_map.WIDTH, world_map.HEIGHT)
    return _sheet(body, world_map.WIDTH, 2 * step)


def country_sheet(shown: Iterable[tuple[str, str, str, str]]) -> str:
    """Countries as (symbols, title, run, people): each as the first seed has it, where people live below."""
    body, number = "", -1
    wide, high = country_maps.WIDTH + GAP, 2 * country_maps.HEIGHT + GAP + HEAD
    for number, (symbols, title, run, people) in enumerate(shown):
        left, top = (number % COLUMNS) * wide, (number // COLUMNS) * high
        body += f"<defs>{symbols}</defs>" + text(left + 4, top + 28, title, "head")
        body += _at(run, left, top + HEAD, country_maps.WIDTH, country_maps.HEIGHT)
        body += _at(people, left, top + HEAD + country_maps.HEIGHT + 8, country_maps.WIDTH, country_maps.HEIGHT)
    if number < 0:
        return _sheet(
            text(20, 60, "No country with several zones was published: there is nothing to draw.", "head"), 900, 120
        )
    return _sheet(body, COLUMNS * wide, (number // COLUMNS + 1) * high)


def _at(svg: str, x: float, y: float, width: float, height: float) -> str:
    return svg.replace("<svg ", f'<svg x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" ', 1)


def _sheet(body: str, width: float, height: float) -> str:
    style = STYLE.read_text(encoding="utf-8")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}">'
        f'<style>{style}</style><rect class="paper" width="100%" height="100%"/>{body}</svg>\n'
    )
