"""Every row of a plain table judged at once: what is wrong, in how many rows, and in which ones first."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scripts.lib.tables import is_text
from scripts.upstream.plain_countries import Gazetteer
from scripts.upstream.plain_table import Columns, Rows

SHOWN = 5  # rows and values that a message names
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
NOT_FINITE = r"^(?i:[+-]?(nan|inf|infinity))$"
BUCKETS = 64
ENTRY = np.dtype([("high", "<u8"), ("low", "<u8"), ("row", "<i8")])
KEYS = ("segment-2A-high.", "segment-2A-low..")  # of two hashes: 128 bits, so that no two ids look alike by chance


class Places(NamedTuple):
    """Rows as the pipeline takes them: country int32 as the gazetteer numbers them, lon and lat float64, all [n]."""

    country: np.ndarray
    lon: np.ndarray
    lat: np.ndarray


@dataclass
class Fault:
    """One kind of fault: in how many rows, and the first rows and values."""

    rows: int = 0
    first: list[int] = field(default_factory=list)
    values: list[str] = field(default_factory=list)

    def add(self, numbers: np.ndarray, values: Iterable[str] = ()) -> None:
        """More such rows by their numbers [n], with their values where these say more."""
        self.rows += len(numbers)
        self.first += numbers[: SHOWN - len(self.first)].tolist()
        self.values += [value for value in dict.fromkeys(values) if value not in self.values][:SHOWN]

    def told(self, kind: str) -> str:
        """One line, with rows as a spreadsheet numbers them."""
        more = ", ..." if self.rows > len(self.first) else ""
        rows = f"{self.rows} row{'s' if self.rows > 1 else ''} ({', '.join(map(str, self.first))}{more})"
        values = ", ".join(repr(value[:40]) for value in self.values[:SHOWN])
        return f"{kind}: {rows}" + (f", such as {values}" if values else "")


class Checker:
    """Judges batch after batch; `finish` says all, with what only the end can tell: duplicates, exchanged columns.

    Digests of the ids lie in the empty folder `ids`, to be compared bucket by bucket: a table may have any length.
    """

    def __init__(self, columns: Columns, gazetteer: Gazetteer, ids: Path, *, decimal_comma: bool):
        self.columns, self.gazetteer, self.ids = columns, gazetteer, ids
        self.decimal_comma = decimal_comma
        self.faults: dict[str, Fault] = {}  # by kind, in the order in which they were found
        self.exchanged = Fault()
        self.rows = 0

    def places(self, rows: Rows) -> Places:
        """The rows as places; those with a fault are counted, and what stands for them here is never published."""
        self.rows += len(rows.numbers)
        self._ids(rows)
        country = self._countries(rows)
        if self.columns.geometry:
            lon, lat = self._points(rows)
        else:
            lat = self._degrees(rows, self.columns.lat, "latitude", 90)
            lon = self._degrees(rows, self.columns.lon, "longitude", 180)
        self._add("0/0 is no place of a site but a missing one", rows.numbers[(lon == 0) & (lat == 0)])
        self.exchanged.add(rows.numbers[self.gazetteer.only_if_exchanged(country, lon, lat)])
        return Places(country, lon, lat)

    def finish(self, malformed: list[int]) -> list[str]:
        """Every fault of the table, one line each; empty for a sound one. `malformed` are rows that have no fields."""
        self._add("not one field a column (a stray delimiter or quote)", np.array(malformed, np.int64))
        if not self.rows and not malformed:
            return ["the table has no rows"]
        self._add(f"{' + '.join(self.columns.ids)} stands in an earlier row too", self._later_twins())
        if self.exchanged.rows * 2 > self.rows:
            kind = "latitude and longitude look exchanged (the rows lie in their country only the other way round)"
            self.faults[kind] = self.exchanged
        return [fault.told(kind) for kind, fault in self.faults.items()]

    def notes(self) -> list[str]:
        """What is no fault but worth a look."""
        few = 0 < self.exchanged.rows * 2 <= self.rows
        kind = "lie in their country only if latitude and longitude are exchanged"
        return [self.exchanged.told(kind)] if few else []

    def _add(self, kind: str, numbers: np.ndarray, values: Iterable[str] = ()) -> None:
        if len(numbers):
            self.faults.setdefault(kind, Fault()).add(numbers, values)

    def _ids(self, rows: Rows) -> None:
        parts = []
        for name in self.columns.ids:
            column = rows.columns[name]
            if pa.types.is_nested(column.type):
                self._add(f"{name} holds {column.type}, which is no id", rows.numbers)
                return
            parts.append(_as_bytes(column))
            empty = _truth(pc.equal(pc.binary_length(parts[-1]), 0), null=True)
            self._add(f"{name} is empty", rows.numbers[empty])
        if not parts:
            return
        whole = pc.binary_join_element_wise(*parts, b"\x1f") if len(parts) > 1 else parts[0]
        known = _truth(pc.greater(pc.binary_length(whole), 0))
        self._keep(rows.numbers[known], whole.filter(pa.array(known)))

    def _keep(self, numbers: np.ndarray, ids: pa.Array) -> None:
        """Digests of the ids (binary [n], no nulls) of rows, each in its bucket."""
        from pandas.util import hash_array  # here, as a table without ids needs no pandas

        values = ids.to_numpy(zero_copy_only=False)
        entries = np.empty(len(values), ENTRY)
        for name, key in zip(("high", "low"), KEYS, strict=True):
            entries[name] = hash_array(values, hash_key=key, categorize=False)
        entries["row"] = numbers
        bucket = entries["low"] % BUCKETS
        order = np.argsort(bucket, kind="stable")
        ends = np.searchsorted(bucket[order], np.arange(BUCKETS + 1))
        for number in np.unique(bucket).tolist():
            with open(self.ids / f"{number}", "ab") as stream:
                stream.write(entries[order[ends[number] : ends[number + 1]]].tobytes())

    def _later_twins(self) -> np.ndarray:
        """int64 [k], in order: the rows whose id an earlier row has."""
        found = [np.empty(0, np.int64)]
        for path in self.ids.iterdir():
            entries = np.sort(np.fromfile(path, ENTRY), order=["high", "low", "row"])
            same = (entries["high"][1:] == entries["high"][:-1]) & (entries["low"][1:] == entries["low"][:-1])
            found.append(entries["row"][1:][same])
        return np.sort(np.concatenate(found))

    def _countries(self, rows: Rows) -> np.ndarray:
        """int32 [n] as the gazetteer numbers them; `nowhere` where there is none."""
        column, name = rows.columns[self.columns.country], self.columns.country
        nowhere = self.gazetteer.nowhere
        if not is_text(column.type):
            self._add(f"{name} holds {column.type}, not country codes", rows.numbers)
            return np.full(len(rows.numbers), nowhere, np.int32)
        text = pc.utf8_upper(pc.utf8_trim_whitespace(pc.fill_null(column.cast(pa.string()), "")))
        coded = pc.dictionary_encode(text)
        values = coded.dictionary.to_pylist()
        codes = [self.gazetteer.places.get(value, nowhere) for value in values]
        found: np.ndarray = np.array(codes, np.int32)[np.array(coded.indices)]
        empty = np.array(pc.equal(text, ""))
        self._add(f"{name} is empty", rows.numbers[empty])
        odd = [value for value, code in zip(values, codes, strict=True) if code == nowhere and value]
        unknown = rows.numbers[(found == nowhere) & ~empty]
        self._add(f"{name} is no ISO 3166 country (two or three letters)", unknown, odd)
        return found

    def _degrees(self, rows: Rows, name: str, what: str, limit: int) -> np.ndarray:
        """float64 [n], NaN where there is no number."""
        column, numbers = rows.columns[name], rows.numbers
        if is_text(column.type):
            text = pc.utf8_trim_whitespace(column.cast(pa.string()))
            if self.decimal_comma:
                text = pc.replace_substring(text, ",", ".")
            empty = _truth(pc.equal(text, ""), null=True)
            odd = _truth(pc.match_substring_regex(text, NOT_FINITE))
            fine = _truth(pc.match_substring_regex(text, NUMBER))
            broken = ~(empty | odd | fine)
            shown = text.filter(pa.array(broken)).slice(0, SHOWN).to_pylist()
            self._add(f"{what} {name} is no number", numbers[broken], shown)
            plain = pc.replace_substring_regex(text, r"^\+", "")
            degrees = _floats(pc.if_else(pa.array(fine), plain, pa.scalar(None, pa.string())))
        elif pa.types.is_floating(column.type) or pa.types.is_integer(column.type) or pa.types.is_decimal(column.type):
            degrees = _floats(column)
            empty = np.array(pc.is_null(column))
            odd = ~np.isfinite(degrees) & ~empty
        else:
            self._add(f"{what} {name} holds {column.type}, not numbers", numbers)
            return np.full(len(numbers), np.nan)
        self._add(f"{what} {name} is empty", numbers[empty])
        self._add(f"{what} {name} is NaN or infinite", numbers[odd])
        self._outside(numbers, degrees, f"{what} {name}", limit)
        return degrees

    def _outside(self, numbers: np.ndarray, degrees: np.ndarray, what: str, limit: int) -> None:
        outside = np.isfinite(degrees) & (np.abs(degrees) > limit)
        values = [f"{value:g}" for value in degrees[outside][:SHOWN].tolist()]
        self._add(f"{what} is outside -{limit} to {limit}", numbers[outside], values)

    def _points(self, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        import shapely  # here, as only GeoParquet has points

        name, column = self.columns.geometry, rows.columns[self.columns.geometry]
        if pa.types.is_struct(column.type):  # the native encoding of points
            lon, lat = (_floats(pc.struct_field(column, axis)) for axis in ("x", "y"))
        else:
            shapes = shapely.from_wkb(column.cast(pa.binary()).to_numpy(zero_copy_only=False), on_invalid="ignore")
            other = shapely.get_type_id(shapes) > 0
            self._add(f"{name} is no point", rows.numbers[other])
            shapes[other] = shapely.Point(1, 1)  # counted already
            lon, lat = shapely.get_x(shapes), shapely.get_y(shapes)
        self._add(f"point {name} is empty", rows.numbers[np.isnan(lon) | np.isnan(lat)])
        self._outside(rows.numbers, lat, f"latitude of {name}", 90)
        self._outside(rows.numbers, lon, f"longitude of {name}", 180)
        return lon, lat


def _as_bytes(column: pa.Array) -> pa.Array:
    """A column of ids, whatever its type but nested, as bytes that are equal where the ids are."""
    kind = column.type
    binary = pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
    found: pa.Array = (column if binary else column.cast(pa.string())).cast(pa.binary())
    return found


def _floats(column: pa.Array) -> np.ndarray:
    """float64 [n], NaN for null."""
    values: np.ndarray = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return values


def _truth(column: pa.Array, *, null: bool = False) -> np.ndarray:
    return np.array(pc.fill_null(column, null))
