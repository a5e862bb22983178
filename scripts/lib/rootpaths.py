"""Full paths below `results/`: the root of a dataset's kind, then its path in the dictionary."""

from functools import cache
from typing import Any

from scripts.lib.contracts import CONTRACTS, dictionary, load_yaml


@cache
def _roots() -> dict[str, str]:
    found: dict[str, str] = load_yaml(CONTRACTS / "dataset_dictionary.yaml")["roots"]
    return found


class _Keep(dict[str, Any]):
    """Leaves `{token}` in place where no value is given, as Snakemake's wildcards need it."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def root_path(kind: str, **tokens: Any) -> str:
    """Path of a root (`run`, `upstream`, ...) relative to the project; missing tokens stay as `{token}`."""
    return _roots()[kind].format_map(_Keep(tokens))


def dataset_path(dataset: str, **tokens: Any) -> str:
    """Path of `dataset` relative to the project; missing tokens stay as `{token}`."""
    entry = dictionary()[dataset]
    return f"{root_path(entry['root'], **tokens)}/{entry['path'].format_map(_Keep(tokens))}"


def datasets_of(source: str) -> list[str]:
    """Datasets that are made from one outside source (`tz_world`, `tzdb`, `places`), what is read from it first."""
    return [name for name, entry in dictionary().items() if entry.get("source") == source]
