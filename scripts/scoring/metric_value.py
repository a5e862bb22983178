"""The value of a metric, or why there is none: it is never 0 for want of rows (certification.md A13).

Numbers that decide are exact: quotients of counts, held against the decimals that thresholds are written as. A float
holds neither 0.85 nor 425/500: `(a - b) / n <= 0.85` is asked as `20 (a - b) <= 17 n`, by fractions.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Number = float | Fraction


def exact(value: Number) -> Fraction:
    """A quotient as it is; a float as the shortest decimal that reads back as that float: 0.85 is 17/20."""
    return value if isinstance(value, Fraction) else Fraction(repr(float(value)))


def quotient(part: int, whole: int) -> Fraction:
    """part / whole, 0 for an empty whole."""
    return Fraction(int(part), int(whole)) if whole else Fraction(0)


def root(square: Fraction) -> float:
    """The square root of a quotient; where that is a quotient too, it is rounded once and so equals its decimal."""
    above, below = math.isqrt(square.numerator), math.isqrt(square.denominator)
    if above * above == square.numerator and below * below == square.denominator:
        return float(Fraction(above, below))
    return math.sqrt(square)


@dataclass(frozen=True)
class MetricValue:
    """A value over `n` units, or None with the reason; `rows` are the sites behind it where that varies.

    `exact` is the quotient of counts that the value rounds, as `17/20`; a logarithm has none.
    """

    value: float | None
    n: int
    reason: str | None = None
    rows: int | None = None
    exact: str | None = None

    @property
    def number(self) -> Number | None:
        """What gates are held against."""
        return self.value if self.exact is None else Fraction(self.exact)

    def to_json(self) -> dict[str, Any]:
        optional = {"reason": self.reason, "rows": self.rows, "exact": self.exact}
        known = {key: value for key, value in optional.items() if value is not None}
        return {"status": "not_computable" if self.value is None else "ok", "value": self.value, "n": self.n} | known


def available(value: Number, n: int) -> MetricValue:
    """A computed metric with the number of units behind it."""
    return MetricValue(float(value), int(n), exact=str(value) if isinstance(value, Fraction) else None)


def unavailable(reason: str) -> MetricValue:
    """A metric that could not be computed; its gate fails."""
    return MetricValue(None, 0, reason)


WITHHELD = unavailable("no rows: site_timezones was withheld or is empty")
