"""Which project modules a script imports, transitively: they are inputs of its rule, so editing one reruns its users."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


def code_of(script: str) -> list[str]:
    """Sorted project paths of `script` and all `scripts.*` modules it reaches, function-level imports included."""
    found: set[str] = set()
    pending = [script]
    while pending:
        path = pending.pop()
        if path not in found:
            found.add(path)
            pending += _direct(path)
    return sorted(found)


@cache
def _direct(path: str) -> tuple[str, ...]:
    names: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    candidates = (name.replace(".", "/") + ".py" for name in names if name.startswith("scripts."))
    return tuple(sorted(name for name in candidates if (ROOT / name).is_file()))
