"""Whether a result stands on the tree as it lies: what it was made from is there and is what its jobs read and wrote.

A cheap look before a verdict is printed, as Snakemake judges by time stamps alone: every file of the closure by
existence and size, small ones by their bytes, and what one job read by what the other wrote. The whole proof is
`snakemake verify`. Standard library only.
"""

from contextlib import suppress
from pathlib import Path

from scripts.lib.files import sha256_file
from scripts.lib.lineage import HashedFile, Lineage, read_lineage

CHEAP = 1 << 24  # bytes: 16 MiB are hashed in about 20 ms
NEXT = "`snakemake verify` names every broken link; delete what is named there and run the same command again"


def record_of(path: str, rule: str) -> str:
    """The lineage record of the job of `rule` whose outputs lie in the folder of `path`."""
    return f"{Path(path).parent.as_posix()}/lineage/{rule}.json"


def faults(start: str) -> list[str]:
    """What is wrong with the job of the lineage record `start` or any that it rests on, in words; empty when nothing.

    Paths are below the working folder.
    """
    records = _records()
    makers = {file.path: path for path, record in records.items() for file in record.made}
    if start not in records:
        return [f"{start} is missing or is not as a job wrote it"]
    found: list[str] = []
    records = _closure(start, records, makers)
    wrote = {file.path: file for record in records.values() for file in record.made}
    for record in records.values():
        found += [f"{file.path} {why}" for file in record.made if (why := _differs(file))]
        for file in record.read:
            if file.path in wrote:
                found += [] if wrote[file.path] == file else [f"{file.path} was made anew after {record.record}"]
            elif file.path.startswith("results/"):
                found.append(f"{file.path} has no record of the job that made it")
            elif file.path.startswith("config/") and (why := _differs(file)):  # a file of elsewhere may be gone
                found.append(f"{file.path} {why}")
    return list(dict.fromkeys(found))


def _records() -> dict[str, Lineage]:
    """Every sound lineage record by its path; what another one made has no maker, which shows."""
    found = {}
    for path in map(Path.as_posix, Path("results").glob("**/lineage/**/*.json")):
        with suppress(OSError, ValueError):
            record = read_lineage(Path(path).read_text(encoding="utf-8"))
            if record.record == path:
                found[path] = record
    return found


def _closure(start: str, records: dict[str, Lineage], makers: dict[str, str]) -> dict[str, Lineage]:
    """The records that `start` rests on, however far back."""
    found: dict[str, Lineage] = {}
    pending = [start]
    while pending:
        path = pending.pop()
        if path not in found:
            found[path] = records[path]
            pending += [makers[file.path] for file in records[path].read if file.path in makers]
    return found


def _differs(file: HashedFile) -> str:
    """How a file is not what a record says; empty when it is, as far as a cheap look tells."""
    path = Path(file.path)
    if not path.is_file():
        return "is missing"
    size = path.stat().st_size
    if size != file.bytes or (size <= CHEAP and sha256_file(path) != file.sha256):
        return "has other bytes than its record says"
    return ""
