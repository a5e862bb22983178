"""Parquet with fixed options, so that equal rows are equal bytes."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scripts.lib.files import staged

ROW_GROUP = 1 << 18
PARQUET = {
    "compression": "zstd",
    "compression_level": 3,
    "version": "2.6",
    "use_dictionary": True,
    "write_statistics": True,
    "store_schema": False,
}


def writer(path: str | Path, schema: pa.Schema) -> pq.ParquetWriter:
    """A Parquet writer with the project's fixed options."""
    return pq.ParquetWriter(path, schema, **PARQUET)


def stream_writer(path: str | Path, schema: pa.Schema) -> pq.ParquetWriter:
    """A writer for rows of sites without end: coordinates, of which no two are alike, get no dictionary."""
    repeating = [field.name for field in schema if field.type != pa.float64()]
    return pq.ParquetWriter(path, schema, **{**PARQUET, "use_dictionary": repeating, "compression_level": 1})


def write_table(path: str | Path, table: pa.Table, **metadata: str) -> None:
    """Publish `table` at `path` in one atomic move."""
    # pandas' own schema metadata hold library versions and are dropped; what shall stay goes into the footer by itself,
    # since Arrow leaves out the metadata of a schema that is not stored.
    with staged(path) as stage, writer(stage, table.schema.remove_metadata()) as out:
        out.write_table(table.replace_schema_metadata(None), row_group_size=ROW_GROUP)
        if metadata:
            out.add_key_value_metadata(dict(sorted(metadata.items())))


def encoded(schema: pa.Schema) -> pa.Schema:
    """`schema` with dictionary-encoded strings: the same Parquet bytes on disk, a tenth of the memory on the way."""
    string = pa.dictionary(pa.int32(), pa.string())
    fields = [field.with_type(string) if field.type == pa.string() else field for field in schema]
    return pa.schema(fields, metadata=schema.metadata)


def column_of(values: np.ndarray, null: np.ndarray | None = None) -> pa.Array:
    """A column over `values` (N,) of numbers or bools, without a copy; rows where `null` (N,) bool is set are null."""
    # Not `pa.array`, which imports pandas to see whether it got a Series: a fifth of a second in every job.
    if values.dtype == np.bool_:
        kind, data = pa.bool_(), np.packbits(values, bitorder="little")
    else:
        kind, data = pa.from_numpy_dtype(values.dtype), np.ascontiguousarray(values)
    valid = None if null is None or not null.any() else pa.py_buffer(np.packbits(~null, bitorder="little"))
    return pa.Array.from_buffers(kind, len(values), [valid, pa.py_buffer(data)])


def values_of(column: pa.Array) -> np.ndarray:
    """The numbers or bools (N,) of a column without nulls; numbers are not copied and cannot be written to."""
    if pa.types.is_boolean(column.type):
        return np.from_dlpack(column.cast(pa.uint8())).view(np.bool_)
    return np.from_dlpack(column)


def strings(values: list[str]) -> pa.Array:
    """A plain text column; see `column_of` for why not `pa.array`."""
    data = [value.encode() for value in values]
    offsets = np.cumsum([0, *map(len, data)]).astype(np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(data))]
    return pa.Array.from_buffers(pa.string(), len(data), buffers)


def constant(value: str, rows: int) -> pa.DictionaryArray:
    """A dictionary-encoded column that holds `value` in every row."""
    return categorical(np.zeros(rows, np.int32), [value])


def categorical(codes: np.ndarray, values: list[str]) -> pa.DictionaryArray:
    """A dictionary-encoded column from int codes into `values`; a negative code is null."""
    codes = codes.astype(np.int32, copy=False)
    return pa.DictionaryArray.from_arrays(column_of(codes, codes < 0), strings(values))


TEXT = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)


def is_text(kind: pa.DataType) -> bool:
    """Whether a column holds text, in whatever layout Arrow has for it."""
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return any(is_kind(kind) for is_kind in TEXT)


def plain_text(column: pa.Array) -> pa.Array:
    """A column of text as dictionary of plain strings with 32-bit indices; any other column as it is."""
    wanted = pa.dictionary(pa.int32(), pa.string())
    if not is_text(column.type) or column.type == wanted:
        return column
    if not pa.types.is_dictionary(column.type):
        return column.cast(pa.string()).dictionary_encode()
    return pa.DictionaryArray.from_arrays(column.indices.cast(pa.int32()), column.dictionary.cast(pa.string()))


def open_table(path: str | Path) -> pq.ParquetFile:
    """A Parquet file whose strings are read dictionary-encoded, one row group at a time."""
    with pq.ParquetFile(path) as plain:
        texts = [field.name for field in plain.schema_arrow if is_text(field.type)]
    # Not pre-buffered, which would hold every byte of the file until the last batch is read.
    return pq.ParquetFile(path, read_dictionary=texts, pre_buffer=False)
