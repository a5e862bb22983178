"""Codes that the source can raise: literals and the templates that states share, not comments or docstrings."""

import ast
import re
from pathlib import Path

from scripts.lib.errors import reason_codes

SCRIPTS = Path(__file__).parents[2] / "scripts"
_CODE = re.compile(r"2A-S[0-5]-[0-9]{3}")
# States that share one implementation: `f"2A-{state}-040"` stands for the code of each of them.
_SHARED = {"001": "S1 S2 S3 S4 S5", "080": "S0 S1 S2 S3 S4 S5", "030": "S1 S2 S3 S4", "040": "S1 S2 S3 S4"}
_SHARED |= {"041": "S1 S2 S3 S4", "042": "S2 S3 S4"}


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
        if isinstance(node, ast.JoinedStr):
            text = "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
            if match := re.fullmatch(r"2A-\{\}-([0-9]{3})", text):
                codes |= {f"2A-{state}-{match[1]}" for state in _SHARED[match[1]].split()}
    return codes & reason_codes().keys()
