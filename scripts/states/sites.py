"""Streams of site tables: the checks that every state makes on its rows, batch by batch."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scripts.lib.contracts import columns, schema
from scripts.lib.errors import Abort
from scripts.lib.tables import categorical, open_table, strings, values_of
from scripts.states.policy import country_codes, country_name

BATCH = 1 << 18
KEY = ["merchant_id", "legal_country_iso", "site_order"]


def open_checked(path: str, schema_ref: str, code: str) -> pq.ParquetFile:
    """Open a table whose columns must be exactly those of the schema; raises `code` when unreadable or different."""
    if not Path(path).is_file():
        raise Abort(code, "table is missing", path=path)
    try:
        table = open_table(path)
    except (OSError, pa.ArrowException) as problem:
        raise Abort(code, f"not a readable Parquet file: {str(problem)[:120]}", path=path) from None
    found, wanted = table.schema_arrow.names, columns(schema_ref)
    if sorted(found) != sorted(wanted):
        odd = sorted(set(found) ^ set(wanted)) or found
        raise Abort(code, f"columns differ from the contract: {', '.join(odd)}", path=path)
    return table


def batches(
    table: pq.ParquetFile, schema_ref: str, code: str, special: dict[tuple[str, str], str] | None = None
) -> Iterator[pa.RecordBatch]:
    """Batches of `BATCH` rows in file order, each checked for types, nulls, ranges and patterns.

    Their size does not depend on the file's row groups, so what is written batch by batch does not either.
    Raises `code`, or the code that `special` names for a column's `null` or `value` breach.
    """
    properties = schema(schema_ref)["properties"]
    try:
        for batch in _even(table.iter_batches(batch_size=BATCH, columns=list(properties))):
            check_batch(batch, properties, code, special)
            yield batch
    except (OSError, pa.ArrowException) as problem:
        raise Abort(code, f"unreadable rows: {str(problem)[:120]}") from None


def _even(stream: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of exactly `BATCH` rows, but for the last."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in stream:
        waiting.append(batch)
        rows += len(batch)
        if rows >= BATCH:
            whole = _joined(waiting)
            yield whole.slice(0, BATCH)
            rows -= BATCH
            waiting = [whole.slice(BATCH)] if rows else []
    if rows:
        yield _joined(waiting)


def _joined(parts: list[pa.RecordBatch]) -> pa.RecordBatch:
    if len(parts) == 1:
        return parts[0]
    return pa.Table.from_batches(parts).unify_dictionaries().combine_chunks().to_batches()[0]


def check_batch(
    batch: pa.RecordBatch, properties: dict, code: str, special: dict[tuple[str, str], str] | None = None
) -> None:
    """Raise with the number of rows of the first column that breaks its schema; no row content is shown."""
    special = special or {}
    for name, rule in properties.items():
        column = batch[name]
        if column.null_count and not rule.get("x-nullable"):
            raise Abort(special.get((name, "null"), code), f"{column.null_count} nulls in {name}", column=name)
        bad = _bad_text(column, rule) if rule["x-arrow"] == "string" else _bad_number(column, rule)
        if bad:
            raise Abort(special.get((name, "value"), code), f"{bad} rows break the rule of {name}", column=name)


def _bad_text(column: pa.Array, rule: dict) -> int:
    if not pa.types.is_dictionary(column.type):
        return len(column)
    values = column.dictionary
    if not pa.types.is_string(values.type):
        return len(column)
    valid = pc.is_in(values, strings(rule["enum"])) if "enum" in rule else None
    if "pattern" in rule:
        valid = pc.match_substring_regex(values, rule["pattern"])
    if valid is None or pc.all(valid, min_count=0).as_py():
        return 0
    bad = np.flatnonzero(~values_of(valid))
    return int(np.isin(values_of(column.indices.drop_null()), bad).sum())


def _bad_number(column: pa.Array, rule: dict) -> int:
    kind = {"float64": pa.types.is_floating, "bool": pa.types.is_boolean}.get(rule["x-arrow"], pa.types.is_integer)
    if not kind(column.type):
        return len(column)
    if "minimum" not in rule or len(column) == column.null_count:
        return 0
    values = values_of(column.drop_null())
    low, high = values.min(), values.max()  # NaN travels through min and max
    if low >= rule["minimum"] and high <= rule["maximum"]:
        return 0
    return int((~((values >= rule["minimum"]) & (values <= rule["maximum"]))).sum())


class Keys:
    """Running check of the site key over a stream: order, duplicates and, in sorted input, gaps in site_order."""

    def __init__(self) -> None:
        self.rows = 0
        self.sorted = True
        self.duplicates = 0
        self.gaps = 0
        self._last: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None

    def add(self, merchant: np.ndarray, country: np.ndarray, order: np.ndarray) -> None:
        """Next batch: merchant uint64, country uint16 codes (alphabetical order), order int32."""
        if self._last is None:
            self.gaps += int(len(order) and order[0] != 1)
        else:
            merchant, country, order = (
                np.concatenate(pair) for pair in zip(self._last, (merchant, country, order), strict=True)
            )
            self.rows -= 1
        self.rows += len(merchant)
        self._last = tuple(part[-1:].copy() for part in (merchant, country, order))
        same_merchant, same_country = merchant[1:] == merchant[:-1], country[1:] == country[:-1]
        same_pair = same_merchant & same_country
        backwards = (merchant[1:] < merchant[:-1]) | (same_merchant & (country[1:] < country[:-1]))
        backwards |= same_pair & (order[1:] < order[:-1])
        self.sorted &= not backwards.any()
        self.duplicates += int((same_pair & (order[1:] == order[:-1])).sum())
        self.gaps += int(np.where(same_pair, order[1:] > order[:-1] + 1, order[1:] != 1).sum())


def country_column(batch: pa.RecordBatch) -> np.ndarray:
    """`legal_country_iso` as uint16 codes."""
    column = batch["legal_country_iso"]
    return country_codes(column.dictionary.to_pylist())[values_of(column.indices)]


def country_categories(codes: np.ndarray) -> pa.DictionaryArray:
    """`legal_country_iso` from uint16 codes (N,), its dictionary in order and no longer than needed."""
    present = np.flatnonzero(np.bincount(codes, minlength=65536))
    return categorical(np.searchsorted(present, codes), [country_name(code) for code in present.tolist()])


def key_columns(batch: pa.RecordBatch) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Site key of a batch: merchant uint64, country uint16 codes, order int32."""
    merchant = values_of(batch["merchant_id"]).astype(np.uint64, copy=False)
    order = values_of(batch["site_order"]).astype(np.int32, copy=False)
    return merchant, country_column(batch), order
