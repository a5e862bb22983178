"""Numbers that decide are exact: quotients of counts, held against the decimals that thresholds are written as.

A float holds neither 0.85 nor 425/500: `(a - b) / n <= 0.85` is asked as `20 (a - b) <= 17 n`, by fractions.
"""

import math
from fractions import Fraction

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
