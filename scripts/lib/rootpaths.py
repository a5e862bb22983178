"""Full paths below `results/`: the root of a dataset's kind, then its path in the dictionary."""

from functools import cache
from typing import Any

from scripts.lib.contracts import CONTRACTS, dictionary, load_yaml


@cache
def _roots() -> dict[str, str]:
    return load_yaml(CONTRACTS / "dataset_dictionary.yaml")["roots"]


class _Keep(dict):
    """Leaves `{token}` in place where no value is given, as Snakemake's wildcards need it."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def dataset_path(dataset: str, **tokens: Any) -> str:
    """Path of `dataset` relative to the project; missing tokens stay as `{token}`."""
    entry = dictionary()[dataset]
    return f"{_roots()[entry['root']]}/{entry['path']}".format_map(_Keep(tokens))
