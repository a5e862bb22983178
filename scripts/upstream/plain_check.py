"""Every row of a plain table judged at once: what is wrong, in how many rows, and in which ones first."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scripts.upstream.plain_columns import Columns
from scripts.upstream.plain_countries import Gazetteer
from scripts.upstream.plain_duplicates import Duplicates
from scripts.upstream.plain_table import Rows

SHOWN = 5  # rows and values that a message names
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
NOT_FINITE = r"^(?i:[+-]?(nan|inf|infinity))$"


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


@dataclass
class Findings:
    """What is wrong with a table, by kind, in the order in which it was found."""

    faults: dict[str, Fault] = field(default_factory=dict)

    def add(self, kind: str, numbers: np.ndarray, values: list[str] | None = None) -> None:
        """Rows of one kind by their numbers [n], with their values where these say more; none is no fault."""
        if len(numbers):
            fault = self.faults.setdefault(kind, Fault())
            fault.rows += len(numbers)
            fault.first += numbers[: SHOWN - len(fault.first)].tolist()
            fault.values += [value for value in dict.fromkeys(values or []) if value not in fault.values][:SHOWN]

    def lines(self) -> list[str]:
        """One line a kind, with rows as a spreadsheet numbers them."""
        return [_line(kind, fault) for kind, fault in self.faults.items()]


def _line(kind: str, fault: Fault) -> str:
    more = ", ..." if fault.rows > len(fault.first) else ""
    rows = f"{fault.rows} row{'s' if fault.rows > 1 else ''} ({', '.join(map(str, fault.first))}{more})"
    values = ", ".join(repr(value[:40]) for value in fault.values[:SHOWN])
    return f"{kind}: {rows}" + (f", such as {values}" if values else "")


class Checker:
    """Judges batch after batch; `finish` says all, with what only the end can tell: duplicates, exchanged columns."""

    def __init__(self, columns: Columns, gazetteer: Gazetteer, duplicates: Duplicates, *, decimal_comma: bool):
        self.columns, self.gazetteer, self.duplicates = columns, gazetteer, duplicates
        self.decimal_comma = decimal_comma
        self.findings = Findings()
        self.rows = 0
        self.exchanged = Fault()

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
        self.findings.add("0/0 is no place of a site but a missing one", rows.numbers[(lon == 0) & (lat == 0)])
        swapped = rows.numbers[self.gazetteer.only_if_exchanged(country, lon, lat)]
        self.exchanged.rows += len(swapped)
        self.exchanged.first += swapped[: SHOWN - len(self.exchanged.first)].tolist()
        return Places(country, lon, lat)

    def finish(self, malformed: list[int]) -> list[str]:
        """Every fault of the table, one line each; empty for a sound one. `malformed` are rows that have no fields."""
        self.findings.add("not one field a column (a stray delimiter or quote)", np.array(malformed, np.int64))
        if not self.rows and not malformed:
            return ["the table has no rows"]
        self.findings.add(f"{' + '.join(self.columns.ids)} stands in an earlier row too", self.duplicates.rows())
        if self.exchanged.rows * 2 > self.rows:
            kind = "latitude and longitude look exchanged (the rows lie in their country only the other way round)"
            self.findings.faults[kind] = self.exchanged
        return self.findings.lines()

    def notes(self) -> list[str]:
        """What is no fault but worth a look."""
        if not self.exchanged.rows or self.exchanged.rows * 2 > self.rows:
            return []
        return [_line("lie in their country only if latitude and longitude are exchanged", self.exchanged)]

    def _ids(self, rows: Rows) -> None:
        if not self.columns.ids:
            return
        parts = [as_bytes(rows.columns[name], name) for name in self.columns.ids]
        for name, part in zip(self.columns.ids, parts, strict=True):
            empty = np.array(pc.fill_null(pc.equal(pc.binary_length(part), 0), True))
            self.findings.add(f"{name} is empty", rows.numbers[empty])
        whole = pc.binary_join_element_wise(*parts, b"\x1f") if len(parts) > 1 else parts[0]
        known = np.array(pc.is_valid(whole)) & np.array(pc.fill_null(pc.greater(pc.binary_length(whole), 0), False))
        self.duplicates.add(rows.numbers[known], whole.filter(pa.array(known)))

    def _countries(self, rows: Rows) -> np.ndarray:
        """int32 [n] as the gazetteer numbers them; `nowhere` where there is none."""
        column, name = rows.columns[self.columns.country], self.columns.country
        nowhere = self.gazetteer.nowhere
        if not _is_text(column.type):
            self.findings.add(f"{name} holds {column.type}, not country codes", rows.numbers)
            return np.full(len(rows.numbers), nowhere, np.int32)
        text = pc.utf8_upper(pc.utf8_trim_whitespace(column.cast(pa.string())))
        coded = pc.dictionary_encode(pc.fill_null(text, ""))
        values = coded.dictionary.to_pylist()
        codes = [self.gazetteer.places.get(value, nowhere) for value in values]
        found: np.ndarray = np.array(codes, np.int32)[np.array(coded.indices)]
        empty = np.array(pc.equal(pc.fill_null(text, ""), ""))
        self.findings.add(f"{name} is empty", rows.numbers[empty])
        unknown = (found == nowhere) & ~empty
        odd = [value for value, code in zip(values, codes, strict=True) if code == nowhere and value]
        self.findings.add(f"{name} is no ISO 3166 country (two or three letters)", rows.numbers[unknown], odd)
        return found

    def _degrees(self, rows: Rows, name: str, what: str, limit: int) -> np.ndarray:
        """float64 [n], NaN where there is no number."""
        column, numbers = rows.columns[name], rows.numbers
        if _is_text(column.type):
            text = pc.utf8_trim_whitespace(column.cast(pa.string()))
            if self.decimal_comma:
                text = pc.replace_substring(text, ",", ".")
            empty = _truth(pc.equal(text, ""), null=True)
            odd = _truth(pc.match_substring_regex(text, NOT_FINITE))
            fine = _truth(pc.match_substring_regex(text, NUMBER))
            broken = ~(empty | odd | fine)
            self.findings.add(f"{what} {name} is no number", numbers[broken], _values(text, broken))
            plain = pc.replace_substring_regex(text, r"^\+", "")
            degrees = _floats(pc.if_else(pa.array(fine), plain, pa.scalar(None, pa.string())))
        elif _is_number(column.type):
            degrees = _floats(column)
            empty = np.array(pc.is_null(column))
            odd = ~np.isfinite(degrees) & ~empty
        else:
            self.findings.add(f"{what} {name} holds {column.type}, not numbers", numbers)
            return np.full(len(numbers), np.nan)
        self.findings.add(f"{what} {name} is empty", numbers[empty])
        self.findings.add(f"{what} {name} is NaN or infinite", numbers[odd])
        self._outside(numbers, degrees, f"{what} {name}", limit)
        return degrees

    def _outside(self, numbers: np.ndarray, degrees: np.ndarray, what: str, limit: int) -> None:
        outside = np.isfinite(degrees) & (np.abs(degrees) > limit)
        values = [f"{value:g}" for value in degrees[outside][:SHOWN].tolist()]
        self.findings.add(f"{what} is outside -{limit} to {limit}", numbers[outside], values)

    def _points(self, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        import shapely  # here, as only GeoParquet has points

        name, column = self.columns.geometry, rows.columns[self.columns.geometry]
        if pa.types.is_struct(column.type):  # the native encoding of points
            lon, lat = (_floats(pc.struct_field(column, axis)) for axis in ("x", "y"))
        else:
            shapes = shapely.from_wkb(column.cast(pa.binary()).to_numpy(zero_copy_only=False), on_invalid="ignore")
            other = shapely.get_type_id(shapes) > 0
            self.findings.add(f"{name} is no point", rows.numbers[other])
            shapes[other] = shapely.Point(1, 1)  # counted already
            lon, lat = shapely.get_x(shapes), shapely.get_y(shapes)
        self.findings.add(f"point {name} is empty", rows.numbers[np.isnan(lon) | np.isnan(lat)])
        self._outside(rows.numbers, lat, f"latitude of {name}", 90)
        self._outside(rows.numbers, lon, f"longitude of {name}", 180)
        return lon, lat


def as_bytes(column: pa.Array, name: str) -> pa.Array:
    """A column of ids, whatever its type, as bytes that are equal where the ids are; `TypeError` for nested ones."""
    kind = column.type
    if pa.types.is_nested(kind):
        raise TypeError(f"{name} holds {kind}, which is no id")
    binary = pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
    found: pa.Array = (column if binary else column.cast(pa.string())).cast(pa.binary())
    return found


def _is_text(kind: pa.DataType) -> bool:
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(value) or pa.types.is_large_string(value) or pa.types.is_string_view(value))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind))


def _floats(column: pa.Array) -> np.ndarray:
    """float64 [n], NaN for null."""
    values: np.ndarray = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return values


def _truth(column: pa.Array, *, null: bool = False) -> np.ndarray:
    return np.array(pc.fill_null(column, null))


def _values(text: pa.Array, rows: np.ndarray) -> list[str]:
    found: list[str] = text.filter(pa.array(rows)).slice(0, SHOWN).to_pylist()
    return found
