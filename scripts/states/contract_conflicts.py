"""Schema, dictionary and registry must tell one story; every state asks before it reads.

Precedence is Schema > Dictionary > Registry (states.md §1): a lower authority may add, never contradict.
"""

import re
from collections.abc import Iterable
from typing import Any

import yaml

from scripts.lib.contracts import arrow_schema, dictionary, registry, schema
from scripts.lib.errors import Breach, Fault, raise_all

_TABLES = ("parquet", "geoparquet")
_PARTITION = re.compile(r"(\w+)=\{(\w+)\}")
_KEYS = ("x-primary-key", "x-sort")


def check_contracts(*datasets: str) -> None:
    """CONTRACTS for every contradiction about `datasets` (ids of the dictionary)."""
    _raise((dataset, why) for dataset in datasets for why in _conflicts(dataset))


def check_sealed_contracts(rows: Iterable[dict[str, Any]]) -> None:
    """CONTRACTS for every difference between rows of the inventory and the contracts."""
    _raise((row["asset_id"], why) for row in rows for why in sealed_conflicts(row))


def _raise(found: Iterable[tuple[str, str]]) -> None:
    raise_all([Fault(Breach.CONTRACTS, "contracts", f"{name}: {why}", dataset=name) for name, why in found])


def sealed_conflicts(row: dict[str, Any]) -> list[str]:
    """What an inventory row says otherwise of its asset than the contracts do now, in words."""
    entry, artefact = dictionary().get(row["asset_id"], {}), registry().get(row["asset_id"], {})
    now = {"schema_ref": entry.get("schema_ref"), "asset_kind": entry.get("kind")}
    now["license_class"] = artefact.get("license_class")
    return [f"sealed {key} is {row[key]}, the contracts say {value}" for key, value in now.items() if row[key] != value]


def _conflicts(dataset: str) -> list[str]:
    """Every contradiction between the three authorities about one dataset, in words."""
    entry, artefact = dictionary().get(dataset), registry().get(dataset)
    if entry is None:
        return ["not in the dataset dictionary"]
    found = []
    embedded = _PARTITION.findall(entry["path"])
    if any(name != token for name, token in embedded):
        found.append("a path level and its token have different names")
    if entry.get("partitions") is not None and [name for name, _ in embedded] != entry["partitions"]:
        found.append(f"partitions {entry['partitions']} are not those of the path")
    if artefact is not None and artefact.keys() != {"license_class", "retention_days"}:
        found.append("the registry entry needs license_class and retention_days, and nothing else")
    if artefact is None and "kind" in entry:
        found.append("may be sealed, but has no licence in the registry")
    if entry["schema_ref"]:
        found += _schema_conflicts(entry)
    return found


def _schema_conflicts(entry: dict[str, Any]) -> list[str]:
    try:
        rule = schema(entry["schema_ref"])
    except (KeyError, TypeError, OSError, yaml.YAMLError):
        return [f"schema anchor {entry['schema_ref']} does not exist"]
    if entry["format"] not in _TABLES:
        return (
            ["the schema is that of a table, the dictionary says " + entry["format"]] if "x-primary-key" in rule else []
        )
    try:
        columns = set(arrow_schema(entry["schema_ref"]).names)
    except KeyError as problem:
        return [f"the dictionary says table, but the schema has no {problem}"]
    return [f"{key} names columns that the schema has not" for key in _KEYS if not set(rule.get(key, [])) <= columns]
