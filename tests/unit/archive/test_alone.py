"""`verify` runs where only Python is: all that it reaches is the standard library or a module that needs no more."""

import ast
import sys
from pathlib import Path

from scripts.workflow.upkeep import ROOT, code_of


def imported(path: str) -> set[str]:
    """Top-level names of everything that a module imports, in functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, path
            found.add((node.module or "").partition(".")[0])
    return found


def test_verify_reaches_the_standard_library_and_modules_that_need_no_more():
    reached = code_of("scripts/verify.py")
    assert {Path(path).name for path in reached} >= {"prove.py", "tree.py", "lineage.py", "published.py"}
    assert {path for path in reached if not path.endswith(".py")} == set()
    names = {name for path in reached for name in imported(path)}
    assert names - sys.stdlib_module_names == {"scripts"}
