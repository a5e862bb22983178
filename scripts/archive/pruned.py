"""Data of pruned runs: lawfully absent and known by their lineage records, where the prune receipt holds.

Standard library only.
"""

from typing import Any

from scripts.archive.tree import Broken, Tree

PRUNED, CERTIFICATE = "results/prune_receipt.json", "certification/segment2a_certification.json"


def read_pruned(tree: Tree) -> None:
    """Every run that the receipt names, if there is one."""
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
