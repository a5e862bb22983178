"""Numbers as people read them: shares as per cent, few digits, and never 0 % or 100 % for what is not quite that."""

import math
from collections.abc import Callable
from functools import wraps

Show = Callable[[float | int | None], str]


def _or_dash(show: Callable[[float], str]) -> Show:
    """`show`, with a dash where there is nothing to show."""

    @wraps(show)
    def shown(value: float | int | None) -> str:
        return "–" if value is None or math.isnan(value) else show(value)

    return shown


@_or_dash
def percent(value: float) -> str:
    """A share as per cent: whole ones, more digits near 0 and 1, where they decide."""
    rest = min(abs(value), abs(1 - value)) * 100
    near_one = abs(1 - value) < abs(value)  # there the rest to 100 % is what counts, and one digit of it tells enough
    digits = 0 if rest == 0 or rest >= 9.5 else max(0, (0 if near_one else 1) - math.floor(math.log10(rest)))
    text = _plain(value * 100, min(digits, 6))
    if text in ("0", "100") and rest:  # closer than six digits tell: say on which side
        text = "<0.000001" if text == "0" else ">99.9999"
    return f"{text}\u00a0%"


@_or_dash
def decimal(value: float) -> str:
    """A number without unit: three significant digits, no exponent, zero without sign."""
    if value == 0 or math.isinf(value):
        return "0" if value == 0 else "∞"
    size = math.floor(math.log10(abs(value)))
    return _plain(value, min(8, max(0, (2 if size >= -1 else 1) - size)))


@_or_dash
def count(value: float) -> str:
    """A whole number with thousands apart."""
    return f"{value:,.0f}".replace(",", "\u202f")


@_or_dash
def kilometres(value: float) -> str:
    """A distance: two digits below 10 km, whole kilometres above."""
    return f"{value:.1f}\u00a0km" if value < 10 else f"{count(value)}\u00a0km"


def show_of(unit: str) -> Show:
    """How values of a metric with this unit (metrics.yaml) are shown."""
    if unit.startswith("share"):
        return percent
    return count if unit in ("countries", "overrides") else decimal


def _plain(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", "−")
