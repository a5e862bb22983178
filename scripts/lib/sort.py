"""Sort a Parquet table by its key without holding it in memory: split by key range, sort each part, read in order."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scripts.lib.tables import ROW_GROUP, open_table, writer


@contextmanager
def sorted_copy(path: str, key: list[str], memory_mb: int) -> Iterator[str]:
    """Yield the path of a temporary copy of `path` ordered by `key`; it lies beside nothing of the results.

    Rows are dealt by `key[0]` into ranges of about `memory_mb` / 4 each, as sorting needs the part, its order and a copy.
    """
    folder = Path(tempfile.mkdtemp(prefix="segment2a-sort-"))
    try:
        source = open_table(path)
        row_bytes = max(1, sum(source.metadata.row_group(i).total_byte_size for i in range(source.num_row_groups)))
        parts = max(1, -(-4 * row_bytes // (memory_mb << 20)))
        bounds = _bounds(path, key[0], parts)
        _deal(source, key[0], bounds, folder)
        target = folder / "sorted.parquet"
        schema = source.schema_arrow.remove_metadata()
        with writer(target, schema) as out:
            for part in sorted(folder.glob("part-*.arrow")):
                with pa.memory_map(str(part)) as stream:
                    table = pa.ipc.open_stream(stream).read_all().unify_dictionaries()
                order = [(name, "ascending") for name in key]
                out.write_table(table.sort_by(order), row_group_size=ROW_GROUP)
        yield str(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _bounds(path: str, column: str, parts: int) -> np.ndarray:
    """`parts - 1` inner bounds that split `column` into ranges of about equal size."""
    sample = []
    for batch in pq.ParquetFile(path).iter_batches(columns=[column]):
        sample.append(batch[column].to_numpy()[::97])
    return np.quantile(np.concatenate(sample), np.arange(1, parts) / parts, method="nearest")


def _deal(source: pq.ParquetFile, column: str, bounds: np.ndarray, folder: Path) -> None:
    sinks: dict[int, pa.ipc.RecordBatchStreamWriter] = {}
    try:
        for batch in source.iter_batches(batch_size=ROW_GROUP):
            part = np.searchsorted(bounds, batch[column].to_numpy(), side="right")
            for number in np.unique(part).tolist():
                if number not in sinks:
                    options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
                    sinks[number] = pa.ipc.new_stream(
                        folder / f"part-{number:06d}.arrow", batch.schema, options=options
                    )
                sinks[number].write_batch(batch.filter(pa.array(part == number)))
    finally:
        for sink in sinks.values():
            sink.close()
