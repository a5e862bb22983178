"""Dictionary, schemas and registry: where a dataset lies and what its rows look like, each stated once in config.

`catalog_path` and `contract_path` are paths inside a run root, `root_path` and `dataset_path` begin at `results/`.
"""

import io
import math
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import yaml

from scripts.lib.files import read_json

CONTRACTS = Path(__file__).parents[2] / "config/contracts"

_ARROW = {
    "uint64": pa.uint64(),
    "int64": pa.int64(),
    "int32": pa.int32(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "string": pa.string(),
    "binary": pa.binary(),
}


if TYPE_CHECKING:
    _Loader = yaml.SafeLoader
else:
    _Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml parses our schemas ten times faster


class _UniqueKeyLoader(_Loader):
    """A YAML loader that refuses duplicate keys: the second value would silently win."""


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[str] = set()
    for key_node, _ in node.value:
        if str(key_node.value) in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"duplicate key {key_node.value!r}", key_node.start_mark
            )
        seen.add(str(key_node.value))
    return _Loader.construct_mapping(loader, node, deep=True)


def _finite(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> float:
    value = loader.construct_yaml_float(node)
    if not math.isfinite(value):
        # A cap that is no number is never exceeded.
        raise yaml.constructor.ConstructorError(None, None, f"{node.value} is not a finite number", node.start_mark)
    return value


_UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_UniqueKeyLoader.add_constructor("tag:yaml.org,2002:float", _finite)
# Dates stay strings: expiry dates are compared as text and checked by pattern.
_UniqueKeyLoader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}


class _TextLoader(_UniqueKeyLoader):
    """Every scalar stays the text that was written: the nudge digest covers the decimal as written."""


_TextLoader.yaml_implicit_resolvers = {}


def load_yaml(path: str | Path, as_text: bool = False) -> Any:
    """Parse one YAML document; dates (or with `as_text` all scalars) stay text.

    Raises OSError, or `yaml.YAMLError` for everything that is not one plain document: duplicate keys, NaN, bad UTF-8.
    """
    loader = _TextLoader if as_text else _UniqueKeyLoader
    try:
        stream = io.StringIO(Path(path).read_bytes().decode("utf-8"))
        stream.name = Path(path).name  # the parser says where an error lies
        return yaml.load(stream, Loader=loader)
    except (ValueError, TypeError, RecursionError) as problem:  # what PyYAML lets through for odd scalars and depth
        raise yaml.YAMLError(f"not readable as YAML: {type(problem).__name__}: {problem}") from None


@cache
def _catalog() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = load_yaml(CONTRACTS / "dataset_dictionary.yaml")
    return found


def dictionary() -> dict[str, dict[str, Any]]:
    """Dataset id -> `{path, format, schema_ref, ...}` (states.md §1.1, §1.2)."""
    return _catalog()["datasets"]


@cache
def registry() -> dict[str, dict[str, Any]]:
    """Dataset id -> `{license_class, retention_days, ...}`."""
    found: dict[str, dict[str, Any]] = load_yaml(CONTRACTS / "artefact_registry.yaml")["artefacts"]
    return found


def catalog_path(dataset_id: str, **tokens: Any) -> str:
    """The dataset's path inside a run root, with the given tokens filled in; of a dataset in parts, its first part."""
    return str(dictionary()[dataset_id]["path"]).format(**tokens)


def contract_path(dataset_id: str, **tokens: Any) -> str:
    """The path that the contract gives: of a dataset in parts and of a bundle the folder, with a slash at its end."""
    path, entry = catalog_path(dataset_id, **tokens), dictionary()[dataset_id]
    if entry.get("parts"):
        return f"{path.rpartition('/')[0]}/"
    return f"{path}/" if entry.get("kind") == "bundle" and entry["format"] == "files" else path


class _Keep(dict[str, Any]):
    """Leaves `{token}` in place where no value is given, as Snakemake's wildcards need it."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def root_path(kind: str, **tokens: Any) -> str:
    """Path of a root (`run`, `upstream`, ...) relative to the project; missing tokens stay as `{token}`."""
    return str(_catalog()["roots"][kind]).format_map(_Keep(tokens))


def dataset_path(dataset_id: str, **tokens: Any) -> str:
    """Path of a dataset relative to the project; missing tokens stay as `{token}`."""
    entry = dictionary()[dataset_id]
    return f"{root_path(entry['root'], **tokens)}/{entry['path'].format_map(_Keep(tokens))}"


def datasets_of(source: str) -> list[str]:
    """Datasets that are made from one outside source (`tz_world`, `tzdb`, `places`), what is read from it first."""
    return [name for name, entry in dictionary().items() if entry.get("source") == source]


@cache
def schema(schema_ref: str) -> dict[str, Any]:
    """The JSON Schema at `file.yaml#/pointer`, with `$ref`s into the layer primitives resolved in place."""
    file, _, pointer = schema_ref.partition("#/")
    node = _schema_file(file)
    for part in pointer.split("/"):
        node = node[part]
    found: dict[str, Any] = _resolve(node)
    return found


@cache
def _schema_file(name: str) -> dict[str, Any]:
    found: dict[str, Any] = load_yaml(CONTRACTS / "schemas" / name)
    return found


def _resolve(node: Any) -> Any:
    if isinstance(node, list):
        return [_resolve(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        extra = {key: _resolve(value) for key, value in node.items() if key != "$ref"}
        return {**schema(node["$ref"]), **extra}
    return {key: _resolve(value) for key, value in node.items()}


def arrow_schema(schema_ref: str) -> pa.Schema:
    """The Arrow schema of a table whose row schema is `schema_ref`: one source for columns, types and nullability."""
    fields = []
    for name, column in schema(schema_ref)["properties"].items():
        fields.append(pa.field(name, _ARROW[column["x-arrow"]], nullable=bool(column.get("x-nullable"))))
    return pa.schema(fields)


def columns(schema_ref: str) -> list[str]:
    """Column names in contract order."""
    return list(schema(schema_ref)["properties"])


def schema_errors_at(value: Any, rule: dict[str, Any]) -> list[Any]:
    """All jsonschema errors of `value` against the schema `rule`, in order of place."""
    import jsonschema  # here, as its import costs every job a tenth of a second

    errors = jsonschema.Draft202012Validator(rule).iter_errors(value)
    return sorted(errors, key=lambda error: [str(part) for part in error.absolute_path])


def schema_errors(value: Any, schema_ref: str) -> list[str]:
    """Every way in which `value` breaks the schema, as `place: what is wrong`."""
    return [
        f"{'/'.join(map(str, error.absolute_path)) or '(top)'}: {error.message[:200]}"
        for error in schema_errors_at(value, schema(schema_ref))
    ]


def read_document(path: str | Path, schema_ref: str) -> tuple[Any, list[str]]:
    """The value of a JSON or YAML file, and what is wrong: that it cannot be read, or how it breaks the schema."""
    try:
        value = read_json(path) if str(path).endswith(".json") else load_yaml(path)
    except (OSError, ValueError, yaml.YAMLError) as problem:
        return None, [f"unreadable: {' '.join(str(problem).split())}"]
    return value, schema_errors(value, schema_ref)
