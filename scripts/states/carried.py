"""Whether one table carries what another holds: keys and columns held together row by row (states.md §4, step 7)."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from scripts.lib.tables import values_of
from scripts.states.site_key import key_columns


def altered_rows(before: Iterable[pa.RecordBatch], after: Iterable[pa.RecordBatch], columns: Iterable[str]) -> int:
    """Rows whose site key or whose number in one of `columns` is not what it was; null is no number.

    Both come in batches of the same size; rows that one of the two has not are none of these, as counts tell them.
    """
    names = tuple(columns)
    return sum(_altered(first, second, names) for first, second in zip(before, after, strict=False))


def _altered(before: pa.RecordBatch, after: pa.RecordBatch, columns: tuple[str, ...]) -> int:
    rows = min(len(before), len(after))
    before, after = before.slice(0, rows), after.slice(0, rows)
    altered = np.zeros(rows, bool)
    for old, new in zip(key_columns(before), key_columns(after), strict=True):
        altered |= old != new
    for name in columns:
        altered |= _differs(before[name], after[name])
    return int(altered.sum())


def _differs(old: pa.Array, new: pa.Array) -> np.ndarray:
    set_before, set_after = values_of(old.is_valid()), values_of(new.is_valid())
    other: np.ndarray = values_of(old.fill_null(0.0)) != values_of(new.fill_null(0.0))
    differs: np.ndarray = (set_before != set_after) | (set_before & other)
    return differs
