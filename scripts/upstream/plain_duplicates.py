"""Ids that stand twice in a table of any length, in bounded memory: digests on disk, compared bucket by bucket."""

from pathlib import Path

import numpy as np
import pyarrow as pa

BUCKETS = 64
ENTRY = np.dtype([("high", "<u8"), ("low", "<u8"), ("row", "<i8")])
KEYS = ("segment-2A-high.", "segment-2A-low..")  # of two hashes: 128 bits, so that no two ids look alike by chance


class Duplicates:
    """Collects ids below an empty folder; `rows` then names every row whose id stood in an earlier one."""

    def __init__(self, folder: Path):
        self.folder = folder

    def add(self, numbers: np.ndarray, ids: pa.Array) -> None:
        """The ids (binary [n], no nulls) of rows by their numbers [n]."""
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
            with open(self.folder / f"{number}", "ab") as stream:
                stream.write(entries[order[ends[number] : ends[number + 1]]].tobytes())

    def rows(self) -> np.ndarray:
        """int64 [k], in order: the rows whose id an earlier row has."""
        found = [_later_twins(np.fromfile(path, ENTRY)) for path in self.folder.iterdir()]
        return np.sort(np.concatenate([np.empty(0, np.int64), *found]))


def _later_twins(entries: np.ndarray) -> np.ndarray:
    entries = np.sort(entries, order=["high", "low", "row"])
    same = (entries["high"][1:] == entries["high"][:-1]) & (entries["low"][1:] == entries["low"][:-1])
    rows: np.ndarray = entries["row"][1:][same]
    return rows
