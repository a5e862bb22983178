"""The share matrix of a seed with names for what lies beyond its columns."""

from dataclasses import dataclass

from scripts.report.run_evidence import Seed

OTHER = "OTHER"


@dataclass(frozen=True)
class MatrixRow:
    """One country: its share in each zone of the matrix, and the largest of the zones that have no column."""

    iso: str
    sites: int
    shares: list[float]
    other: float
    largest_other: str | None


@dataclass(frozen=True)
class Matrix:
    """Zones in columns and countries in rows, as in the share matrix of the seed."""

    zones: list[str]
    rows: list[MatrixRow]
    link: str


def share_matrix(seed: Seed) -> Matrix:
    """The matrix as scored; empty for a withheld seed."""
    table = seed.matrix.rows
    zones = [str(name) for name in table.columns if name not in ("country_iso", "site_count", OTHER)]
    counts = seed.zones.rows
    rest = counts[~counts["tzid"].isin(zones)].groupby(["country_iso", "tzid"])[["sites"]].sum().reset_index()
    ordered = rest.sort_values(["sites", "tzid"], ascending=[False, True], kind="stable")
    largest = dict(reversed(list(zip(ordered["country_iso"], ordered["tzid"], strict=True))))
    rows = [
        MatrixRow(
            iso=str(row["country_iso"]),
            sites=int(row["site_count"]),
            shares=[float(row[zone]) for zone in zones],
            other=float(row[OTHER]),
            largest_other=largest.get(row["country_iso"]),
        )
        for row in table.to_dict("records")
    ]
    return Matrix(zones, rows, seed.matrix.link)
