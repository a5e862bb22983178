"""Which release each reference is, by its content: a tag can be written on anything (certification.md §16).

Digests are of what the data say, not of the bytes they lie in: these differ by compressor, library and machine.
"""

import gzip
import hashlib
import tarfile
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scripts.lib.contracts import load_yaml
from scripts.lib.files import read_json, sha256_file, write_json
from scripts.lib.records import plain, record


@dataclass(frozen=True)
class Reference:
    """A reference dataset: the release that config names, digests of file and content, and whether they are that."""

    release: str
    sha256: str
    content_sha256: str
    known: bool


def main(
    *, tz_world: str, tzdb: str, places: str, known_releases: str, identity: str, releases: dict[str, str]
) -> None:
    known = load_yaml(known_releases)
    contents = {
        "tz_world": (tz_world, table_content(tz_world)),
        "tzdb": (tzdb, archive_content(tzdb)),
        "places": (places, table_content(places)),
    }
    found = {
        name: Reference(releases[name], sha256_file(path), content, is_known(known, name, releases[name], content))
        for name, (path, content) in contents.items()
    }
    write_json(identity, plain(found))


def is_known(known: dict[str, Any], name: str, release: str, content: str) -> bool:
    """Whether the registry of releases knows this content under this name and tag."""
    return bool(known[name].get(release) == content)


def table_content(path: str) -> str:
    """Hex SHA-256 over the columns of a Parquet table by name: every value in row order, text with its length."""
    columns: dict[str, Any] = defaultdict(hashlib.sha256)
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=1 << 14):
            for name in batch.schema.names:
                _add(columns[name], batch[name])
    return _whole({name: column.digest() for name, column in columns.items()})


def archive_content(path: str) -> str:
    """Hex SHA-256 over the files of a gzip'd tar by name."""
    with gzip.open(path) as raw, tarfile.open(fileobj=raw, mode="r|") as tar:
        files = {
            member.name.removeprefix("./"): hashlib.sha256(found.read()).digest()
            for member in tar
            if member.isfile() and (found := tar.extractfile(member))
        }
    return _whole(files)


def _add(digest: Any, column: pa.Array) -> None:
    if column.null_count:
        raise ValueError("a column of reference data holds nulls")
    if pa.types.is_binary(column.type) or pa.types.is_string(column.type):
        values = column.cast(pa.binary()).to_pylist()
        digest.update(b"".join(len(value).to_bytes(8, "little") + value for value in values))
    else:
        digest.update(np.ascontiguousarray(column.to_numpy(zero_copy_only=False)).data)


def _whole(parts: dict[str, bytes]) -> str:
    return hashlib.sha256(b"".join(name.encode() + b"\0" + parts[name] for name in sorted(parts))).hexdigest()


def read_identity(path: str) -> dict[str, Reference]:
    """The references by name: tz_world, tzdb, places."""
    return {name: record(Reference, entry) for name, entry in read_json(path).items()}


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
