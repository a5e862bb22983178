"""The byte law of the 2A validation bundle: index, digest, flag (states.md §7)."""

from pathlib import Path, PurePosixPath
from typing import Any

from scripts.lib.errors import Abort
from scripts.lib.files import canonical_json, is_digest, read_json, sha256_file, tree_files
from scripts.lib.flag import FLAG_NAME, INDEX_NAME, NoDigest, NoFlag, flag_digest, flag_text


def bundle_index(root: Path) -> dict[str, Any]:
    """Every file below `root` but index and flag, with its digest, in byte order."""
    names = [name for name in tree_files(root) if name not in (FLAG_NAME, INDEX_NAME)]
    return {"files": [{"path": name, "sha256_hex": sha256_file(root / name)} for name in names]}


def bundle_digest(root: Path, index: dict[str, Any]) -> str:
    """SHA-256 over the raw bytes of the listed files, in index order."""
    return sha256_file(*(root / entry["path"] for entry in index["files"]))


def write_index_and_flag(root: Path) -> str:
    """Close a staged bundle; returns its digest."""
    index = bundle_index(root)
    (root / INDEX_NAME).write_text(canonical_json(index), encoding="ascii")
    digest = bundle_digest(root, index)
    (root / FLAG_NAME).write_text(flag_text(digest), encoding="ascii")
    return digest


def verify_bundle(root: Path) -> str:
    """Check index, completeness, digests and flag of a bundle; returns its digest or raises 2A-S5-040..052."""
    if not root.is_dir():
        action = "Check the run root and the fingerprint in the path, or certify first: `snakemake --cores 8 certify`."
        raise Abort("2A-S5-040", "no bundle lies at this path", action=action, path=str(root))
    if not (root / INDEX_NAME).is_file():
        raise Abort("2A-S5-040", "index.json is missing", path=str(root))
    index = _checked_index(root)
    try:
        flag = (root / FLAG_NAME).read_bytes() if (root / FLAG_NAME).is_file() else b""
    except OSError:
        flag = b""
    if not flag:
        raise Abort("2A-S5-052", "the flag is missing or cannot be read", path=str(root))
    try:
        stated = flag_digest(flag)
    except NoFlag as problem:
        code = "2A-S5-051" if isinstance(problem, NoDigest) else "2A-S5-052"
        raise Abort(code, str(problem), path=str(root)) from None
    digest = bundle_digest(root, index)
    if stated != digest:
        raise Abort("2A-S5-050", f"flag says {stated[:12]}, files give {digest[:12]}", path=str(root))
    return digest


def _checked_index(root: Path) -> dict[str, Any]:
    """The index, if it lists exactly the files of the bundle, in byte order, with their digests (2A-S5-040..051)."""
    try:
        index = read_json(root / INDEX_NAME)
        entries = index["files"]
        paths = [entry["path"] for entry in entries]
        digests = [entry["sha256_hex"] for entry in entries]
        if set(index) != {"files"} or not entries or any(set(entry) != {"path", "sha256_hex"} for entry in entries):
            raise ValueError("unexpected members")
        if not all(isinstance(value, str) for value in (*paths, *digests)):
            raise ValueError("a path or digest is no text")
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise Abort("2A-S5-040", f"index.json invalid: {problem}", path=str(root)) from None
    if FLAG_NAME in paths:
        raise Abort("2A-S5-045", "the flag is listed", path=str(root))
    for path in paths:
        if not _lies_below(root, path):
            raise Abort("2A-S5-042", f"{path!r:.200} leaves the bundle", path=str(root))
    if len(set(paths)) != len(paths):
        raise Abort("2A-S5-043", "a path stands twice", path=str(root))
    if paths != sorted(paths, key=str.encode):
        raise Abort("2A-S5-041", "not in byte order", path=str(root))
    odd = set(paths) ^ (set(tree_files(root)) - {FLAG_NAME, INDEX_NAME})
    if odd:
        raise Abort("2A-S5-044", f"listed and present files differ: {sorted(odd)[0]}", path=str(root))
    if not all(map(is_digest, digests)):
        raise Abort("2A-S5-051", "a digest is not 64 lower-case hex digits", path=str(root))
    try:
        changed = [path for path, digest in zip(paths, digests, strict=True) if sha256_file(root / path) != digest]
    except OSError as problem:
        raise Abort("2A-S5-046", f"cannot be read: {problem}", path=str(root)) from None
    if changed:
        raise Abort("2A-S5-046", f"{changed[0]} differs from its digest", path=str(root))
    return index


def _lies_below(root: Path, path: str) -> bool:
    """Whether an index path names a place inside the bundle that is no link; one that no file can have does not."""
    try:
        path.encode()
        link = (root / path).is_symlink()
    except (OSError, ValueError):
        return False
    parts = PurePosixPath(path).parts
    return bool(path) and not path.startswith("/") and ".." not in parts and "." not in path.split("/") and not link
