"""The lineage record: what is written is read, and nothing else is believed."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from scripts.lib.files import pretty_json, sha256_text
from scripts.lib.lineage import HashedFile, Lineage, is_path, read_lineage

SITES = HashedFile("results/a/sites.parquet", "a" * 64, 10)
RECEIPT = HashedFile("results/u/run_receipt.json", "b" * 64, 20)
CODE = HashedFile("scripts/x.py", "c" * 64, 30)
RECORD = Lineage(
    record="results/u/lineage/x.json",
    rule="x",
    wildcards={"seed": "7"},
    code=(CODE,),
    inputs={"sites": (SITES,), "optional": ()},
    after=("results/a/first",),
    outputs={"run_receipt": (RECEIPT,)},
    extra_outputs=(replace(SITES, path="results/u/extra"),),
    params={"seeds": {7: "x"}},
    software={"python": "3.11.7"},
)


def forged(change: Callable[[dict], object]) -> str:
    """The text of the record, changed and sealed again."""
    value = json.loads(RECORD.text())
    value.pop("record_sha256")
    change(value)
    return pretty_json({**value, "record_sha256": sha256_text(pretty_json(value))})


def test_a_record_is_read_as_it_was_written():
    found = read_lineage(RECORD.text())
    assert found == replace(RECORD, params={**RECORD.params, "seeds": {"7": "x"}})
    assert [file.path for file in found.read] == ["results/a/sites.parquet"]
    assert [file.path for file in found.made] == ["results/u/run_receipt.json", "results/u/extra"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "[" * 200_000,
        json.dumps(json.loads(RECORD.text())),  # another form of the same values
        RECORD.text().replace('"bytes": 10', '"bytes": 11', 1),  # not sealed again
        RECORD.text().replace('"rule": "x"', '"rule": "y",\n "rule": "x"'),
        forged(lambda value: value.pop("software")),
        forged(lambda value: value.update(more=1)),
        forged(lambda value: value.update(rule=["x"])),
        forged(lambda value: value.update(inputs=[])),
        forged(lambda value: value["wildcards"].update(seed=7)),
        forged(lambda value: value["code"][0].update(path="../x.py")),
        forged(lambda value: value["code"][0].update(bytes="30")),
        forged(lambda value: value["outputs"]["run_receipt"][0].update(path="scripts/x.py")),
        forged(lambda value: value["outputs"].update(run_receipt=[])),
    ],
)
def test_another_text_is_no_record(text: str):
    with pytest.raises(ValueError, match="is not as a job wrote it"):
        read_lineage(text)


def test_a_path_names_a_place_inside_the_project():
    assert all(map(is_path, ("a", "a/b.c", "a b/#", "ö")))
    assert not any(map(is_path, ("", "/a", "a/", "a//b", "../a", "a/./b", "a\nb", "a\0", None, 5)))
