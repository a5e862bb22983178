"""Tables as text: CSV that the next script reads back equal, Markdown for people."""

from pathlib import Path

import pandas as pd

from scripts.lib.files import write_text


def write_csv(path: str | Path, frame: pd.DataFrame, digits: int | None = None) -> None:
    """Publish `frame` as CSV, floats as the shortest text that reads back equal, or to `digits` digits."""
    write_text(path, frame.to_csv(index=False, lineterminator="\n", float_format=f"%.{digits}g" if digits else None))


def read_csv(path: str | Path) -> pd.DataFrame:
    """A CSV of ours; only empty cells are missing, as NA is Namibia."""
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


def markdown(frame: pd.DataFrame) -> str:
    """A Markdown table."""
    rows = [list(frame.columns), ["---"] * len(frame.columns), *frame.astype(str).to_numpy().tolist()]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def number(value: float | None) -> str:
    """Six significant digits, empty for nothing; zero has no sign."""
    return "" if value is None else f"{value + 0.0:.6g}"
