"""What lies at the path of a dataset that its state did not publish: a declared output, and no dataset for any reader.

An empty table would be an egress to whoever does not know us, so a table or a binary file is replaced by a short text,
and a JSON document by an object that its schema refuses. Standard library only.
"""

from collections.abc import Sequence
from pathlib import Path

from scripts.lib.files import read_json, write_json, write_text

MARK = "withheld: "
TEXT = """{mark}{codes}
{dataset} was not published: its state failed or was blocked. This text stands in for it, and holds no rows.
The state's run report, below reports/layer1/2A/ of this run root, says why.
"""


def withhold(dataset: str, path: str, codes: Sequence[str]) -> None:
    """Leave at `path`, in place of `dataset`, that it was withheld, for which reason `codes`."""
    if path.endswith(".json"):
        write_json(path, {"withheld": list(codes)})
    else:
        write_text(path, TEXT.format(mark=MARK, codes=" ".join(codes), dataset=dataset))


def withheld_codes(path: str | Path) -> list[str]:
    """The reason codes of a withheld dataset; empty for a published one, and for a file that cannot be read."""
    try:
        if str(path).endswith(".json"):
            found = read_json(path)
            return list(found["withheld"]) if isinstance(found, dict) and "withheld" in found else []
        with open(path, "rb") as stream:
            line = stream.readline(1 << 12)
    except (OSError, ValueError):
        return []
    return line.decode().removeprefix(MARK).split() if line.startswith(MARK.encode()) else []


def is_withheld(path: str | Path) -> bool:
    """Whether the dataset at `path` was withheld."""
    return bool(withheld_codes(path))
