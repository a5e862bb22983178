"""The digest lists of a packed run: `archive_run` writes them, `verify` and plain `sha256sum -c` check them.

Standard library only.
"""

import re
from collections.abc import Iterable

from scripts.lib.files import sha256_text
from scripts.lib.lineage import HashedFile, is_path

SUMS, ABSENT, CRATE = "SHA256SUMS", "NOT_INCLUDED.sha256", "ro-crate-metadata.json"
SIGNATURE = f"{SUMS}.sig"
LINE = re.compile(r"([a-f0-9]{64})  (.+)")


def sum_lines(files: Iterable[HashedFile]) -> str:
    """Lines as `sha256sum` writes them, in byte order of the path."""
    ordered = sorted(files, key=lambda file: file.path.encode())
    return "".join(f"{file.sha256}  {file.path}\n" for file in ordered)


def sealed(lines: str) -> str:
    """The text of SHA256SUMS: a last line, which `sha256sum` takes for a comment, seals the list itself."""
    return f"{lines}# {sha256_text(lines)}  of the lines above\n"


def unsealed(text: str) -> str:
    """The lines of a sealed list; raises ValueError where the seal does not hold."""
    lines = text.rpartition("# ")[0]
    if sealed(lines) != text:
        raise ValueError("does not have the digest that its last line states")
    return lines


def read_sums(lines: str) -> dict[str, str]:
    """Digests by path; raises ValueError for a line that `sum_lines` does not write."""
    found = {}
    for line in lines.removesuffix("\n").split("\n"):
        match = LINE.fullmatch(line)
        if not match or not is_path(match[2]):
            raise ValueError("is no list of digests of files inside the tree")
        found[match[2]] = match[1]
    return found
