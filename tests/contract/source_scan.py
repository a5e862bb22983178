"""Codes that the source can raise: literals, not comments or docstrings."""

import ast
import re
from pathlib import Path

from scripts.lib.errors import reason_codes

SCRIPTS = Path(__file__).parents[2] / "scripts"
_CODE = re.compile(r"2A-S[0-5]-[0-9]{3}")


def raising_modules() -> dict[str, list[str]]:
    """Code -> sorted modules (`s1_tz_lookup`, `lib/gate`) whose expressions, not comments or docstrings, name it."""
    found: dict[str, set[str]] = {}
    for path in sorted(SCRIPTS.rglob("*.py")):
        name = path.relative_to(SCRIPTS).with_suffix("").as_posix()
        for code in _codes_in(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(code, set()).add(name)
    return {code: sorted(modules) for code, modules in sorted(found.items())}


def _codes_in(tree: ast.AST) -> set[str]:
    codes = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _CODE.fullmatch(node.value):
            codes.add(node.value)
    return codes & reason_codes().keys()
