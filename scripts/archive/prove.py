"""Prove a result tree: re-read and re-hash every file, and follow each input to the output, seal or pin that made it.

Words: ok, changed, missing, unexplained (a file that no rule made). Logs and benchmarks carry times and are left out.
What this proves and what it cannot prove: docs/archive.md. Standard library only, as all that this imports.
"""

from collections.abc import Callable
from pathlib import Path

from scripts.archive import links, seals
from scripts.archive.signature import Unusable, check_signature
from scripts.archive.sums import SUMS
from scripts.archive.tree import Finding, Tree, printable
from scripts.lib.lineage import Lineage


def verify_tree(root: str | Path) -> list[Finding]:
    """Every broken link of the tree at `root`, nearest to the sources first; empty when all is ok."""
    return sorted(checked(root).findings.values())


def checked(root: str | Path, current: Callable[[dict[str, Lineage]], dict[str, Lineage]] = dict) -> Tree:
    """The tree at `root` with all its findings; `current` picks the records whose inputs must be those of now."""
    tree = Tree(root)
    if tree.is_archive:
        with tree.guarded(-2, SUMS):
            links.check_sums(tree)
    links.read_records(tree)
    with tree.guarded(-1, links.PRUNED):
        links.read_pruned(tree)
    rank = links.ranks(tree.records)
    links.check_outputs(tree, rank)
    links.check_uses(tree, rank, current(tree.records))
    links.check_strays(tree)
    seals.check_stated(tree, rank)
    seals.check_seals(tree, rank)
    return tree


def say(root: str, public_key: str | None = None) -> int:
    """Print every finding and one last line; returns the exit code. With a key, the archive must be signed by it."""
    tree = checked(root)
    if public_key:
        try:
            check_signature(tree, public_key)
        except Unusable as problem:
            print(f"verify: not checked: {printable(str(problem))}")
            return 2
    findings = sorted(tree.findings.values())
    kind, files = ("archive", len(tree.listed)) if tree.is_archive else ("project", len(tree.files))
    last = f"ok, {kind}, {files} files{', signed' if public_key else ''}"
    if findings:
        last = f"{len(findings)} not ok; first broken link: {printable(findings[0].path)}"
    print(*findings, f"verify: {last}", sep="\n")
    return int(bool(findings))
