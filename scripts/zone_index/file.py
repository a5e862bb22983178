"""The zone index as one file: magic, JSON header, then the arrays, each aligned to 64 bytes and mapped into memory."""

import hashlib
import json
import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

MAGIC = b"2AZONEIX"
VERSION = 2
ALIGN = 64
LEAF = 1 << 15  # flag of a leaf in a cell code, the rest numbers it inside its block; without it, a mask of layers


@dataclass(frozen=True)
class ZoneIndex:
    """An open index. `tzids` are sorted; set 0 is empty, set `z + 1` is zone `z` alone, higher sets hold two or more
    zones. `header` holds `blocks_per_degree`, `split` and where the polygons came from."""

    tzids: list[str]
    header: dict[str, Any]
    set_sizes: np.ndarray  # (S,) int32
    arrays: dict[str, np.ndarray]


def write_index(path: str | Path, arrays: dict[str, np.ndarray], header: dict[str, Any]) -> None:
    """Write `arrays` and a JSON `header`, which must hold `tzids`, `blocks_per_degree` and `split`."""
    offset, entries = 0, {}
    for name in sorted(arrays):
        array = arrays[name]
        entries[name] = {"dtype": array.dtype.str, "shape": list(array.shape), "offset": offset}
        offset += -(-array.nbytes // ALIGN) * ALIGN
    payload = hashlib.sha256()
    for piece in _pieces(arrays):
        payload.update(piece)
    full = {**header, "version": VERSION, "arrays": entries, "payload_sha256": payload.hexdigest()}
    text = json.dumps(full, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-(len(MAGIC) + 8 + len(text)) % ALIGN)
    with open(path, "wb") as out:
        out.write(MAGIC + len(text).to_bytes(8, "little") + text)
        for piece in _pieces(arrays):
            out.write(piece)


def _pieces(arrays: dict[str, np.ndarray]) -> Iterator[bytes | memoryview]:
    """What follows the header: the bytes of each array, by name, each filled up to `ALIGN`."""
    for name in sorted(arrays):
        data = np.ascontiguousarray(arrays[name])
        yield data.reshape(-1).view(np.uint8).data
        yield b"\0" * (-data.nbytes % ALIGN)


def check_payload(path: str | Path) -> None:
    """Raise `ValueError` unless what follows the header has the digest that the header states; reads the whole file."""
    header, start = _read_header(path)
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        stream.seek(start)
        while piece := stream.read(1 << 22):
            digest.update(piece)
    if digest.hexdigest() != header["payload_sha256"]:
        raise ValueError(f"{Path(path).name} holds other arrays than its header says: build it again")


def _read_header(path: str | Path) -> tuple[dict[str, Any], int]:
    """The header and where it ends; `ValueError` if the file is not an index of this version."""
    with open(path, "rb") as stream:
        known = stream.read(len(MAGIC)) == MAGIC
        size = int.from_bytes(stream.read(8), "little") if known else 0
        header: dict[str, Any] = json.loads(stream.read(size)) if known else {}
    if header.get("version") != VERSION:
        raise ValueError(f"{Path(path).name} is not a zone index of version {VERSION}: build it again")
    return header, len(MAGIC) + 8 + size


def open_index(path: str | Path) -> ZoneIndex:
    """Map an index into memory; `ValueError` if the file is not an index of this version."""
    header, start = _read_header(path)
    with open(path, "rb") as stream:
        data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    arrays = {}
    for name, entry in header.pop("arrays").items():
        count = int(np.prod(entry["shape"], dtype=np.int64))
        flat = np.frombuffer(data, dtype=entry["dtype"], count=count, offset=start + entry["offset"])
        arrays[name] = flat.reshape(entry["shape"])
    tzids = header.pop("tzids")
    return ZoneIndex(tzids, header, np.diff(arrays["set_first"]), arrays)


def set_members(index: ZoneIndex, set_id: int) -> list[str]:
    """The sorted tzids of a set."""
    first = index.arrays["set_first"]
    return [index.tzids[zone] for zone in index.arrays["set_zone"][first[set_id] : first[set_id + 1]]]
