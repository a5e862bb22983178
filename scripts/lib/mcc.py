"""merchant -> mcc from the sealed merchant_mcc_map (states.md §1.1)."""

from collections.abc import Callable

import numpy as np
import pyarrow.parquet as pq

from scripts.lib.gate import Gate, check_seal


def load_mcc(gate: Gate, path: list[str] | str, needed: bool, code: str) -> Callable[[np.ndarray], np.ndarray] | None:
    """A function merchant uint64 [n] -> mcc int32 [n] (-1 unknown); None when no mcc override exists.

    Raises `code` when the map is needed and is not sealed, missing or changed.
    """
    if not needed:
        return None
    check_seal(code, gate, "merchant_mcc_map", str(path or "merchant_mcc_map"))
    table = pq.read_table(str(path)).sort_by("merchant_id")
    known = table["merchant_id"].to_numpy().astype(np.uint64)
    mcc = table["mcc"].to_numpy().astype(np.int32)

    def mcc_of(merchant: np.ndarray) -> np.ndarray:
        if not len(known):
            return np.full(len(merchant), -1, np.int32)
        at = np.minimum(np.searchsorted(known, merchant), len(known) - 1)
        return np.where(known[at] == merchant, mcc[at], -1).astype(np.int32)

    return mcc_of
