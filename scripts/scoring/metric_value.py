"""The value of a metric, or why there is none: it is never 0 for want of rows (certification.md A13)."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class MetricValue:
    """A value over `n` units, or None with the reason; `rows` are the sites behind it where that varies."""

    value: float | None
    n: int
    reason: str | None = None
    rows: int | None = None

    @property
    def status(self) -> str:
        return "not_computable" if self.value is None else "ok"

    def to_json(self) -> dict[str, Any]:
        optional = {"reason": self.reason, "rows": self.rows}
        known = {key: value for key, value in optional.items() if value is not None}
        return {"status": self.status, "value": self.value, "n": self.n} | known


def available(value: float, n: int) -> MetricValue:
    """A computed metric with the number of units behind it."""
    return MetricValue(float(value), int(n))


def unavailable(reason: str) -> MetricValue:
    """A metric that could not be computed; its gate fails."""
    return MetricValue(None, 0, reason)


WITHHELD = unavailable("no rows: site_timezones was withheld or is empty")
