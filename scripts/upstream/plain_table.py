"""A plain table of sites as a stream of batches: CSV or TSV in any usual dress, Parquet, GeoParquet.

Text may be compressed (gzip, zstd), begin with a BOM, be delimited by comma, semicolon, tab or bar, and end its lines
as Unix or Windows do. Only the columns asked for are kept, so a table may be wider than memory.
"""

import csv
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
BLOCK = 1 << 22  # bytes of text that are parsed at once; a row must fit into it
BATCH = 1 << 16  # rows of Parquet that are read at once
WGS84 = ("OGC:CRS84", "EPSG:4326")


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

    def read(self, columns: list[str]) -> Iterator[Rows]:
        """The rows of some columns, in order; `UsageError` for what is no such table after all."""
        try:
            yield from self._text(columns) if self.is_text else self._parquet(columns)
        except (OSError, pa.ArrowException, UnicodeDecodeError) as problem:
            raise unreadable(self.path, problem) from None

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
            start = 1
            for batch in file.iter_batches(batch_size=BATCH, columns=columns):
                yield Rows(np.arange(start, start + len(batch), dtype=np.int64), batch.select(columns))
                start += len(batch)


def unreadable(path: str, problem: object) -> UsageError:
    """What a person reads of a table that the parser gave up."""
    told = " ".join(str(problem).split())[:200]
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
