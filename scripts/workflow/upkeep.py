"""What every rule has and none repeats: its environment, its code, a lineage record, its run time and memory.

The code of a script is the project modules that it imports and the contracts that these name, transitively. They are
inputs of its rule, so that an edited helper, schema or dictionary reruns exactly its users.
"""

import ast
import re
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CONTRACTS = "config/contracts"
SCHEMA = re.compile(r"(schemas\.[A-Za-z0-9.]+\.yaml)#")
TEMPLATES = re.compile(r"Path\(__file__\)\.parent / \"(templates)")  # of a page, beside the module that names them
REGISTRY = re.compile(r"CONTRACTS / \"([a-z_]+\.yaml)\"")
ENVIRONMENT = "../envs/environment.yaml"  # as seen from rules/


def beside(log: str, kind: str, suffix: str) -> str:
    """Path of another trace of the job whose log is `log`: .../logs/NAME.jsonl -> .../KIND/NAME.SUFFIX."""
    folder, _, name = log.rpartition("logs/")
    return f"{folder}{kind}/{name.removesuffix('jsonl')}{suffix}"


def complete(rule: Any) -> None:
    """Add to a rule, as Snakemake has read it, the parts that follow from its script and its log."""
    if rule.script:
        rule.conda_env = ENVIRONMENT
    if rule.script and rule.output:
        (log,) = rule.ruleinfo.log.paths
        rule.input_modifier = rule.benchmark_modifier = rule.log_modifier  # a rule may have no input of its own
        rule.set_input(code=code_of(rule.script.removeprefix("../")))
        rule.set_output(lineage=beside(log, "lineage", "json"))
        rule.benchmark = beside(log, "benchmarks", "tsv")


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
