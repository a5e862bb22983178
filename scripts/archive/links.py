"""The chain of lineage: every file that a job made or read, followed to the record or list that states its bytes.

Standard library only.
"""

import re

from scripts.archive.sums import ABSENT, SIGNATURE, SUMS, read_sums, unsealed
from scripts.archive.tree import EXEMPT, LAST, Broken, Made, Tree
from scripts.lib.lineage import Lineage, read_lineage

RECORD = re.compile(r"results/(.*/)?lineage/.*\.json")


def check_sums(tree: Tree) -> None:
    """An unpacked archive: every file against SHA256SUMS, whose last line seals the list itself."""
    try:
        listed = read_sums(unsealed(tree.text(SUMS)))
    except ValueError as problem:
        raise Broken(SUMS, str(problem)) from None
    for path, digest in listed.items():
        tree.compare(-1, path, digest, SUMS)
    if ABSENT in listed and tree.clean(ABSENT):
        try:
            tree.absent = read_sums(tree.text(ABSENT))
        except ValueError as problem:
            raise Broken(ABSENT, str(problem)) from None
    for path, digest in tree.absent.items():
        tree.compare(-1, path, digest, ABSENT)
    tree.listed = {*listed, *tree.absent}
    for path in sorted({*tree.files} - tree.listed - {SUMS, SIGNATURE}):
        tree.add(LAST, "unexplained", path, "The archive was packed without it.")


def read_records(tree: Tree) -> None:
    """Load the lineage records; one that is not as a job wrote it is reported and not believed."""
    for path in filter(RECORD.fullmatch, tree.files):
        try:
            tree.records[path] = _read_record(tree, path)
        except Broken as broken:
            logged = path.replace("/lineage/", "/logs/") + "l" in tree.names
            tree.add(-1, "changed" if logged else "unexplained", path, f"This lineage record {broken.why}.")
            tree.explained.add(path)
    for path, record in tree.records.items():
        for file in record.made:
            tree.made.setdefault(file.path, Made(file.sha256, path))
    for log in (name for name in tree.names if EXEMPT.fullmatch(name) and name.endswith(".jsonl")):
        path = log.replace("/logs/", "/lineage/").removesuffix("l")  # every job leaves a log and a record side by side
        if path not in tree.records and path not in tree.explained:
            tree.add(-1, "missing", path, "The job has a log but left no lineage record: it was killed or has failed.")
    if not tree.records:
        tree.add(-2, "missing", "results", "No sound lineage record lies here, so there is nothing to prove it with.")


def _read_record(tree: Tree, path: str) -> Lineage:
    """The record at `path`, if it is sound and is the one of that path."""
    try:
        found = read_lineage(tree.text(path))
    except ValueError as problem:
        raise Broken(path, str(problem)) from None
    if found.record != path:
        raise Broken(path, f"is the record of {found.record!r:.200}")
    return found


def ranks(records: dict[str, Lineage]) -> dict[str, int]:
    """Distance of each record from the sources: 0 for a job that reads no result of another."""
    maker = {file.path: path for path, record in records.items() for file in record.made}
    left = {
        path: {maker[file.path] for file in record.read if file.path in maker} - {path}
        for path, record in records.items()
    }
    found: dict[str, int] = {}
    step = 0
    while left:
        ready = [path for path, needs in left.items() if needs <= found.keys()] or [*left]  # a circle has no first
        found |= dict.fromkeys(ready, step)
        left = {path: needs for path, needs in left.items() if path not in found}
        step += 1
    return found


def check_outputs(tree: Tree, rank: dict[str, int]) -> None:
    """Every file that a record says was made, against its bytes now."""
    for path, record in tree.records.items():
        for file in record.made:
            tree.compare(rank[path], file.path, file.sha256, path)


def check_uses(tree: Tree, rank: dict[str, int], records: dict[str, Lineage]) -> None:
    """Every file that a record says was read: the bytes its maker made, or those of a config or code file now.

    A pruned run cannot be made to follow what changes after it, and an archive holds what was packed.
    """
    users: dict[str, list[tuple[int, str, str]]] = {}
    for path, record in records.items():
        if path.startswith(tuple(tree.pruned)) or record.rule == "archive_run":
            continue
        for file in (*record.read, *record.code):
            users.setdefault(file.path, []).append((rank[path], path, file.sha256))
    for path, uses in users.items():
        others = sorted(use for use in uses if use[2] != tree.digest(path))
        of = f"{others[0][1]} (and {len(others) - 1} more)" if others[1:] else others[0][1] if others else ""
        if tree.digest(path) is None:
            tree.gone(min(uses)[0] - 1, path, f"It was read by {of}.")
        elif others:
            what = "was made anew after" if path in tree.made else "has other bytes than"
            tree.add(others[0][0] - 1, "changed", path, f"It {what} the job of {of} read it: run that again.")


def check_strays(tree: Tree) -> None:
    """Files below results/ that no rule made."""
    known = {*tree.made, *tree.records, *tree.explained, *tree.listed}
    for path in tree.files:
        if path.startswith("results/") and path not in known:
            why = "A killed job left it; a rerun clears it." if ".stage" in path else "No lineage record names it."
            tree.add(LAST, "unexplained", path, why)
