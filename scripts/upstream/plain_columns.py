"""Which column of a plain table is what: as the user says, else by the names that such columns usually have."""

import difflib
from dataclasses import dataclass
from typing import NamedTuple

from scripts.lib.errors import UsageError
from scripts.upstream.plain_table import PlainTable

USUAL = {
    "country": "country country_iso country_code countrycode country_iso2 country_iso3 iso2 iso3 iso iso_a2 iso_a3 "
    "iso_country legal_country_iso alpha2 alpha3 cc",
    "lat": "lat latitude lat_deg geo_lat coord_lat decimal_latitude y",
    "lon": "lon lng long longitude lon_deg geo_lon geo_lng coord_lon decimal_longitude x",
    "id": "id site_id site location_id store_id shop_id branch_id outlet_id place_id uuid key ref",
}
SITE_KEY = ("merchant_id", "legal_country_iso", "site_order")  # of segment 1B: three columns that make one id


class Given(NamedTuple):
    """The names that the user gives; empty for a column that is to be found by its name."""

    country: str = ""
    lat: str = ""
    lon: str = ""
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Columns:
    """Names of the columns to read: `ids` may be none or several, `geometry` stands for `lon` and `lat`."""

    country: str
    lat: str
    lon: str
    ids: tuple[str, ...]
    geometry: str = ""

    @property
    def own(self) -> list[str]:
        """The user's own columns that come back with the zones, each once, in the order id, country, place."""
        return list(dict.fromkeys([*self.ids, self.country, *([] if self.geometry else [self.lat, self.lon])]))

    @property
    def read(self) -> list[str]:
        """All that is read."""
        return [*self.own, *([self.geometry] if self.geometry else [])]

    def told(self) -> str:
        """What was taken for what, in one line."""
        place = f"points {self.geometry}" if self.geometry else f"latitude {self.lat}, longitude {self.lon}"
        return f"country {self.country}, {place}, id {' + '.join(self.ids) or 'none (the row number)'}"


def choose(table: PlainTable, given: Given) -> Columns:
    """The columns as given, the rest by their usual names; `UsageError` names all that are missing or unclear."""
    faults: list[str] = []
    ids = given.ids
    named = {name for name in (given.country, given.lat, given.lon, *ids) if name}
    faults += [f"no column {name!r}{_near(name, table.names)}" for name in sorted(named - set(table.names))]
    geometry = "" if given.lat or given.lon else table.geometry
    needed = ["country"] if geometry else ["country", "lat", "lon"]
    found = {kind: getattr(given, kind) or _usual(kind, table.names, faults) for kind in needed}
    if not ids:
        ids = (
            SITE_KEY if set(SITE_KEY) <= set(table.names) else tuple(filter(None, [_usual("id", table.names, faults)]))
        )
    if faults:
        listing = "".join(f"\n  - {fault}" for fault in faults)
        shown = ", ".join(table.names[:30]) + (f" and {len(table.names) - 30} more" if len(table.names) > 30 else "")
        raise UsageError(
            f"{table.path}: the columns are not clear:{listing}\n  its columns: {shown}",
            action="Say which is which: --country NAME --lat NAME --lon NAME --id NAME.",
        )
    return Columns(found["country"], found.get("lat", ""), found.get("lon", ""), ids, geometry)


def _usual(kind: str, names: list[str], faults: list[str]) -> str:
    """The one column whose name is usual for `kind`; the first usual name wins, twins of it in other case do not."""
    plain = {name: name.casefold().replace(" ", "_").replace("-", "_") for name in names}
    for usual in USUAL[kind].split():
        found = [name for name, text in plain.items() if text == usual or text.startswith(f"{usual}#")]
        if len(found) > 1:
            faults.append(f"several columns may be the {kind}: {', '.join(found)}")
        if found:
            return found[0]
    if kind != "id":
        faults.append(f"no column looks like the {kind} (such as {', '.join(USUAL[kind].split()[:4])})")
    return ""


def _near(name: str, known: list[str]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {nearest[0]!r}?" if nearest else ""
