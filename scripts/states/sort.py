"""Put a site table into key order without holding it in memory: deal it by key range, sort each range, append them."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa

from scripts.lib.contracts import arrow_schema
from scripts.lib.tables import ROW_GROUP, column_of, encoded, stream_writer
from scripts.states.site_key import key_columns
from scripts.states.sites import Table, batches, open_checked

SORT_MEMORY_MB = 1024  # no configuration: it moves no result, so another machine's value must not rerun anything
SAMPLED = 97  # every so many rows tell where the key ranges end
COPIES = 4  # a range in memory: as read, in one piece, in order, and the keys that order it


@contextmanager
def sorted_copy(table: Table, paths: Sequence[str], memory_mb: int) -> Iterator[str]:
    """Yield the path of a temporary copy of all parts of `table` in key order, made in about `memory_mb` of memory.

    It lies in the folder for temporary files, which must have room for the table twice, and is gone at the end.
    Raises `Fault` CONTENT for rows that break the schema.
    """
    folder = Path(tempfile.mkdtemp(prefix="segment2a-sort-"))
    try:
        target = folder / "sorted.parquet"
        write_sorted(table, paths, target, range_rows=max(1, (memory_mb << 20) // (COPIES * _row_bytes(table))))
        yield str(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_sorted(table: Table, paths: Sequence[str], target: Path, *, range_rows: int) -> None:
    """Write the rows of all parts in key order to `target`, about `range_rows` of them in memory at a time.

    The unsorted ranges lie beside `target` until they are appended to it. Rows of equal key keep their order.
    """
    rows = open_checked(table, *paths)
    sample = [_keys(batch)[::SAMPLED].copy() for batch in batches(table, *paths)]
    ranges = _deal(batches(table, *paths), _bounds(sample, -(-rows // range_rows)), target.parent)
    with stream_writer(target, _columns(table)) as out:
        for dealt in ranges:
            out.write_table(_sorted(dealt), row_group_size=ROW_GROUP)
            dealt.unlink()
            pa.default_memory_pool().release_unused()


def _columns(table: Table) -> pa.Schema:
    """The columns as `batches` gives them; a value that the reader counts may be null."""
    return pa.schema([(field.name, field.type) for field in encoded(arrow_schema(table.schema_ref))])


def _row_bytes(table: Table) -> int:
    """Bytes of a row in memory; text is 32-bit numbers of a dictionary."""
    fields = _columns(table)
    return sum(4 if pa.types.is_dictionary(field.type) else -(-field.type.bit_width // 8) for field in fields)


def _keys(batch: pa.RecordBatch) -> np.ndarray:
    """The key of each row as 14 bytes (N,) that compare as the key does."""
    merchant, country, order = key_columns(batch)
    columns = [merchant.astype(">u8"), country.astype(">u2"), order.astype(">u4")]
    joined = np.concatenate([column.view(np.uint8).reshape(len(batch), -1) for column in columns], axis=1)
    return np.ascontiguousarray(joined).view("S14").reshape(-1)


def _bounds(sample: list[np.ndarray], ranges: int) -> np.ndarray:
    """`ranges - 1` inner bounds that split the sampled keys into ranges of about equal size."""
    ordered = np.sort(np.concatenate(sample)) if sample else np.empty(0, "S14")
    return ordered[np.arange(1, ranges) * len(ordered) // max(ranges, 1)]


def _deal(source: Iterator[pa.RecordBatch], bounds: np.ndarray, folder: Path) -> list[Path]:
    """Write each row to the file of its key range; the files in order, without those that stayed empty."""
    options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
    sinks: dict[int, tuple[Path, pa.ipc.RecordBatchStreamWriter]] = {}
    try:
        for batch in source:
            part = np.searchsorted(bounds, _keys(batch), side="right")
            order = np.argsort(part, kind="stable")
            dealt = batch.take(column_of(order))
            numbers, first = np.unique(part[order], return_index=True)
            for number, start, end in zip(numbers.tolist(), first, [*first[1:], len(batch)], strict=True):
                if number not in sinks:
                    path = folder / f"range-{number:06d}.arrow"
                    sinks[number] = path, pa.ipc.new_stream(path, batch.schema, options=options)
                sinks[number][1].write_batch(dealt.slice(start, end - start))
    finally:
        for _, sink in sinks.values():
            sink.close()
    return [sinks[number][0] for number in sorted(sinks)]


def _sorted(part: Path) -> pa.Table:
    with pa.memory_map(str(part)) as stream:
        table = pa.ipc.open_stream(stream).read_all().unify_dictionaries()
        whole = table.combine_chunks().to_batches()[0]
    merchant, country, order = key_columns(whole)
    return pa.Table.from_batches([whole.take(column_of(np.lexsort((order, country, merchant))))])
