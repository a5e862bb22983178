"""Frozen dataclasses to and from JSON: a noun states its fields once, and is written and read by them."""

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def plain(value: Any) -> Any:
    """`value` as JSON takes it: a dataclass as an object of its fields, keys as text, tuples as lists.

    A dataclass whose JSON is not simply its fields has a method `to_json`.
    """
    if hasattr(value, "to_json"):
        return value.to_json()
    if is_dataclass(value):
        return plain_fields(value)
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list | tuple) else value


def plain_fields(value: Any) -> dict[str, Any]:
    """The fields of a dataclass as JSON takes them: what a `to_json` builds upon."""
    return {field.name: plain(getattr(value, field.name)) for field in fields(value)}


def record(cls: type[T], value: Mapping[str, Any]) -> T:
    """The dataclass `cls` from its JSON, by its `from_json` if it has one, else by its fields."""
    read = getattr(cls, "from_json", None)
    return read(value) if read else record_fields(cls, value)


def record_fields(cls: type[T], value: Mapping[str, Any]) -> T:
    """`cls` from the values of its fields; a field that may be None may be absent, keys beyond the fields are left.

    Raises KeyError for a field that is absent.
    """
    found = {}
    for name, kind in _hints(cls).items():  # type: ignore[arg-type]  # every class is hashable
        optional = type(None) in get_args(kind)
        found[name] = typed(kind, value.get(name) if optional else value[name])
    return cls(**found)


def typed(kind: Any, value: Any) -> Any:
    """`value` as `kind` says: nested dataclasses, lists and tuples of them, and mappings with integer keys."""
    arguments = get_args(kind)
    if value is None or kind is Any:
        return value
    if get_origin(kind) in (Union, types.UnionType):
        return typed(next(part for part in arguments if part is not type(None)), value)
    if get_origin(kind) is dict:
        key, part = arguments
        return {key(name) if key is int else name: typed(part, entry) for name, entry in value.items()}
    if get_origin(kind) in (list, tuple):
        return get_origin(kind)(typed(arguments[0], entry) for entry in value)
    return record(kind, value) if isinstance(kind, type) and is_dataclass(kind) else value


@cache
def _hints(cls: Any) -> dict[str, Any]:
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cls)}
