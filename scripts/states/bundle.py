"""The validation bundle of 2A: the law of its index, digest and flag, and of the S4 report in it (states.md §7)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from scripts.lib.contracts import read_document
from scripts.lib.errors import Abort
from scripts.lib.files import canonical_json, sha256_file, tree_files
from scripts.lib.published import FLAG_NAME, INDEX_NAME, NoDigest, NoFlag, flag_digest, flag_text, is_withheld
from scripts.lib.records import plain, record

NO_LEGALITY = "S4 report is missing or withheld"


@dataclass(frozen=True)
class IndexEntry:
    """A file of the bundle, by its path below the root."""

    path: str
    sha256_hex: str


@dataclass(frozen=True)
class Index:
    """`index.json`: every file of the bundle but itself and the flag."""

    files: list[IndexEntry]

    @property
    def paths(self) -> list[str]:
        return [entry.path for entry in self.files]

    @property
    def in_byte_order(self) -> bool:
        return self.paths == sorted(self.paths, key=str.encode)

    def outside(self, root: Path) -> list[str]:
        """Listed paths that lead out of the bundle at `root`."""
        return [path for path in self.paths if not _lies_below(root, path)]

    def digest(self, root: Path) -> str:
        """SHA-256 over the raw bytes of the listed files, in index order."""
        return sha256_file(*(root / path for path in self.paths))


@dataclass(frozen=True)
class Bundle:
    """A bundle that was verified: its index, the digest of its files, and the flag as it lies there."""

    root: Path
    index: Index
    digest: str
    flag: bytes

    @property
    def stated(self) -> str:
        """The digest that the flag states."""
        return flag_digest(self.flag)


def write_index_and_flag(root: Path) -> str:
    """Close a staged bundle; returns its digest."""
    names = [name for name in tree_files(root) if name not in (FLAG_NAME, INDEX_NAME)]
    index = Index([IndexEntry(name, sha256_file(root / name)) for name in names])
    (root / INDEX_NAME).write_text(canonical_json(plain(index)), encoding="ascii")
    digest = index.digest(root)
    (root / FLAG_NAME).write_text(flag_text(digest), encoding="ascii")
    return digest


def verify_bundle(root: Path) -> Bundle:
    """Check index, completeness, digests and flag of a bundle; raises 2A-S5-040..052."""
    if not root.is_dir():
        action = "Check the run root and the fingerprint in the path, or certify first: `snakemake --cores 8 certify`."
        raise Abort("2A-S5-040", "no bundle lies at this path", action=action, path=str(root))
    index = read_index(root)
    for code, message in _faults(root, index):
        raise Abort(code, message, path=str(root))
    try:
        flag = (root / FLAG_NAME).read_bytes()
        stated = flag_digest(flag)
    except OSError:
        raise Abort("2A-S5-052", "the flag is missing or cannot be read", path=str(root)) from None
    except NoFlag as problem:
        code = "2A-S5-051" if isinstance(problem, NoDigest) else "2A-S5-052"
        raise Abort(code, str(problem), path=str(root)) from None
    digest = index.digest(root)
    if stated != digest:
        raise Abort("2A-S5-050", f"flag says {stated[:12]}, files give {digest[:12]}", path=str(root))
    return Bundle(root, index, digest, flag)


def read_index(root: Path) -> Index:
    """`index.json` of the bundle, as its schema says (2A-S5-040, its digests -051)."""
    found, errors = read_document(root / INDEX_NAME, "schemas.2A.yaml#/validation/bundle_index_v1")
    if errors:
        code = "2A-S5-051" if "/sha256_hex: " in errors[0] else "2A-S5-040"
        raise Abort(code, f"index.json invalid: {errors[0]}", path=str(root))
    return record(Index, found)


def _faults(root: Path, index: Index) -> Iterator[tuple[str, str]]:
    """Each way in which the index is not one of exactly these files; a later check rests on the earlier ones."""
    paths = index.paths
    if FLAG_NAME in paths:
        yield "2A-S5-045", "the flag is listed"
    if outside := index.outside(root):
        yield "2A-S5-042", f"{outside[0]!r:.200} leaves the bundle"
    if len(set(paths)) != len(paths):
        yield "2A-S5-043", "a path stands twice"
    if not index.in_byte_order:
        yield "2A-S5-041", "not in byte order"
    if odd := set(paths) ^ (set(tree_files(root)) - {FLAG_NAME, INDEX_NAME}):
        yield "2A-S5-044", f"listed and present files differ: {min(odd)}"
    for entry in index.files:
        try:
            if sha256_file(root / entry.path) != entry.sha256_hex:
                yield "2A-S5-046", f"{entry.path} differs from its digest"
        except OSError as problem:
            yield "2A-S5-046", f"cannot be read: {problem}"


def _lies_below(root: Path, path: str) -> bool:
    """Whether an index path names a place inside the bundle that is no link; one that no file can have does not."""
    try:
        path.encode()
        link = (root / path).is_symlink()
    except (OSError, ValueError):
        return False
    parts = PurePosixPath(path).parts
    return bool(path) and not path.startswith("/") and ".." not in parts and "." not in path.split("/") and not link


def legality_fault(path: Path, seed: int, fingerprint: str) -> str:
    """Why the S4 report at `path` is not a PASS of this partition; empty when it is."""
    if not path.is_file() or is_withheld(path):
        return NO_LEGALITY
    found, errors = read_document(path, "schemas.2A.yaml#/validation/s4_legality_report")
    if errors or found["status"] != "PASS" or (found["seed"], found["manifest_fingerprint"]) != (seed, fingerprint):
        return f"S4 report is not a PASS of this partition {errors[:1]}"
    return ""
