"""The lineage record: which bytes one job read and which it made, with the code, parameters and packages that did it.

The job wrapper writes it, `verify` and the archive walk it. It holds its own path and digest, so that an edited or a
misplaced record shows, and no time, host or absolute path, so that it is itself reproducible. Standard library only.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.lib.files import is_digest, parse_json, pretty_json, sha256_file, sha256_text
from scripts.lib.records import plain, record

MALFORMED = (LookupError, TypeError, ValueError, AttributeError, RecursionError)  # what a value of another form raises


@dataclass(frozen=True, order=True)
class HashedFile:
    """A file by its bytes: path below the project, hex SHA-256, size."""

    path: str
    sha256: str
    bytes: int

    @classmethod
    def of(cls, path: str | Path) -> "HashedFile":
        return cls(str(path), sha256_file(path), Path(path).stat().st_size)

    @property
    def is_sound(self) -> bool:
        return is_path(self.path) and is_digest(self.sha256) and type(self.bytes) is int


Files = tuple[HashedFile, ...]


@dataclass(frozen=True)
class Lineage:
    """One job: `inputs` and `outputs` by the names that its rule gives them, `record` the path of the record itself."""

    record: str
    rule: str
    wildcards: dict[str, str]
    code: Files
    inputs: dict[str, Files]
    after: tuple[str, ...]  # waited for, never opened
    outputs: dict[str, Files]
    extra_outputs: Files  # those that may lawfully be absent
    params: dict[str, Any]
    software: dict[str, str]

    @property
    def read(self) -> Files:
        return tuple(file for group in self.inputs.values() for file in group)

    @property
    def made(self) -> Files:
        return (*(file for group in self.outputs.values() for file in group), *self.extra_outputs)

    def text(self) -> str:
        """The one form in which a record is written."""
        value = plain(self)
        return pretty_json({**value, "record_sha256": sha256_text(pretty_json(value))})


def read_lineage(text: str) -> Lineage:
    """The record in `text`; raises ValueError unless it is, to the byte, as a job writes it of files of the project."""
    try:
        found: Lineage = record(Lineage, parse_json(text))
        sound = found.text() == text and _is_sound(found)
    except MALFORMED:
        sound = False
    if not sound:
        raise ValueError("is not as a job wrote it")
    return found


def _is_sound(found: Lineage) -> bool:
    return (
        all(isinstance(value, str) for value in (found.record, found.rule, *found.wildcards.values()))
        and all(file.is_sound for file in (*found.made, *found.read, *found.code))
        and all(file.path.startswith("results/") for file in found.made)
        and all(found.outputs.values())
    )


def is_path(value: object) -> bool:
    """Whether a value names a place inside the project, on one line."""
    return isinstance(value, str) and value.isprintable() and not {"", ".", ".."} & set(value.split("/"))
