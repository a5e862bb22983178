"""Bytes on disk: staged writes, canonical JSON, digests. Nothing half-written is ever left behind."""

import glob
import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHUNK = 1 << 22
_DIGEST = re.compile(r"[a-f0-9]{64}")
SETTLED_NS = 1_000_000_000
_digests: dict[tuple[int, ...], str] = {}  # of settled files, by all that the file system says of their bytes
_claims: list[tuple[Path, str]] = []  # of this process: none, or the one of its job


class Superseded(Exception):
    """A newer job makes the same files: this one, which has outlived its run, must not publish any more."""


def is_digest(value: object) -> bool:
    """Whether a value is a SHA-256 as this project writes it: 64 lower-case hex digits."""
    return isinstance(value, str) and bool(_DIGEST.fullmatch(value))


def sha256_file(*paths: str | Path) -> str:
    """Hex SHA-256 over the bytes of `paths`, concatenated in the order given.

    A job reads a large input once, although its lineage and its seal both ask: a single file is hashed again only when
    its size, inode or times are others. Nobody sets the time of change (ctime) by hand, and a file that changed within
    the last second is hashed each time, as another change could fall on the same stamp.
    """
    if len(paths) != 1:
        return _sha256(paths)
    found = os.stat(paths[0])
    stamp = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    settled = time.time_ns() - found.st_ctime_ns > SETTLED_NS
    digest = _digests.get(stamp) or _sha256(paths)
    if settled:
        _digests[stamp] = digest
    return digest


def _sha256(paths: Iterable[str | Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
    return digest.hexdigest()


def sha256_text(text: str) -> str:
    """Hex SHA-256 of the UTF-8 bytes of `text`."""
    return hashlib.sha256(text.encode()).hexdigest()


def sha256_tree(root: str | Path) -> str:
    """Digest of a directory: the bytes of its files in ASCII order of their relative paths (states.md §2 step 5)."""
    return sha256_file(*(Path(root) / name for name in tree_files(root)))


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


def fsync(path: str | Path) -> None:
    """Make the bytes of a file, or the names in a directory, durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def claim(record: str | Path) -> Iterator[None]:
    """Publish only as long as no other process claims `record`, the lineage record that stands for one job.

    After SIGKILL of Snakemake its jobs live on, while the rerun starts the same jobs anew: the last to claim owns the
    files. The claim lies beside the record under a stage name and is gone when the job ends.
    """
    path, token = Path(record).with_name(f".claim.{Path(record).name}.stage"), secrets.token_hex(8)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.write_text(token)
    except OSError:  # a full disk: an empty claim must not stay behind
        path.unlink(missing_ok=True)
        raise
    _claims.append((path, token))
    try:
        yield
    finally:
        if _owned():
            path.unlink()
        _claims.clear()


def _owned() -> bool:
    try:
        return all(path.read_text() == token for path, token in _claims)
    except FileNotFoundError:
        return False


def clear_stages(path: str | Path) -> None:
    """Remove what a killed job left of `path` under a stage name; an outlived job removes nothing of a newer one."""
    path = Path(path)
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.stage") if _owned() else ():
        _remove(left)


def _remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def put_in_place(stage: Path, path: Path) -> None:
    """Move a finished file or directory to its place in one atomic, durable step; `Superseded` in an outlived job."""
    for file in [stage, *stage.rglob("*")] if stage.is_dir() else [stage]:
        fsync(file)
    if not _owned():
        raise Superseded(f"{path} now belongs to a newer job")
    os.replace(stage, path)
    fsync(path.parent)


def discard(folder: Path) -> None:
    """Remove a published directory so that no moment shows half of it."""
    if folder.exists():
        if not _owned():
            raise Superseded(f"{folder} now belongs to a newer job")
        gone = folder.with_name(f".{folder.name}.{os.getpid()}.old.stage")
        os.replace(folder, gone)
        shutil.rmtree(gone)


@contextmanager
def stage_of(path: str | Path) -> Iterator[Path]:
    """Yield a sibling path for a file or folder that may be put in place at `path`; what stays there is removed."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    clear_stages(path)
    stage = path.with_name(f".{path.name}.{os.getpid()}.stage")
    try:
        yield stage
    finally:
        _remove(stage)


@contextmanager
def staged(path: str | Path) -> Iterator[Path]:
    """Yield a sibling path to write a file or folder to; on success move it to `path`, durably, else remove it."""
    with stage_of(path) as stage:
        yield stage
        put_in_place(stage, Path(path))


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
    """The value in a JSON file; raises OSError or ValueError."""
    return parse_json(Path(path).read_text(encoding="utf-8"))


def parse_json(text: str) -> Any:
    """The value of a JSON text; raises ValueError. Duplicate keys are refused, as they would hide a value."""
    try:
        return json.loads(text, object_pairs_hook=_unique_keys)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError(f"duplicate key in JSON object: {sorted(key for key, _ in pairs)}")
    return value
