"""The only reader of a result tree, and what is known of it so far. Standard library only.

Nothing in the tree is trusted: no link is followed, no pipe waited for, and what cannot be read is a finding.
"""

import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from scripts.archive.sums import CRATE, SUMS
from scripts.lib.files import CHUNK, parse_json
from scripts.lib.lineage import MALFORMED, Lineage, is_path

PLACES = "results/((archive|reference|runs/[^/]+/(certification|policy|seed=[^/]+)|upstream/[^/]+/seed=[^/]+)/)?"
CACHES = r"results/(verify|gate)\.log|\.snakemake(/.*)?|scripts/(.*/)?__pycache__/.*"
EXEMPT = re.compile(rf"{PLACES}(logs|benchmarks)/.*|{CACHES}")
LARGEST = 1 << 28  # bytes of a file whose content is looked into
LAST = 1 << 20  # rank of what is a consequence, or has no place in the chain
T = TypeVar("T")


class Finding(NamedTuple):
    """One broken link; `rank` is its distance from the sources, so that the first is the cause of later ones."""

    rank: int
    path: str
    word: str  # changed, missing or unexplained
    why: str

    def __str__(self) -> str:
        return f"{self.word}: {printable(self.path)}\n    {printable(self.why)}"


class Broken(Exception):
    """A file that cannot be read, or does not hold what it must."""

    def __init__(self, path: str, why: str, word: str = "changed"):
        super().__init__(why)
        self.path, self.why, self.word = path, why, word


class Made(NamedTuple):
    """The bytes that a file was made with, and the record that says so."""

    sha256: str
    record: str


def printable(text: str) -> str:
    """`text` on one line, whatever a name or the content of a file has put into it."""
    return text if text.isprintable() else ascii(text)


class Tree:
    """A result tree and what was found so far: one finding a file, the first one stays."""

    def __init__(self, root: str | Path):
        self.root = Path(root)
        self.findings: dict[str, Finding] = {}
        self.records: dict[str, Lineage] = {}
        self.made: dict[str, Made] = {}
        self.explained: set[str] = set()  # known without a digest: a record that is itself broken
        self.absent: dict[str, str] = {}  # left out of an archive or pruned, known by digest
        self.listed: set[str] = set()  # an archive's own files
        self.pruned: set[str] = set()  # roots of runs whose data were deleted
        self._digests: dict[str, str] = {}
        self._unread: dict[str, Broken] = {}
        self.is_archive = any(os.path.lexists(self.root / name) for name in (SUMS, CRATE))
        self.names = self._scan("" if self.is_archive else "results")
        self.files = [path for path in self.names if not EXEMPT.fullmatch(path)]

    def _scan(self, top: str) -> list[str]:
        """Everything but folders below `top`, sorted; a top folder such as results/ may lie on another disk."""
        found: list[str] = []
        folders = [top]
        while folders:
            folder = folders.pop()
            try:
                for entry in os.scandir(self.root / folder):
                    path = f"{folder}/{entry.name}".lstrip("/")
                    is_folder = entry.is_dir(follow_symlinks=not folder) and path != ".snakemake"
                    (folders if is_folder else found).append(path)
            except FileNotFoundError:
                self.add(-3, "missing", folder or ".", "No such folder: give the project or an unpacked archive.")
            except OSError as problem:
                self.add(-3, "changed", folder or ".", f"It cannot be read: {problem.strerror}.")
        return sorted(found)

    def add(self, rank: int, word: str, path: str, why: str) -> None:
        self.findings.setdefault(path, Finding(rank, path, word, why))

    def clean(self, *places: str) -> bool:
        """Whether nothing was found at or below these paths: a seal over a changed file says nothing new."""
        return not any(path.startswith(places) for path in self.findings)

    def chunks(self, path: str, largest: int | None = None) -> Iterator[bytes]:
        """The bytes of a file; raises `Broken` for whatever is no readable, regular file inside the tree."""
        try:
            if not is_path(path):
                raise Broken(path, "is no path inside the tree")
            found = os.lstat(self.root / path)
            folders = [*Path(path).parents][:-2]
            if stat.S_ISLNK(found.st_mode) or any(os.path.islink(self.root / folder) for folder in folders):
                raise Broken(path, "is a link, not a file")
            if not stat.S_ISREG(found.st_mode):
                raise Broken(path, "is no regular file")
            if largest and found.st_size > largest:
                raise Broken(path, "is too large to be looked into")
            with open(self.root / path, "rb") as stream:
                while chunk := stream.read(CHUNK):
                    yield chunk
        except (FileNotFoundError, NotADirectoryError):
            raise Broken(path, "is not there", "missing") from None
        except OSError as problem:
            raise Broken(path, f"cannot be read: {problem.strerror}") from None

    def bytes(self, path: str) -> bytes:
        return b"".join(self.chunks(path, LARGEST))

    def text(self, path: str) -> str:
        try:
            return self.bytes(path).decode("utf-8")
        except ValueError:
            raise Broken(path, "is no UTF-8 text") from None

    def json(self, path: str) -> Any:
        try:
            return parse_json(self.text(path))
        except ValueError:
            raise Broken(path, "is no JSON") from None

    def parsed(self, path: str, read: Callable[[str], T]) -> T:
        """A text file as `read` takes it, whose ValueError says what is wrong with it."""
        try:
            return read(self.text(path))
        except ValueError as problem:
            raise Broken(path, str(problem)) from None

    def digest(self, path: str) -> str | None:
        """SHA-256 of a file; None when it has none. A file that is lawfully absent has its stated one."""
        if path not in self._digests and path not in self._unread:
            try:
                self._digests[path] = self.joint_digest([path])
            except Broken as broken:
                self._unread[path] = broken
        if path in self._unread:
            return self.absent.get(path) if self._unread[path].word == "missing" else None
        return self._digests[path]

    def joint_digest(self, paths: Iterable[str]) -> str:
        """SHA-256 over the bytes of several files in the order given."""
        digest = hashlib.sha256()
        for chunk in (chunk for path in paths for chunk in self.chunks(path)):
            digest.update(chunk)
        return digest.hexdigest()

    def gone(self, rank: int, path: str, why: str) -> None:
        """Report a file without digest: missing, which matters for the reason given, or there and unreadable."""
        broken = self._unread[path]
        self.add(rank, broken.word, path, why if broken.word == "missing" else f"It {broken.why}.")

    def compare(self, rank: int, path: str, wanted: str, source: str) -> None:
        """One file against the digest that `source` states."""
        found = self.digest(path)
        if found is None:
            self.gone(rank, path, f"{source} says that it was there.")
        elif found != wanted:
            self.add(rank, "changed", path, f"sha256 is {found[:12]}, {source} says {wanted[:12]}.")

    @contextmanager
    def guarded(self, rank: int, path: str, *places: str) -> Iterator[None]:
        """What cannot be read or followed in here is a finding, unless one at `places` (else `path`) says why."""
        try:
            yield
            return
        except Broken as broken:
            if broken.word == "missing" and broken.path in self.absent:
                return  # known by digest only: there is nothing to look into
            found, word, why = broken.path, broken.word, f"It {broken.why}."
        except MALFORMED as problem:
            found, word = path, "changed"
            why = f"It does not hold what its job wrote: {type(problem).__name__} {problem}."
        if self.clean(*(places or (path,))):
            self.add(rank, word, found, why)
