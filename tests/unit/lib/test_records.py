"""Nouns to JSON and back: integer keys, nested nouns, fields that may be absent."""

from dataclasses import dataclass

import pytest

from scripts.lib.records import plain, plain_fields, record, record_fields


@dataclass(frozen=True)
class Leaf:
    name: str
    value: float | None


@dataclass(frozen=True)
class Tree:
    leaves: list[Leaf]
    pair: tuple[Leaf, ...]
    by_seed: dict[int, Leaf]
    top: Leaf | None


TREE = Tree([Leaf("a", 1.5)], (Leaf("b", None),), {101: Leaf("c", 0.0), 7: Leaf("d", 2.0)}, None)
JSON = {
    "leaves": [{"name": "a", "value": 1.5}],
    "pair": [{"name": "b", "value": None}],
    "by_seed": {"101": {"name": "c", "value": 0.0}, "7": {"name": "d", "value": 2.0}},
    "top": None,
}


def test_a_noun_is_written_and_read_by_its_fields():
    assert plain(TREE) == JSON
    assert record(Tree, JSON) == TREE
    assert list(record(Tree, JSON).by_seed) == [101, 7]


def test_only_what_may_be_none_may_be_absent():
    assert record(Tree, {key: value for key, value in JSON.items() if key != "top"} | {"more": 1}) == TREE
    with pytest.raises(KeyError, match="leaves"):
        record(Tree, {"pair": [], "by_seed": {}})


@dataclass(frozen=True)
class Named:
    name: str
    size: int

    @classmethod
    def from_json(cls, found):
        return record_fields(cls, {"name": found["is"], **found})

    def to_json(self):
        found = plain_fields(self)
        return {"is": found.pop("name"), **found}


@dataclass(frozen=True)
class Holder:
    parts: dict[str, Named]


def test_a_noun_may_have_a_json_of_its_own():
    value = {"parts": {"x": {"is": "a", "size": 3}}}
    assert record(Holder, value) == Holder({"x": Named("a", 3)})
    assert plain(Holder({"x": Named("a", 3)})) == value
