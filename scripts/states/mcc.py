"""merchant -> mcc from the sealed merchant_mcc_map (states.md §1.1)."""

from collections.abc import Callable

import numpy as np

from scripts.lib.errors import Abort
from scripts.lib.tables import values_of
from scripts.states.contract_conflicts import check_contracts
from scripts.states.receipt import Receipt, check_sealed
from scripts.states.sites import batches, open_checked

SCHEMA = "schemas.ingress.layer1.yaml#/merchant_mcc_map"


def load_mcc(s0: Receipt, path: list[str] | str, needed: bool, code: str) -> Callable[[np.ndarray], np.ndarray] | None:
    """A function merchant uint64 [n] -> mcc int32 [n] (-1 unknown); None when no mcc override exists.

    Raises `code` when the map is needed and is not sealed, missing, changed, malformed or names a merchant twice.
    """
    if not needed:
        return None
    path = str(path or "merchant_mcc_map")
    check_contracts("merchant_mcc_map")
    check_sealed(s0, "merchant_mcc_map", path)
    rows = list(batches(open_checked(path, SCHEMA, code), SCHEMA, code))
    known, mcc = (
        np.concatenate([np.empty(0, kind), *(values_of(row[name]).astype(kind) for row in rows)])
        for name, kind in (("merchant_id", np.uint64), ("mcc", np.int32))
    )
    order = np.argsort(known, kind="stable")
    known, mcc = known[order], mcc[order]
    if (known[1:] == known[:-1]).any():
        raise Abort(code, "a merchant stands twice in merchant_mcc_map", path=path)

    def mcc_of(merchant: np.ndarray) -> np.ndarray:
        if not len(known):
            return np.full(len(merchant), -1, np.int32)
        at = np.minimum(np.searchsorted(known, merchant), len(known) - 1)
        return np.where(known[at] == merchant, mcc[at], -1).astype(np.int32)

    return mcc_of
