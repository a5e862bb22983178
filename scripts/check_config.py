"""Configuration, candidates and authorities, checked as a whole: every error at once, with what would be right.

Called when the workflow is read, so that nothing starts on a wrong configuration.
"""

import difflib
import sys
from pathlib import Path
from typing import Any

import yaml

from scripts.lib.contracts import load_yaml, schema_errors_at

ROOT = Path(__file__).parents[1]


def check_config(config: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns (candidates by name, authorities by name), or ends the program with every error listed."""
    errors = schema_messages(config, load_yaml(ROOT / "config/schema.yaml"), "config.yaml")
    candidates = _folder("candidates", errors)
    authorities = _folder("authority", errors)
    authorities.pop("facts", None)
    schemas = load_yaml(ROOT / "config/contracts/schemas/schemas.config.yaml")
    for name, entry in candidates.items():
        errors += schema_messages(entry, schemas["candidate"], f"candidates/{name}.yaml")
    for name, entry in authorities.items():
        errors += schema_messages(entry, schemas["authority"], f"authority/{name}.yaml")
    if not errors:
        errors = cross_checks(config, candidates, authorities)
    if errors:
        sys.exit("Configuration refused:\n" + "\n".join(f"  - {error}" for error in errors))
    return candidates, authorities


def _folder(name: str, errors: list[str]) -> dict[str, Any]:
    found = {}
    for path in sorted((ROOT / "config" / name).glob("*.yaml")):
        try:
            found[path.stem] = load_yaml(path)
        except yaml.YAMLError as problem:
            errors.append(f"{name}/{path.name}: {' '.join(str(problem).split())}")
    return found


def schema_messages(value: Any, schema: dict[str, Any], where: str) -> list[str]:
    """One line an error: path, value found, what is allowed, and the nearest key for a misspelt one."""
    messages = []
    for error in schema_errors_at(value, schema):
        place = "/".join(map(str, error.absolute_path)) or "(top)"
        if error.validator == "additionalProperties":
            known = list(error.schema.get("properties", {}))
            for key in sorted(map(str, set(error.instance) - set(known))):
                nearest = difflib.get_close_matches(key, known, n=1)
                hint = f"; did you mean `{nearest[0]}`?" if nearest else f"; allowed: {', '.join(known)}"
                messages.append(f"{where}: {place}: unknown key `{key}`{hint}")
        elif error.validator == "required":
            messages.append(f"{where}: {place}: {error.message}")
        else:
            allowed = f"{error.validator} {error.validator_value}"
            messages.append(f"{where}: {place}: found {error.instance!r}; allowed: {allowed}"[:300])
    return messages


def cross_checks(config: dict[str, Any], candidates: dict[str, Any], authorities: dict[str, Any]) -> list[str]:
    """What a schema cannot say: names that must exist, and parents that must not go in circles."""
    errors = []
    for key in [config["candidate"], *config["baselines"]]:
        if key not in candidates:
            errors.append(f"config.yaml: candidate `{key}` has no file{_near(key, candidates)}")
    for name, entry in candidates.items():
        if entry["name"] != name:
            errors.append(f"candidates/{name}.yaml: name is `{entry['name']}`, must be `{name}`")
        if entry["authority"] not in authorities:
            errors.append(
                f"candidates/{name}.yaml: authority `{entry['authority']}` has no file{_near(entry['authority'], authorities)}"
            )
        seen, parent = [name], entry["parent"]
        while parent is not None:
            if parent in seen or parent not in candidates:
                errors.append(f"candidates/{name}.yaml: parent `{parent}` is unknown or goes in a circle")
                break
            seen.append(parent)
            parent = candidates[parent]["parent"]
    return errors


def _near(key: str, known: dict[str, Any]) -> str:
    nearest = difflib.get_close_matches(key, list(known), n=1)
    return f"; did you mean `{nearest[0]}`?" if nearest else f"; known: {', '.join(sorted(known))}"
