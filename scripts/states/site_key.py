"""The site key (merchant_id, legal_country_iso, site_order): as arrays, and its law checked over a stream.

Countries are small numbers, so that a country is an array index and a tally of countries an array.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from scripts.lib.tables import categorical, values_of

KEY = ["merchant_id", "legal_country_iso", "site_order"]
COUNTRIES = 26 * 26  # AA, AB, ... ZZ


def country_codes(iso: Iterable[str]) -> np.ndarray:
    """Two-letter codes (N,) as numbers uint16 below `COUNTRIES`, in alphabetical order."""
    return np.array([(ord(code[0]) - 65) * 26 + ord(code[1]) - 65 for code in iso], dtype=np.uint16)


def country_name(code: int) -> str:
    """The inverse of `country_codes` for one number."""
    return chr(65 + code // 26) + chr(65 + code % 26)


def rows_by_country(country: np.ndarray) -> np.ndarray:
    """How often each country stands in `country` uint16 (N,): int64 [COUNTRIES]."""
    return np.bincount(country, minlength=COUNTRIES)


def named(counts: np.ndarray) -> dict[str, int]:
    """The countries that have a count, in alphabetical order; `counts` is int64 [COUNTRIES]."""
    return {country_name(code): int(counts[code]) for code in np.flatnonzero(counts).tolist()}


class SiteKeys(NamedTuple):
    """Keys of n sites: merchant uint64, country uint16 codes (alphabetical order), order int32, all [n]."""

    merchant: np.ndarray
    country: np.ndarray
    order: np.ndarray

    def at(self, rows: np.ndarray | slice) -> "SiteKeys":
        """The keys of some rows, by number or bool."""
        return SiteKeys(self.merchant[rows], self.country[rows], self.order[rows])


def key_columns(batch: pa.RecordBatch) -> SiteKeys:
    """The site keys of a batch."""
    merchant = values_of(batch["merchant_id"]).astype(np.uint64, copy=False)
    order = values_of(batch["site_order"]).astype(np.int32, copy=False)
    return SiteKeys(merchant, country_column(batch), order)


def country_column(batch: pa.RecordBatch) -> np.ndarray:
    """`legal_country_iso` as uint16 codes."""
    column = batch["legal_country_iso"]
    codes: np.ndarray = country_codes(column.dictionary.to_pylist())[values_of(column.indices)]
    return codes


def country_categories(codes: np.ndarray) -> pa.DictionaryArray:
    """`legal_country_iso` from uint16 codes (N,), its dictionary in order and no longer than needed."""
    present = np.flatnonzero(rows_by_country(codes))
    return categorical(np.searchsorted(present, codes), [country_name(code) for code in present.tolist()])


class KeyCheck:
    """Running check of the site key over a stream: order, duplicates and, in sorted input, gaps in site_order."""

    def __init__(self) -> None:
        self.rows = self.duplicates = self.gaps = 0
        self.sorted = True
        self._last: SiteKeys | None = None

    def add(self, keys: SiteKeys) -> None:
        """The keys of the next batch."""
        self.rows += len(keys.merchant)
        if self._last is None:
            self.gaps += int(len(keys.order) and keys.order[0] != 1)
        else:
            keys = SiteKeys(*(np.concatenate(pair) for pair in zip(self._last, keys, strict=True)))
        self._last = SiteKeys(*(column[-1:].copy() for column in keys))
        merchant, country, order = keys
        same_merchant, same_country = merchant[1:] == merchant[:-1], country[1:] == country[:-1]
        same_pair = same_merchant & same_country
        backwards = (merchant[1:] < merchant[:-1]) | (same_merchant & (country[1:] < country[:-1]))
        backwards |= same_pair & (order[1:] < order[:-1])
        self.sorted &= not backwards.any()
        self.duplicates += int((same_pair & (order[1:] == order[:-1])).sum())
        self.gaps += int(np.where(same_pair, order[1:] > order[:-1] + 1, order[1:] != 1).sum())
