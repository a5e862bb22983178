"""Breaches of a schema in plain words: place, value found, what is allowed, and the nearest key or value."""

import difflib
import json
from collections.abc import Iterable
from typing import Any

from scripts.lib.contracts import schema_errors_at

TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping of keys to values",
    "null": "null",
}
WORDS = {
    "minimum": "{} or more",
    "maximum": "{} or less",
    "const": "`{}`",
    "uniqueItems": "no entry twice",
    "minItems": "a list with at least {} entry",  # our schemas ask for one entry, and for one character
    "minLength": "text that is not empty",
}


def schema_messages(value: Any, rule: dict[str, Any], where: str) -> list[str]:
    """One line an error of `value` against the JSON Schema `rule`, in order of place, at most 300 characters each."""
    messages = []
    for error in schema_errors_at(value, rule):
        place = "/".join(map(str, error.absolute_path)) or "(top)"
        messages += [f"{where}: {place}: {problem}"[:300] for problem in _problems(error)]
    return messages


def near(key: str, known: Iterable[str]) -> str:
    """The nearest of `known`, or all of them, as the end of a message."""
    nearest = difflib.get_close_matches(key, sorted(known), n=1)
    return f"; did you mean `{nearest[0]}`?" if nearest else f"; known: {', '.join(sorted(known))}"


def _problems(error: Any) -> list[str]:
    if error.validator == "additionalProperties":
        known = set(error.schema.get("properties", {}))
        return [f"unknown key `{key}`{near(key, known)}" for key in sorted(map(str, set(error.instance) - known))]
    if error.validator == "required":  # jsonschema reports each missing key as an error of its own
        return [error.message.replace("'", "`").replace("is a required property", "is missing")]
    found = json.dumps(error.instance, ensure_ascii=False, default=str)[:80]
    return [f"found {found}; allowed: {_allowed(error)}"]


def _allowed(error: Any) -> str:
    kind, value = error.validator, error.validator_value
    if kind == "type":
        names = [value] if isinstance(value, str) else value
        quotes = "string" in names and isinstance(error.instance, bool | int | float)
        return " or ".join(TYPES[name] for name in names) + (", so write it in quotes" if quotes else "")
    if kind == "enum":
        choices = f"one of {', '.join(f'`{choice}`' for choice in value)}"
        nearest = difflib.get_close_matches(str(error.instance), map(str, value), n=1)
        return choices + (f"; did you mean `{nearest[0]}`?" if nearest else "")
    if kind == "pattern":
        return str(error.schema.get("patternErrorMessage", f"text of the form {value}"))
    return WORDS[kind].format(value) if kind in WORDS else error.message
