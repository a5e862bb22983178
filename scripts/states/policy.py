"""A sealed policy file: read as one YAML document and held to its schema."""

from typing import Any

import yaml

from scripts.lib.contracts import load_yaml, schema_errors
from scripts.lib.errors import Breach, Fault

SHOWN = 5  # of the ways in which a file breaks its schema


def read_policy(dataset: str, schema_ref: str, path: str, *, as_text: bool = False) -> Any:
    """The policy `dataset` at `path`, every scalar as text on request; raises `Fault` CONTENT."""
    try:
        policy = load_yaml(path, as_text=as_text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        raise Fault(Breach.CONTENT, dataset, " ".join(str(problem).split())[:200], path=path) from None
    check_policy(dataset, schema_errors(policy, schema_ref), path)
    return policy


def check_policy(dataset: str, problems: list[str], path: str) -> None:
    """Raises `Fault` CONTENT that shows the first of the `problems`, if there is any."""
    if problems:
        raise Fault(Breach.CONTENT, dataset, "; ".join(problems[:SHOWN]), path=path, errors=len(problems))
