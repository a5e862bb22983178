"""Digests of what reference data say, not of the bytes they lie in: these differ by compressor, library and machine."""

import gzip
import hashlib
import tarfile
from collections import defaultdict
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq


def table_content(path: str) -> str:
    """Hex SHA-256 over the columns of a Parquet table by name: every value in row order, text with its length."""
    columns: dict[str, Any] = defaultdict(hashlib.sha256)
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=1 << 14):
            for name in batch.schema.names:
                _add(columns[name], batch[name])
    return _whole({name: column.digest() for name, column in columns.items()})


def archive_content(path: str) -> str:
    """Hex SHA-256 over the files of a gzip'd tar by name."""
    with gzip.open(path) as raw, tarfile.open(fileobj=raw, mode="r|") as tar:
        files = {
            member.name.removeprefix("./"): hashlib.sha256(found.read()).digest()
            for member in tar
            if member.isfile() and (found := tar.extractfile(member))
        }
    return _whole(files)


def _add(digest: Any, column: pa.Array) -> None:
    if column.null_count:
        raise ValueError("a column of reference data holds nulls")
    if pa.types.is_binary(column.type) or pa.types.is_string(column.type):
        values = column.cast(pa.binary()).to_pylist()
        digest.update(b"".join(len(value).to_bytes(8, "little") + value for value in values))
    else:
        digest.update(np.ascontiguousarray(column.to_numpy(zero_copy_only=False)).data)


def _whole(parts: dict[str, bytes]) -> str:
    return hashlib.sha256(b"".join(name.encode() + b"\0" + parts[name] for name in sorted(parts))).hexdigest()
