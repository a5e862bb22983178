"""The value of a metric, or why there is none: it is never 0 for want of rows (certification.md A13)."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from scripts.scoring.exact import Number


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
    def status(self) -> str:
        return "not_computable" if self.value is None else "ok"

    @property
    def number(self) -> Number | None:
        """What gates are held against."""
        return self.value if self.exact is None else Fraction(self.exact)

    def to_json(self) -> dict[str, Any]:
        optional = {"reason": self.reason, "rows": self.rows, "exact": self.exact}
        known = {key: value for key, value in optional.items() if value is not None}
        return {"status": self.status, "value": self.value, "n": self.n} | known


def available(value: Number, n: int) -> MetricValue:
    """A computed metric with the number of units behind it."""
    return MetricValue(float(value), int(n), exact=str(value) if isinstance(value, Fraction) else None)


def unavailable(reason: str) -> MetricValue:
    """A metric that could not be computed; its gate fails."""
    return MetricValue(None, 0, reason)


WITHHELD = unavailable("no rows: site_timezones was withheld or is empty")
