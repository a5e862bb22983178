"""Site tables as streams of even batches, each held to the schema of its rows (states.md §1)."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scripts.lib.contracts import arrow_schema, columns, schema
from scripts.lib.errors import Breach, Fault
from scripts.lib.tables import encoded, open_table, plain_text, strings, values_of

BATCH = 1 << 18
Rule = dict[str, Any]  # the schema of one column


class Table(NamedTuple):
    """A table of the contract: the dataset that it is and the schema of its rows.

    Nulls and values of the columns `counted` are left to the reader, who counts them.
    """

    dataset: str
    schema_ref: str
    counted: tuple[str, ...] = ()


def open_checked(table: Table, *paths: str) -> int:
    """Rows of a table as the footers of all its parts state them; each part must have exactly the schema's columns.

    Raises `Fault` MISSING or CONTENT; a part without rows is none.
    """
    rows = 0
    for path in paths:
        file = _open(table, path)
        if not file.metadata.num_rows and len(paths) > 1:
            raise Fault(Breach.CONTENT, table.dataset, "a part without rows", path=path)
        rows += file.metadata.num_rows
    return rows


def _open(table: Table, path: str) -> pq.ParquetFile:
    if not Path(path).is_file():
        raise Fault(Breach.MISSING, table.dataset, "table is missing", path=path)
    try:
        file = open_table(path)
    except (OSError, pa.ArrowException) as problem:
        message = f"not a readable Parquet file: {str(problem)[:120]}"
        raise Fault(Breach.CONTENT, table.dataset, message, path=path) from None
    found, wanted = file.schema_arrow.names, columns(table.schema_ref)
    if sorted(found) != sorted(wanted):
        odd = sorted(set(found) ^ set(wanted)) or found
        message = f"columns differ from the contract: {', '.join(odd)}"
        raise Fault(Breach.CONTENT, table.dataset, message, path=path)
    return file


def batches(table: Table, *paths: str, only: Sequence[str] = ()) -> Iterator[pa.RecordBatch]:
    """Batches of `BATCH` rows over all parts in the order given, each checked for types, nulls, ranges and patterns.

    With `only` the columns of these names, in any order, else all.

    Their size does not depend on row groups or parts, so what is written batch by batch does not either; their types
    are the schema's, text dictionary-encoded, whatever Arrow layout and whatever width of integers the writer chose.
    Raises `Fault` CONTENT: at the dataset for a file that is no such table, at `dataset.rows` for what its rows hold.
    """
    yield from even(batch for path in paths for batch in _checked(table, path, only or columns(table.schema_ref)))


def _checked(table: Table, path: str, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The rows of one part as its row groups hold them, each batch checked and brought to the schema's types."""
    rules = schema(table.schema_ref)["properties"]
    file = _open(table, path)
    kinds = {field.name: field.type for field in encoded(arrow_schema(table.schema_ref))}
    try:
        for batch in file.iter_batches(batch_size=BATCH, columns=list(names)):
            found = {name: plain_text(batch[name]) for name in names}
            for name in names:
                if problem := _problem(found[name], rules[name], values=name not in table.counted):
                    where = {"column": name, "path": path}
                    raise Fault(Breach.CONTENT, f"{table.dataset}.rows", f"{problem} {name}", **where)
            yield pa.record_batch({name: column.cast(kinds[name]) for name, column in found.items()})
    except (OSError, pa.ArrowException) as problem:
        message = f"unreadable rows: {str(problem)[:120]}"
        raise Fault(Breach.CONTENT, f"{table.dataset}.rows", message, path=path) from None


def even(stream: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
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


def _problem(column: pa.Array, rule: Rule, *, values: bool) -> str:
    """What is wrong with a column and in how many rows, empty if nothing is; no row content is shown."""
    if not _right_type(column, rule):
        return f"{len(column)} rows break the rule of"
    if not values:
        return ""
    if column.null_count and not rule.get("x-nullable"):
        return f"{column.null_count} nulls in"
    bad = _bad_text(column, rule) if rule["x-arrow"] == "string" else _bad_number(column, rule)
    return f"{bad} rows break the rule of" if bad else ""


def _right_type(column: pa.Array, rule: Rule) -> bool:
    kind = rule["x-arrow"]
    if kind == "string":
        return bool(pa.types.is_dictionary(column.type) and pa.types.is_string(column.type.value_type))
    kinds = {"float64": pa.types.is_floating, "bool": pa.types.is_boolean}
    return bool(kinds.get(kind, pa.types.is_integer)(column.type))


def _bad_text(column: pa.DictionaryArray, rule: Rule) -> int:
    """Rows whose value breaks the rule; nulls do not."""
    values = column.dictionary
    valid = pc.is_in(values, strings(rule["enum"])) if "enum" in rule else None
    if "pattern" in rule:
        valid = pc.match_substring_regex(values, rule["pattern"])
    if valid is None or pc.all(valid, min_count=0).as_py():
        return 0
    bad = np.flatnonzero(~values_of(valid))
    return int(np.isin(values_of(column.indices.drop_null()), bad).sum())


def _bad_number(column: pa.Array, rule: Rule) -> int:
    if "minimum" not in rule or len(column) == column.null_count:
        return 0
    values = values_of(column.drop_null())
    low, high = values.min(), values.max()  # NaN travels through min and max
    if low >= rule["minimum"] and high <= rule["maximum"]:
        return 0
    return int((~((values >= rule["minimum"]) & (values <= rule["maximum"]))).sum())
