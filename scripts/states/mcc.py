"""merchant -> mcc from the sealed merchant_mcc_map (states.md §1.1)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from scripts.lib.errors import Breach, Fault
from scripts.lib.tables import values_of
from scripts.states.contract_conflicts import check_contracts
from scripts.states.receipt import Receipt, check_sealed
from scripts.states.sites import Table, batches

MAP = Table("merchant_mcc_map", "schemas.ingress.layer1.yaml#/merchant_mcc_map")


class MccMap(NamedTuple):
    """Merchants uint64 [m], rising, and the mcc int32 [m] of each."""

    merchant: np.ndarray
    mcc: np.ndarray

    def of(self, merchant: np.ndarray) -> np.ndarray:
        """mcc int32 [n] of merchants uint64 [n], -1 unknown."""
        if not len(self.merchant):
            return np.full(len(merchant), -1, np.int32)
        at = np.minimum(np.searchsorted(self.merchant, merchant), len(self.merchant) - 1)
        return np.where(self.merchant[at] == merchant, self.mcc[at], np.int32(-1))


def load_mcc(s0: Receipt, paths: Sequence[str]) -> MccMap:
    """The merchant map whose files are `paths` (none: no map); raises `Fault` unless sealed, lawful and unambiguous.

    A file beside the parts, such as a note of provenance, is sealed with them and not read.
    """
    check_contracts(MAP.dataset)
    check_sealed(s0, MAP.dataset, *paths)
    rows = list(batches(MAP, *(path for path in paths if path.endswith(".parquet"))))
    known, mcc = (
        np.concatenate([np.empty(0, kind), *(values_of(row[name]).astype(kind) for row in rows)])
        for name, kind in (("merchant_id", np.uint64), ("mcc", np.int32))
    )
    order = np.argsort(known, kind="stable")
    known, mcc = known[order], mcc[order]
    if (known[1:] == known[:-1]).any():
        raise Fault(Breach.DUPLICATE, MAP.dataset, "a merchant stands twice in merchant_mcc_map", path=paths[0])
    return MccMap(known, mcc)
