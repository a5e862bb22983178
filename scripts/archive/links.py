"""The chain of lineage: every file that a job made or read, followed to the record or list that states its bytes.

Standard library only.
"""

import re
from typing import Any

from scripts.archive.sums import ABSENT, SIGNATURE, SUMS, read_sums, unsealed
from scripts.archive.tree import EXEMPT, LAST, Broken, Made, Tree
from scripts.lib.lineage import Lineage, read_lineage

PRUNED, CERTIFICATE = "results/prune_receipt.json", "certification/segment2a_certification.json"
RECORD = re.compile(r"results/(.*/)?lineage/.*\.json")


def check_sums(tree: Tree) -> None:
    """An unpacked archive: every file against SHA256SUMS, whose last line seals the list itself."""
    listed = tree.parsed(SUMS, lambda text: read_sums(unsealed(text)))
    for path, digest in listed.items():
        tree.compare(-1, path, digest, SUMS)
    if ABSENT in listed and tree.clean(ABSENT):
        tree.absent = tree.parsed(ABSENT, read_sums)
    for path, digest in tree.absent.items():
        tree.compare(-1, path, digest, ABSENT)
    tree.listed = {*listed, *tree.absent}
    for path in sorted({*tree.files} - tree.listed - {SUMS, SIGNATURE}):
        tree.add(LAST, "unexplained", path, "The archive was packed without it.")


def read_records(tree: Tree) -> None:
    """Load the lineage records; one that is not as a job wrote it is reported and not believed."""
    for path in filter(RECORD.fullmatch, tree.files):
        try:
            found = tree.parsed(path, read_lineage)
            if found.record != path:
                raise Broken(path, f"is the record of {found.record!r:.200}")
            tree.records[path] = found
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


def read_pruned(tree: Tree) -> None:
    """Data of the runs that the prune receipt names: lawfully absent and known by their records, where it holds."""
    if PRUNED not in tree.files:
        return
    tree.explained.add(PRUNED)
    for name, entry in tree.json(PRUNED).items():
        with tree.guarded(-1, PRUNED):
            _read_run(tree, f"results/runs/{name}", entry)


def _read_run(tree: Tree, root: str, entry: dict[str, Any]) -> None:
    """The lost data of one run, if its entry in the receipt holds and the run was not made anew since."""
    present = {path.partition("/data/")[0] for path in tree.files if "/data/" in path}
    gone = {
        path: made
        for path, made in tree.made.items()
        if path.startswith(f"{root}/seed=") and "/data/" in path and path.partition("/data/")[0] not in present
    }
    if gone:
        _check_entry(tree, root, entry, {made.record for made in gone.values()})
        tree.absent |= {path: made.sha256 for path, made in gone.items()}
        tree.pruned.add(f"{root}/")


def _check_entry(tree: Tree, root: str, entry: dict[str, Any], makers: set[str]) -> None:
    """An entry of the prune receipt holds when the run has failed and the records of the lost data are those kept.

    Reports that need no data may have been made anew since: their own records judge them.
    """
    for path in sorted(makers):
        if entry["kept_reports"][path.removeprefix(f"{root}/")] != tree.digest(path):
            raise Broken(PRUNED, f"states another digest of {path}")
    certificate = f"{root}/{CERTIFICATE}"
    found = tree.json(certificate) if tree.made[certificate].sha256 == tree.digest(certificate) else entry
    if (entry["status"], found["status"]) != ("FAIL_REALISM", "FAIL_REALISM"):
        raise Broken(PRUNED, f"names {root}, which has not failed")


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
