"""A plain table of sites, CSV or TSV in any usual dress, Parquet, GeoParquet: which column is what, and its rows.

A column is what the user says, else what its name usually says. Text may be compressed (gzip, zstd), begin with a BOM,
be delimited by comma, semicolon, tab or bar, and end its lines as Unix or Windows do. Only the columns asked for are
kept, so a table may be wider than memory.
"""

import csv
import difflib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from scripts.lib.errors import UsageError

MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
PARQUET, UTF16 = b"PAR1", (b"\xff\xfe", b"\xfe\xff")
DELIMITERS = ",;\t|"
HEAD = 1 << 20  # characters that hold the header of any sane table
BLOCK = 1 << 22  # bytes of text that are parsed at once; a row must fit into it, and Arrow reads up to 32 ahead
BATCH = 1 << 16  # rows of Parquet that are read at once
CELL = 1 << 10  # bytes that a cell of Parquet may have on average: ids and codes of any sane table are shorter
LEAN = "Write a table of what is needed alone: country, latitude, longitude and, if there is one, an id."
WGS84 = ("OGC:CRS84", "EPSG:4326")
USUAL = {
    "country": "country country_iso country_code countrycode country_iso2 country_iso3 iso2 iso3 iso iso_a2 iso_a3 "
    "iso_country legal_country_iso alpha2 alpha3 cc",
    "lat": "lat latitude lat_deg geo_lat coord_lat decimal_latitude y",
    "lon": "lon lng long longitude lon_deg geo_lon geo_lng coord_lon decimal_longitude x",
    "id": "id site_id site location_id store_id shop_id branch_id outlet_id place_id uuid key ref",
}
SITE_KEY = ("merchant_id", "legal_country_iso", "site_order")  # of segment 1B: three columns that make one id


@dataclass(frozen=True)
class Columns:
    """Names of columns: `ids` may be none or several, `geometry` stands for `lon` and `lat`.

    As the user gives them, those are empty that are to be found by their names.
    """

    country: str
    lat: str
    lon: str
    ids: tuple[str, ...]
    geometry: str = ""

    @property
    def own(self) -> list[str]:
        """The user's own columns that come back with the zones, each once, in the order id, country, place."""
        return list(dict.fromkeys([*self.ids, self.country, *([] if self.geometry else [self.lat, self.lon])]))

    def told(self) -> str:
        """What was taken for what, in one line."""
        place = f"points {self.geometry}" if self.geometry else f"latitude {self.lat}, longitude {self.lon}"
        return f"country {self.country}, {place}, id {' + '.join(self.ids) or 'none (the row number)'}"


class Rows(NamedTuple):
    """Some rows of a table: `numbers` int64 [n] as a spreadsheet shows them, and the columns asked for."""

    numbers: np.ndarray
    columns: pa.RecordBatch


@dataclass
class PlainTable:
    """A table that is about to be read; `malformed` fills with the numbers of rows that have not one field a column.

    `delimiter` is empty for Parquet. `geometry` names the column of a GeoParquet file's points, empty for none.
    """

    path: str
    names: list[str]
    delimiter: str = ""
    compression: str | None = None
    geometry: str = ""
    malformed: list[int] = field(default_factory=list)

    @property
    def is_text(self) -> bool:
        return bool(self.delimiter)

    def read(self, columns: Columns) -> Iterator[Rows]:
        """The rows, in order, in these columns; `UsageError` for what is no such table after all."""
        names = [*columns.own, *filter(None, [columns.geometry])]
        last = int(self.is_text)
        try:
            for rows in self._text(names) if self.is_text else self._parquet(names):
                last = max([last, *rows.numbers[-1:].tolist()])
                yield rows
        except (OSError, pa.ArrowException, UnicodeDecodeError, MemoryError) as problem:
            raise unreadable(self.path, problem, last) from None

    def _text(self, columns: list[str]) -> Iterator[Rows]:
        def odd(row: Any) -> str:
            self.malformed.append(row.number)
            return "skip"

        with _open(self.path, self.compression) as stream:
            reader = pa.csv.open_csv(
                stream,
                pa.csv.ReadOptions(column_names=self.names, skip_rows=1, block_size=BLOCK, use_threads=False),
                pa.csv.ParseOptions(delimiter=self.delimiter, newlines_in_values=True, invalid_row_handler=odd),
                pa.csv.ConvertOptions(include_columns=columns, column_types=dict.fromkeys(columns, pa.string())),
            )
            start = 0
            for batch in reader:
                yield Rows(self._numbers(start, len(batch)), batch)
                start += len(batch)

    def _numbers(self, start: int, rows: int) -> np.ndarray:
        """Numbers of the sound rows `start`, `start + 1`, ...: the header is 1, and malformed rows count."""
        count = np.arange(start, start + rows, dtype=np.int64)
        odd = np.array(self.malformed, np.int64)
        return count + 2 + np.searchsorted(odd - 2 - np.arange(len(odd)), count, side="right")

    def _parquet(self, columns: list[str]) -> Iterator[Rows]:
        with pq.ParquetFile(self.path, pre_buffer=False) as file:
            _refuse_long_cells(self.path, file, columns)
            start = 1
            for batch in file.iter_batches(batch_size=BATCH, columns=columns):
                yield Rows(np.arange(start, start + len(batch), dtype=np.int64), batch.select(columns))
                start += len(batch)


def _refuse_long_cells(path: str, file: pq.ParquetFile, columns: list[str]) -> None:
    """`UsageError` before a row is read: Arrow would hold such a cell several times over."""
    leaves = [leaf for leaf, column in enumerate(file.schema) if {column.path, column.path.split(".")[0]} & {*columns}]
    for group in map(file.metadata.row_group, range(file.num_row_groups)):
        for chunk in map(group.column, leaves):
            size, rows = chunk.total_uncompressed_size, chunk.num_values
            if size > BLOCK + CELL * rows:
                told = f"{chunk.path_in_schema} holds {size >> 20:,} MiB in {rows:,} rows"
                raise UsageError(f"{path}: {told}, too much for an id, a code or a place", action=LEAN)


def unreadable(path: str, problem: object, last: int = 0) -> UsageError:
    """What a person reads of a table that the parser gave up after row `last`."""
    told = " ".join(str(problem).split())[:200]
    if isinstance(problem, MemoryError):
        return UsageError(f"{path}: what follows row {last:,} does not fit into memory", action=LEAN)
    if "straddling" in told:
        long = f"a row after row {last:,} is longer than {BLOCK >> 20} MiB, or a quote is never closed"
        return UsageError(f"{path}: {long}", action=LEAN)
    hint = "Save it as UTF-8 (in a spreadsheet: CSV UTF-8)." if "UTF" in told or "utf" in told else ""
    return UsageError(f"{path}: cannot be read: {told}", action=hint or "Give a whole CSV, TSV or Parquet file.")


def open_table(path: str) -> PlainTable:
    """What a file is, by its content and not by its name; raises `UsageError` for what no table can be."""
    try:
        with open(path, "rb") as stream:
            start = stream.read(4)
    except OSError as problem:
        raise UsageError(f"{path}: {problem.strerror}", action="Give the path of a CSV, TSV or Parquet file.") from None
    if not start:
        raise UsageError(f"{path}: the file is empty", action="Give a table with a header and at least one row.")
    if start.startswith(UTF16):
        raise UsageError(f"{path}: the text is UTF-16", action="Save it as UTF-8 (in a spreadsheet: CSV UTF-8).")
    try:
        return _open_parquet(path) if start == PARQUET else _open_text(path, start)
    except (OSError, EOFError, pa.ArrowException, UnicodeDecodeError, csv.Error) as problem:
        raise unreadable(path, problem) from None


def _open_parquet(path: str) -> PlainTable:
    with pq.ParquetFile(path) as file:
        names, metadata = file.schema_arrow.names, file.schema_arrow.metadata or {}
    return PlainTable(path, names, geometry=_points(path, json.loads(metadata[b"geo"])) if b"geo" in metadata else "")


def _points(path: str, geo: dict[str, Any]) -> str:
    """The geometry column of a GeoParquet file, whose coordinates must be longitude and latitude."""
    name = str(geo["primary_column"])
    crs = geo["columns"][name].get("crs")
    if crs:  # absent or null is OGC:CRS84 by the standard
        known = crs.get("id", {})
        code = f"{known.get('authority')}:{known.get('code')}"
        if code not in WGS84:
            raise UsageError(f"{path}: coordinates are in {code}", action="Write the points in WGS 84 (EPSG:4326).")
    return name


def _open_text(path: str, start: bytes) -> PlainTable:
    compression = next((name for magic, name in MAGIC.items() if start.startswith(magic)), None)
    with _open(path, compression) as stream:
        head = stream.read(HEAD).decode("utf-8", errors="ignore").removeprefix("\ufeff")
    if "\0" in head:
        raise UsageError(f"{path}: is neither text nor Parquet", action="Give a CSV, TSV or Parquet file.")
    line = head.splitlines()[0] if head.strip() else ""
    delimiter = max(DELIMITERS, key=_unquoted(line).count)
    names = [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]
    return PlainTable(path, _unique(names), delimiter, compression)


def _open(path: str, compression: str | None) -> pa.NativeFile:
    return pa.input_stream(path, compression=compression)


def _unquoted(line: str) -> str:
    """The line without what stands in quotes: a delimiter there is part of a name."""
    return "".join(line.split('"')[::2])


def _unique(names: list[str]) -> list[str]:
    """Column names, each once: a later twin gets its place, so that nobody reads it by mistake."""
    first = {name: place for place, name in reversed([*enumerate(names)])}
    return [name if first[name] == place else f"{name}#{place}" for place, name in enumerate(names)]


def choose(table: PlainTable, given: Columns) -> Columns:
    """The columns as given, the rest by their usual names; `UsageError` names all that are missing or unclear."""
    named = {name for name in (given.country, given.lat, given.lon, *given.ids) if name}
    faults = [f"no column {name!r}{_near(name, table.names)}" for name in sorted(named - set(table.names))]
    geometry = "" if given.lat or given.lon else table.geometry
    needed = ["country"] if geometry else ["country", "lat", "lon"]
    found = {kind: getattr(given, kind) or _usual(kind, table.names, faults) for kind in needed}
    key = SITE_KEY if set(SITE_KEY) <= set(table.names) else ()
    ids = given.ids or key or tuple(filter(None, [_usual("id", table.names, faults)]))
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
