"""Configuration, candidates and authorities, checked as a whole: every error at once, with what would be right.

Called when the workflow is read, so that nothing starts on a wrong configuration.
"""

import difflib
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from scripts.lib.contracts import load_yaml, schema, schema_errors_at

ROOT = Path(__file__).parents[1]
POLICIES = {
    "tz_overrides.yaml": "tz_overrides_v1",
    "tz_nudge.yml": "tz_nudge_v1",
    "governance.yaml": "governance_v1",
}


def check_config(config: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns (candidates by name, authorities by name), or ends the program with every error listed."""
    errors = schema_messages(config, load_yaml(ROOT / "config/schema.yaml"), "config.yaml")
    candidates = _folder("candidates", errors)
    authorities = _folder("authority", errors)
    authorities.pop("facts", None)
    sound = {}
    for name, entry in candidates.items():
        found = schema_messages(entry, schema("schemas.config.yaml#/candidate"), f"candidates/{name}.yaml")
        errors += found
        if not found:
            sound[name] = entry
    for name, entry in authorities.items():
        errors += schema_messages(entry, schema("schemas.config.yaml#/authority"), f"authority/{name}.yaml")
    errors += policy_errors()
    errors += cross_checks(config, sound, set(candidates), set(authorities))
    if errors:
        sys.exit("Configuration refused:\n" + "\n".join(f"  - {error}" for error in errors))
    return candidates, authorities


def policy_errors() -> list[str]:
    """Errors of the base policies; what a candidate makes of them is checked by the states that read the result."""
    errors = []
    for file, kind in POLICIES.items():
        try:
            value = load_yaml(ROOT / "config/policy" / file, as_text=kind == "tz_nudge_v1")
        except (OSError, yaml.YAMLError) as problem:
            errors.append(f"policy/{file}: {' '.join(str(problem).split())}")
        else:
            errors += schema_messages(value, schema(f"schemas.2A.yaml#/policy/{kind}"), f"policy/{file}")
    return errors


def _folder(name: str, errors: list[str]) -> dict[str, Any]:
    found = {}
    for path in sorted((ROOT / "config" / name).glob("*.yaml")):
        try:
            found[path.stem] = load_yaml(path)
        except yaml.YAMLError as problem:
            errors.append(f"{name}/{path.name}: {' '.join(str(problem).split())}")
    return found


def schema_messages(value: Any, rule: dict[str, Any], where: str) -> list[str]:
    """One line an error: path, value found, what is allowed, and the nearest key or value for a misspelt one."""
    messages = []
    for error in schema_errors_at(value, rule):
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
            if error.validator == "enum" and isinstance(error.instance, str):
                allowed += _near(error.instance, error.validator_value)
            messages.append(f"{where}: {place}: found {str(error.instance)[:80]!r}; allowed: {allowed}"[:300])
    return messages


def cross_checks(
    config: dict[str, Any], sound: dict[str, Any], candidates: set[str], authorities: set[str]
) -> list[str]:
    """What a schema cannot say: names that must exist, and parents that must not go in circles.

    `sound` holds the candidates that obey their schema, so that one bad file does not hide the errors of the others.
    """
    errors = []
    baselines = config.get("baselines") if isinstance(config.get("baselines"), list) else []
    for key in [config.get("candidate"), *baselines, config.get("last_good")]:
        if isinstance(key, str) and key and key not in candidates:
            errors.append(f"config.yaml: candidate `{key}` has no file{_near(key, candidates)}")
    for name, entry in sound.items():
        if entry["name"] != name:
            errors.append(f"candidates/{name}.yaml: name is `{entry['name']}`, must be `{name}`")
        if entry["authority"] not in authorities:
            errors.append(
                f"candidates/{name}.yaml: authority `{entry['authority']}` has no file"
                + _near(entry["authority"], authorities)
            )
        seen, parent = [name], entry["parent"]
        while parent is not None:
            if parent in seen or parent not in sound:
                errors.append(f"candidates/{name}.yaml: parent `{parent}` is unknown or goes in a circle")
                break
            seen.append(parent)
            parent = sound[parent]["parent"]
    return errors


def _near(key: str, known: Iterable[str]) -> str:
    nearest = difflib.get_close_matches(key, sorted(known), n=1)
    return f"; did you mean `{nearest[0]}`?" if nearest else f"; known: {', '.join(sorted(known))}"
