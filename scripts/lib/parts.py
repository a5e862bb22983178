"""The parts of a dataset: a folder of part-00000.parquet, part-00001.parquet, ... which together are one table.

A reader that knows the first part alone loses the rest without a word, so every list of parts is judged here.
"""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

_PART = re.compile(r"part-(\d{5})\.parquet")


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
