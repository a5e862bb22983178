"""Bytes on disk: staged writes, canonical JSON, digests. Nothing half-written is ever left behind."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHUNK = 1 << 22


def sha256_file(*paths: str | Path) -> str:
    """Hex SHA-256 over the bytes of `paths`, concatenated in the order given."""
    digest = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
    return digest.hexdigest()


def sha256_text(text: str) -> str:
    """Hex SHA-256 of the UTF-8 bytes of `text`."""
    return hashlib.sha256(text.encode()).hexdigest()


def sha256_tree(root: str | Path, skip: frozenset[str] = frozenset()) -> str:
    """Directory digest of states.md §2 step 5: file bytes in ASCII order of relative path."""
    return sha256_file(*(Path(root) / name for name in tree_files(root) if name not in skip))


def tree_files(root: str | Path) -> list[str]:
    """Relative POSIX paths of all files below `root`, in byte order."""
    root = Path(root)
    names = (path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    return sorted(names, key=str.encode)


def canonical_json(value: Any) -> str:
    """ASCII, sorted keys, no white space, no NaN: the form that is hashed (states.md §2 step 8)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def pretty_json(value: Any) -> str:
    """Sorted keys, indented, one final newline: the form that people read."""
    return json.dumps(value, sort_keys=True, indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def fsync_directory(path: str | Path) -> None:
    """Make renames inside `path` durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def staged(path: str | Path) -> Iterator[Path]:
    """Yield a sibling path to write to; on success fsync it and rename it to `path`, else remove it."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # One writer per path (Snakemake's lock), but a job that outlives a killed run may still write: the process id
    # keeps the two apart, and whoever renames last publishes the same bytes.
    stage = path.with_name(f".{path.name}.{os.getpid()}.stage")
    try:
        yield stage
        with open(stage, "rb") as stream:
            os.fsync(stream.fileno())
        os.replace(stage, path)
        fsync_directory(path.parent)
    finally:
        stage.unlink(missing_ok=True)


def write_bytes(path: str | Path, data: bytes) -> None:
    """Publish `data` at `path` in one atomic move."""
    with staged(path) as stage:
        stage.write_bytes(data)


def write_text(path: str | Path, text: str) -> None:
    """Publish `text` as UTF-8 at `path` in one atomic move."""
    write_bytes(path, text.encode())


def write_json(path: str | Path, value: Any) -> None:
    """Publish `value` as readable, deterministic JSON."""
    write_text(path, pretty_json(value))


def read_json(path: str | Path) -> Any:
    """Parse a JSON file; raises OSError or ValueError. Duplicate keys are refused, as they would hide a value."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"), object_pairs_hook=_unique_keys)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError(f"duplicate key in JSON object: {sorted(key for key, _ in pairs)}")
    return value
