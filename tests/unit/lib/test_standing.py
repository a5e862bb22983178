"""A result stands only on a tree that is what its jobs read and wrote, to a cheap look (certification.md §16)."""

from pathlib import Path

import pytest

from scripts.lib import standing
from scripts.lib.files import write_text
from scripts.lib.lineage import HashedFile, Lineage
from scripts.lib.standing import faults, record_of

S0, S1 = "results/runs/x/s0", "results/runs/x/s1"


def job(folder: str, inputs: list[str], outputs: dict[str, str]) -> None:
    """A finished job: its outputs with these texts, and its record."""
    for path, text in outputs.items():
        write_text(path, text)
    record = Lineage(
        record=f"{folder}/lineage/job.json",
        rule="job",
        wildcards={},
        code=(),
        inputs={"read": tuple(map(HashedFile.of, inputs))},
        after=(),
        outputs={"made": tuple(map(HashedFile.of, outputs))},
        extra_outputs=(),
        params={},
        software={},
    )
    write_text(record.record, record.text())


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """S0 reads a policy and writes a receipt; S1 reads the receipt and writes zones."""
    monkeypatch.chdir(tmp_path)
    write_text("config/policy.yaml", "a: 1\n")
    job(S0, ["config/policy.yaml"], {f"{S0}/receipt.json": "sealed"})
    job(S1, [f"{S0}/receipt.json"], {f"{S1}/zones.csv": "Paris"})


def found() -> list[str]:
    return faults(record_of(f"{S1}/zones.csv", "job"))


def test_a_whole_tree_stands(tree):
    assert found() == []


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (f"{S1}/zones.csv", f"{S1}/zones.csv has other bytes than its record says"),
        (f"{S0}/receipt.json", f"{S0}/receipt.json has other bytes than its record says"),
        ("config/policy.yaml", "config/policy.yaml has other bytes than its record says"),
        (f"{S1}/lineage/job.json", f"{S1}/lineage/job.json is missing or is not as a job wrote it"),
        (f"{S0}/lineage/job.json", f"{S0}/receipt.json has no record of the job that made it"),
    ],
)
def test_other_bytes_of_the_same_size_are_named(tree, path, why):
    text = Path(path).read_text()
    Path(path).write_text("x" + text[1:])
    assert found() == [why]


@pytest.mark.parametrize("path", [f"{S1}/zones.csv", f"{S0}/receipt.json", "config/policy.yaml"])
def test_a_missing_file_is_named(tree, path):
    Path(path).unlink()
    assert found() == [f"{path} is missing"]


def test_a_refused_s0_leaves_neither_receipt_nor_record(tree):
    """Its outputs vanish; restoring the time stamp of what it refused lets Snakemake find nothing to do."""
    Path(f"{S0}/receipt.json").unlink()
    Path(f"{S0}/lineage/job.json").unlink()
    assert found() == [f"{S0}/receipt.json has no record of the job that made it"]


def test_what_was_made_anew_under_an_old_time_stamp_is_named(tree):
    job(S0, ["config/policy.yaml"], {f"{S0}/receipt.json": "other!"})
    assert found() == [f"{S0}/receipt.json was made anew after {S1}/lineage/job.json"]


def test_a_large_file_is_held_to_its_size_alone(tree, monkeypatch):
    monkeypatch.setattr(standing, "CHEAP", 4)
    Path(f"{S1}/zones.csv").write_text("Berne")
    assert found() == []
    Path(f"{S1}/zones.csv").write_text("Berlin")
    assert found() == [f"{S1}/zones.csv has other bytes than its record says"]
