"""The flag law of both segments: a bundle has passed when `_passed.flag` holds one line, the digest of its files.

1B and 2A differ in which files that digest covers (states.md §2 and §7); the line is the same. Standard library only:
`verify` reads flags too.
"""

import re

from scripts.lib.files import is_digest

FLAG_NAME, INDEX_NAME = "_passed.flag", "index.json"
_LINE = re.compile(rb"sha256_hex = (.{64})\n?")


class NoFlag(ValueError):
    """These bytes are not `sha256_hex = ` and 64 characters."""


class NoDigest(NoFlag):
    """The 64 characters are not lower-case hex digits."""


def flag_text(digest: str) -> str:
    """What a writer puts into `_passed.flag`: 78 bytes, of which the last is a line feed."""
    return f"sha256_hex = {digest}\n"


def flag_digest(data: bytes) -> str:
    """The digest that the bytes of a flag state, with or without the line feed; raises `NoFlag` or `NoDigest`."""
    match = _LINE.fullmatch(data)
    if not match:
        raise NoFlag("the flag is not `sha256_hex = <64 hex>`")
    digest = match[1].decode("latin-1")
    if not is_digest(digest):
        raise NoDigest("the flag's digest is not 64 lower-case hex digits")
    return digest
