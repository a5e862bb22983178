"""Numbers of a page with their sources: what a reader follows from a number to the file and key that hold it."""

import csv
import json
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Shown:
    """A number on the page: link with fragment, exact value, text."""

    href: str
    value: str
    text: str


class _Numbers(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.numbers: list[Shown] = []
        self.cells: list[tuple[str, str, str, str, str]] = []  # source, country, column, value, text
        self.links: list[str] = []
        self._open: dict[str, str] | None = None
        self._text = ""
        self._source = self._iso = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self._source = found.get("data-source", self._source)
        self._iso = found.get("data-iso", self._iso)
        if tag == "a":
            self.links.append(found["href"])
        if (tag == "a" and "num" in found.get("class", "").split()) or (tag in ("td", "data") and "data-col" in found):
            self._open, self._text = found, ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if self._open is None or tag not in ("a", "td", "data"):
            return
        found, self._open = self._open, None
        if "data-col" in found:
            self.cells.append(
                (self._source, self._iso, found["data-col"], found.get("value") or found["data-value"], self._text)
            )
        else:
            self.numbers.append(Shown(found["href"], found["data-value"], self._text))


def read(page: Path) -> _Numbers:
    """Numbers, table cells and links of a page."""
    parser = _Numbers()
    parser.feed(page.read_text(encoding="utf-8"))
    return parser


def held(page: Path, href: str) -> Any:
    """What the file at a number's link holds under its key; a CSV is read by country and column."""
    name, _, pointer = href.partition("#")
    path = page.parent / name
    keys = pointer.strip("/").split("/")
    if path.suffix == ".csv":
        return column(path, keys[0], keys[1])
    found = json.loads(path.read_text())
    for key in keys:
        found = found[int(key)] if isinstance(found, list) else found[key]
    return found


def column(path: Path, iso: str, name: str) -> float:
    """One number of a table by country."""
    with path.open(newline="") as stream:
        (row,) = [row for row in csv.DictReader(stream) if row["country_iso"] == iso]
    return float(row[name])


def said(text: str) -> float:
    """The number that a text states: per cent as a share, thousands together."""
    clean = text.replace("\u202f", "").replace("\u00a0", " ").replace("−", "-")
    match = re.fullmatch(r"(-?[\d.]+)( %| km)?", clean.strip())
    assert match, text
    return float(match[1]) / (100 if match[2] == " %" else 1)
