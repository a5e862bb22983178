"""Streams of site tables: the checks that every state makes on its rows, batch by batch."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scripts.lib.contracts import columns, schema
from scripts.lib.errors import Abort
from scripts.lib.policy import country_codes
from scripts.lib.tables import open_table

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


def batches(table: pq.ParquetFile, schema_ref: str, code: str) -> Iterator[pa.RecordBatch]:
    """Batches in file order, each checked for types, nulls, ranges and patterns; raises `code`."""
    properties = schema(schema_ref)["properties"]
    try:
        for batch in table.iter_batches(batch_size=BATCH, columns=list(properties)):
            check_batch(batch, properties, code)
            yield batch
    except (OSError, pa.ArrowException) as problem:
        raise Abort(code, f"unreadable rows: {str(problem)[:120]}") from None


def check_batch(batch: pa.RecordBatch, properties: dict, code: str) -> None:
    """Raise `code` with the number of rows of the first column that breaks its schema; no row content is shown."""
    for name, rule in properties.items():
        column = batch[name]
        if column.null_count and not rule.get("x-nullable"):
            raise Abort(code, f"{column.null_count} nulls in {name}", column=name)
        bad = _bad_text(column, rule) if rule["x-arrow"] == "string" else _bad_number(column, rule)
        if bad:
            raise Abort(code, f"{bad} rows break the rule of {name}", column=name)


def _bad_text(column: pa.Array, rule: dict) -> int:
    if not pa.types.is_dictionary(column.type):
        return len(column)
    values = column.dictionary
    if not pa.types.is_string(values.type):
        return len(column)
    valid = pc.is_in(values, pa.array(rule["enum"])) if "enum" in rule else None
    if "pattern" in rule:
        valid = pc.match_substring_regex(values, rule["pattern"])
    if valid is None or pc.all(valid, min_count=0).as_py():
        return 0
    bad = np.flatnonzero(~valid.to_numpy(zero_copy_only=False))
    return int(pc.sum(pc.is_in(column.indices, pa.array(bad, column.indices.type))).as_py() or 0)


def _bad_number(column: pa.Array, rule: dict) -> int:
    kind = {"float64": pa.types.is_floating, "bool": pa.types.is_boolean}.get(rule["x-arrow"], pa.types.is_integer)
    if not kind(column.type):
        return len(column)
    if "minimum" not in rule or len(column) == column.null_count:
        return 0
    values = column.drop_null().to_numpy(zero_copy_only=False)
    low, high = values.min(), values.max()  # NaN travels through min and max
    if low >= rule["minimum"] and high <= rule["maximum"]:
        return 0
    return int((~((values >= rule["minimum"]) & (values <= rule["maximum"]))).sum())


class Keys:
    """Running check of the site key over a stream: order, duplicates, and contiguity across batches."""

    def __init__(self) -> None:
        self.rows = 0
        self.sorted = True
        self.duplicates = 0
        self._last: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None

    def add(self, merchant: np.ndarray, country: np.ndarray, order: np.ndarray) -> None:
        """Next batch: merchant uint64, country uint16 codes (alphabetical order), order int32."""
        if self._last is not None:
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


def country_column(batch: pa.RecordBatch) -> np.ndarray:
    """`legal_country_iso` as uint16 codes."""
    column = batch["legal_country_iso"]
    return country_codes(column.dictionary.to_pylist())[column.indices.to_numpy()]


def key_columns(batch: pa.RecordBatch) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Site key of a batch: merchant uint64, country uint16 codes, order int32."""
    merchant = batch["merchant_id"].to_numpy(zero_copy_only=False).astype(np.uint64, copy=False)
    order = batch["site_order"].to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    return merchant, country_column(batch), order
