"""Facts that know where they come from: a value, the file and the key that hold it, and the way there from the page."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from scripts.lib.files import read_json
from scripts.report.numbers import Show, decimal, exact


@dataclass(frozen=True)
class Fact:
    """A number on the page. `key` is a JSON Pointer into the file at `link`, which is relative to the page."""

    value: float | int | None
    text: str
    link: str
    key: str

    @property
    def title(self) -> str:
        """The exact value and its source, for the reader who hovers."""
        return f"{exact(self.value)}: {PurePosixPath(self.link).name}{self.key}"


@dataclass(frozen=True)
class Document:
    """A JSON file of evidence, its path from the project and its link from the page."""

    path: str
    link: str
    data: Any

    def at(self, *keys: str | int) -> Any:
        """What stands under the keys; KeyError or IndexError where nothing does."""
        found = self.data
        for key in keys:
            found = found[key]
        return found

    def fact(self, *keys: str | int, show: Show = decimal) -> Fact:
        """The number under the keys as a fact."""
        value = self.at(*keys)
        return Fact(value, show(value), self.link, "/" + "/".join(str(key) for key in keys))

    def maybe(self, *keys: str | int, show: Show = decimal) -> Fact | None:
        """The number under the keys, None where a withheld seed has no such key."""
        try:
            return self.fact(*keys, show=show)
        except (KeyError, IndexError, TypeError):
            return None


def document(path: str, page: str) -> Document:
    """Read a JSON file that the page at path `page` links to."""
    return Document(path, link(path, page), read_json(path))


def link(path: str, page: str) -> str:
    """The way from the page to a file: relative, so that it holds wherever the tree or its archive lies."""
    return os.path.relpath(path, PurePosixPath(page).parent).replace(os.sep, "/")


def ordered(found: dict[str, Any], seeds: Sequence[int]) -> dict[str, Any]:
    """`found` by seed in the order of the run: JSON keeps keys as sorted text, 101 before 42. Other keys come last."""
    return {key: found[key] for key in [*map(str, seeds), *found] if key in found}
