"""Countries as small numbers, so that a country is an array index and a tally of countries an array."""

from collections.abc import Iterable

import numpy as np

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
