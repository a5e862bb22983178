"""What a script is made of: the project modules that it imports and the contracts that these name, transitively.

They are inputs of its rule, so that an edited helper, schema or dictionary reruns exactly its users.
"""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONTRACTS = "config/contracts"
SCHEMA = re.compile(r"(schemas\.[A-Za-z0-9.]+\.yaml)#")
TEMPLATES = re.compile(r"Path\(__file__\)\.parent / \"(templates)")  # of a page, beside the module that names them
REGISTRY = re.compile(r"CONTRACTS / \"([a-z_]+\.yaml)\"")


def code_of(script: str) -> list[str]:
    """Sorted project paths of `script`, the modules of `scripts` that it reaches, in functions too, and contracts."""
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
    text = (ROOT / path).read_text(encoding="utf-8")
    names: set[str] = set()
    for node in ast.walk(ast.parse(text)) if path.endswith(".py") else ():
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    candidates = {name.replace(".", "/") + ".py" for name in names if name.startswith("scripts.")}
    # The dictionary names every schema; whoever reads one says so in its own source.
    if path.endswith(".py") or path.startswith(f"{CONTRACTS}/schemas/"):
        candidates |= {f"{CONTRACTS}/schemas/{file}" for file in SCHEMA.findall(text)}
        candidates |= {f"{CONTRACTS}/{file}" for file in REGISTRY.findall(text)}
    for folder in TEMPLATES.findall(text):
        candidates |= {found.relative_to(ROOT).as_posix() for found in (ROOT / path).with_name(folder).iterdir()}
    return tuple(sorted(name for name in candidates if (ROOT / name).is_file()))
