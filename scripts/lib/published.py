"""What lies at the path of a dataset: its parts, a bundle's flag, or the words that it was withheld.

A reader that knows the first part alone loses the rest without a word, so every list of parts is judged here. A bundle
has passed when `_passed.flag` holds one line, the digest of its files; 1B and 2A differ in which files that covers
(states.md §2 and §7). An empty table in place of a withheld dataset would be an egress to whoever does not know us, so
a short text replaces it, or a JSON object that its schema refuses. Standard library only: `verify` reads flags too.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from scripts.lib.files import is_digest, read_json, write_json, write_text

FLAG_NAME, INDEX_NAME = "_passed.flag", "index.json"
MARK = "withheld: "
TEXT = """{mark}{codes}
{dataset} was not published: its state failed or was blocked. This text stands in for it, and holds no rows.
The state's run report, below reports/layer1/2A/ of this run root, says why.
"""
_PART = re.compile(r"part-(\d{5})\.parquet")
_LINE = re.compile(rb"sha256_hex = (.{64})\n?")


def part_name(number: int) -> str:
    """Name of the part with this number, from 0."""
    return f"part-{number:05d}.parquet"


def part_faults(names: Iterable[str]) -> list[str]:
    """What is wrong with the files of one partition, given by name or path: none, strangers, gaps in the numbers."""
    found = sorted(PurePosixPath(name).name for name in names)
    numbers = {int(match[1]) for name in found if (match := _PART.fullmatch(name))}
    strangers = [name for name in found if not _PART.fullmatch(name)]
    gaps = [part_name(number) for number in range(max(numbers, default=0) + 1) if number not in numbers]
    faults = [f"{name} is no part: parts are {part_name(0)}, {part_name(1)}, ..." for name in strangers]
    return faults + [f"{name} is missing" for name in gaps]


class NoFlag(ValueError):
    """These bytes are not `sha256_hex = ` and 64 characters."""


class NoDigest(NoFlag):
    """The 64 characters are not lower-case hex digits."""


def flag_text(digest: str) -> str:
    """What a writer puts into `_passed.flag`: 78 bytes, of which the last is a line feed."""
    return f"sha256_hex = {digest}\n"


def flag_digest(data: bytes) -> str:
    """The digest that the bytes of a flag state, with or without the line feed; raises `NoFlag` or `NoDigest`."""
    match = _LINE.fullmatch(data)
    if not match:
        raise NoFlag("the flag is not `sha256_hex = <64 hex>`")
    digest = match[1].decode("latin-1")
    if not is_digest(digest):
        raise NoDigest("the flag's digest is not 64 lower-case hex digits")
    return digest


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
    return bool(withheld_codes(path))
