"""The table code x case: each case breaks one thing in a house and returns the codes that come back."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from scripts.lib import contracts
from tests.lawful import House


class Case(NamedTuple):
    """`run` gets a house that has passed all states (`passed`) or has run none (`planted`)."""

    code: str
    name: str
    start: str
    run: Callable[[House], list[str]]


CASES: list[Case] = []


def case(code: str, start: str = "planted") -> Callable:
    """Register a function as a case that provokes `code`."""

    def register(function: Callable[[House], list[str]]) -> Callable[[House], list[str]]:
        CASES.append(Case(code, function.__name__, start, function))
        return function

    return register


@contextlib.contextmanager
def contracts_with(folder: Path, file: str, change: Callable[[Any], None]) -> Iterator[None]:
    """Work under a copy of config/contracts in which `change` has edited one YAML file."""
    original = contracts.CONTRACTS
    target = folder / "contracts"
    shutil.copytree(original, target)
    value = yaml.safe_load((target / file).read_text())
    change(value)
    (target / file).write_text(yaml.safe_dump(value))
    caches = (contracts.dictionary, contracts.registry, contracts.schema, contracts._schema_file)
    contracts.CONTRACTS = target
    try:
        for cached in caches:
            cached.cache_clear()
        yield
    finally:
        contracts.CONTRACTS = original
        for cached in caches:
            cached.cache_clear()


def conflict(house: House, dataset: str, call: Callable[[], list[str]]) -> list[str]:
    """Codes of `call` while the dictionary gives `dataset` partitions that its path has not."""

    def change(found: dict[str, Any]) -> None:
        found["datasets"][dataset]["partitions"] = ["planet"]

    with contracts_with(house.root, "dataset_dictionary.yaml", change):
        return call()
