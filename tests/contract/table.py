"""The words of the case tables: what can be broken in a lawful house, and how a row is run.

A row is `what is broken: (codes, how, ...)`. tests/rule breaks inputs by the dozen; here stands what it does not.
"""

import shutil
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from unittest.mock import patch

import pyarrow as pa

from scripts.lib.contracts import dictionary
from scripts.lib.files import read_json, write_json
from scripts.states.state import check_output
from tests.lawful import CODES, CREATED, FINGERPRINT, OPEN_CAPS, TOKENS, House, column, raised

ZEROS = "0" * 64
LATER = "2026-01-01T00:00:00.000000Z"
OF_S0 = ("s0_gate_receipt_2A", "sealed_inputs_2A", "s0_determinism_receipt")


class Table(NamedTuple):
    """The cases of one state."""

    state: str
    before: dict[str, tuple]  # (codes, *changes) of a planted house; the states up to this one run on it
    after: dict[str, tuple]  # (codes, *changes) of a house in which all states have passed; this one runs again
    checks: dict[str, tuple]  # (codes, call) of one check, called on such a house, that returns codes

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """(kind, what, codes) of every case."""
        for kind in ("before", "after", "checks"):
            for what, row in getattr(self, kind).items():
                yield kind, what, row[0]

    def codes(self, kind: str, what: str, house: House) -> list[str]:
        """Codes that come back when the case is run on `house`."""
        _, *how = getattr(self, kind)[what]
        if kind == "checks":
            return how[0](house)
        arguments = {}
        for change in how:
            found = change(house)
            arguments |= found if isinstance(found, dict) else {}
        if kind == "before" and self.state != "S0":
            house.through(f"S{int(self.state[1]) - 1}")
        return raised(lambda: getattr(house, self.state.lower())(**arguments)) or house.codes(self.state)


# Changes: functions of a house; one may return a dict of arguments with which the state is called.


def edit(name: str, **fields: Any):
    """Fields of a JSON object replaced."""
    return lambda house: house.edit(name, lambda found: found | fields)


def json(name: str, change: Callable[[Any], Any]):
    """A JSON file changed in place, or by what `change` returns."""
    return lambda house: house.edit(name, change)


def flip(name: str):
    return lambda house: house.flip(name)


def lost(*names: str):
    return lambda house: [house.files[name].unlink() for name in names]


def cut(dataset: str):
    """A table without its first row."""
    return lambda house: house.rewrite(dataset, lambda table: table.slice(1))


def policy(name: str, value: Any):
    return lambda house: house.policy(name, value)


def capped(**caps: float):
    """Open caps but for these."""
    return policy(
        "governance", OPEN_CAPS | {name: {"value": cap, "why": "t", "source": "t"} for name, cap in caps.items()}
    )


def resealed(name: str, value: Any):
    """Another policy under a seal that vouches for it."""

    def change(house: House) -> None:
        house.policy(name, value)
        house.reseal(name, name)

    return change


def vouched(report: str, dataset: str, change: Callable[[pa.Table], pa.Table]):
    """A table changed under a run report that vouches for it."""

    def apply(house: House) -> None:
        house.rewrite(dataset, change)
        house.republish(report, dataset)

    return apply


def cell(name: str, row: int, value: Any):
    """A change of one cell of a table."""

    def change(table: pa.Table) -> pa.Table:
        values = table[name].to_pylist()
        values[row] = value
        return column(table, name, values, table.schema.field(name).type)

    return change


def elsewhere(dataset: str, place: str):
    """The state is given a copy of a dataset that lies at another place."""

    def change(house: House) -> dict[str, Any]:
        other = house.root / place
        other.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(house.files[dataset], other)
        return {dataset: [str(other)] if dataset == "site_locations" else str(other)}

    return change


def to(argument: str, dataset: str, part: str, other: str):
    """The state is told to write `dataset` where a part of the path is another."""
    return lambda house: {argument: house.path(dataset).replace(part, other)}


def staged(state: str, dataset: str, **fields: Any):
    """A check: the common one of outputs, on a staged JSON dataset with other fields."""

    def check(house: House) -> list[str]:
        stage = house.root / "staged.json"
        write_json(stage, read_json(house.files[dataset]) | fields)
        tokens = TOKENS if "seed=" in house.path(dataset) else {"manifest_fingerprint": FINGERPRINT}
        return raised(lambda: check_output(dataset, house.path(dataset), stage, tokens, CREATED), CODES[state])

    return check


def conflict(state: str, dataset: str):
    """A check: the state while the dictionary gives `dataset` partitions that its path has not."""

    def check(house: House) -> list[str]:
        with patch.dict(dictionary()[dataset], partitions=["planet"]):
            return raised(getattr(house, state.lower())) or house.codes(state)

    return check
