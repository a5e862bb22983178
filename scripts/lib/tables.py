"""Parquet with fixed options, so that equal rows are equal bytes."""

import json
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


def constant(value: str, rows: int) -> pa.DictionaryArray:
    """A dictionary-encoded column that holds `value` in every row."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), [value])


def categorical(codes: np.ndarray, values: list[str]) -> pa.DictionaryArray:
    """A dictionary-encoded column from int codes into `values`; a negative code is null."""
    codes = codes.astype(np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), pa.array(values, pa.string()))


def open_table(path: str | Path) -> pq.ParquetFile:
    """A Parquet file whose strings are read dictionary-encoded."""
    with pq.ParquetFile(path) as plain:
        strings = [field.name for field in plain.schema_arrow if field.type == pa.string()]
    return pq.ParquetFile(path, read_dictionary=strings, pre_buffer=True)


def withheld_codes(path: str | Path) -> list[str]:
    """The reason codes of a withheld dataset, empty for a published one."""
    metadata = pq.read_metadata(path).metadata or {}
    return json.loads(metadata.get(b"withheld", b"[]"))
