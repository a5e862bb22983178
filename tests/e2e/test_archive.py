"""The archive: the RO-Crate profile's MUSTs, restore, digest-only packing, and equal bytes in another environment."""

import json
import os
import shutil
import struct
import subprocess
import sys
import tarfile
import zoneinfo
from pathlib import Path

import pytest
from rocrate.rocrate import ROCrate

from scripts.lib.files import sha256_file
from scripts.verify import verify_tree
from tests.tiny import COLLAPSED, make_tiny, snakemake

pytestmark = pytest.mark.slow
PROFILE = "https://w3id.org/ro/wfrun/provenance/0.5"


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A one-seed project with its archive."""
    folder = make_tiny(tmp_path_factory.mktemp("archive") / "project", {42: COLLAPSED})
    snakemake(folder, "-q", "--", "archive")
    return folder


@pytest.fixture
def restored(archived: Path, tmp_path: Path) -> Path:
    """The archive, unpacked elsewhere."""
    subprocess.run(["tar", "xzf", archived / "results/archive/tiny.tar.gz", "-C", tmp_path], check=True)
    return tmp_path / "tiny"


def of_type(graph: dict[str, dict], kind: str) -> list[dict]:
    return [entity for entity in graph.values() if kind in as_list(entity["@type"])]


def as_list(value):
    return value if isinstance(value, list) else [value]


def targets(graph: dict[str, dict], entity: dict, name: str) -> list[dict]:
    """The entities that a property refers to; one that is not described is an error."""
    return [graph[item["@id"]] for item in as_list(entity[name])]


def test_members_carry_nothing_of_this_machine(archived: Path):
    with tarfile.open(archived / "results/archive/tiny.tar.gz") as tar:
        members = tar.getmembers()
    assert {(member.mode, member.uid, member.gid, member.mtime, member.uname) for member in members} == {
        (0o644, 0, 0, 0, "")
    }
    assert [member.name for member in members] == sorted((member.name for member in members), key=str.encode)


def test_the_crate_meets_the_musts_of_its_profiles(restored: Path):
    graph = {
        entity["@id"]: entity for entity in json.loads((restored / "ro-crate-metadata.json").read_text())["@graph"]
    }
    root, workflow = graph["./"], graph["Snakefile"]
    # RO-Crate 1.1: the descriptor, and name, description, date, licence of the root
    assert graph["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    assert all(root[name] for name in ("name", "description", "datePublished", "license"))
    # Process, Workflow and Provenance Run Crate
    conforms = targets(graph, root, "conformsTo")
    assert PROFILE in {entity["@id"] for entity in conforms}
    assert all("CreativeWork" in as_list(entity["@type"]) for entity in conforms)
    assert root["mainEntity"] == {"@id": "Snakefile"}
    assert {"File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"} <= set(workflow["@type"])
    assert "ComputerLanguage" in as_list(targets(graph, workflow, "programmingLanguage")[0]["@type"])
    actions = of_type(graph, "CreateAction")
    whole = [action for action in actions if action["instrument"] == {"@id": "Snakefile"}]
    assert len(whole) == 1
    tools = {entity["@id"] for entity in targets(graph, workflow, "hasPart")}
    assert all(action["instrument"]["@id"] in tools for action in actions if action not in whole)
    steps = {entity["@id"]: entity for entity in targets(graph, workflow, "step")}
    assert all(step["workExample"]["@id"] in tools for step in steps.values())
    controls = of_type(graph, "ControlAction")
    assert len(controls) == len(actions) - 1
    for control in controls:
        assert control["instrument"]["@id"] in steps
        assert "CreateAction" in as_list(targets(graph, control, "object")[0]["@type"])
    (engine,) = of_type(graph, "OrganizeAction")
    assert targets(graph, engine, "result") == whole
    assert len(targets(graph, engine, "object")) == len(controls)
    for action in actions:
        assert all(targets(graph, action, name) for name in ("object", "result") if name in action)


def test_rocrate_reads_it_back_with_true_digests(restored: Path):
    crate = ROCrate(restored)
    assert crate.mainEntity.id == "Snakefile"
    files = [entity for entity in crate.data_entities if "sha256" in entity]
    assert len(files) > 100
    assert not [entity.id for entity in files if sha256_file(entity.source) != entity["sha256"]]


def test_a_restored_project_has_nothing_to_do(restored: Path):
    assert verify_tree(restored) == []
    snakemake(restored, "-q", "--touch", "--", "certify")
    done = snakemake(restored, "-n", "--", "certify")
    assert "Nothing to be done" in done.stdout + done.stderr
    assert verify_tree(restored) == []


def test_large_files_may_be_left_out_and_are_known_by_digest(archived: Path, tmp_path: Path):
    folder = tmp_path / "project"
    shutil.copytree(archived, folder)
    config = folder / "config/config.yaml"
    config.write_text(config.read_text().replace("include_large: true", "include_large: false"))
    snakemake(folder, "-q", "--", "archive")
    subprocess.run(["tar", "xzf", folder / "results/archive/tiny.tar.gz", "-C", tmp_path], check=True)
    small = tmp_path / "tiny"
    absent = [line.split("  ")[1] for line in (small / "NOT_INCLUDED.sha256").read_text().splitlines()]
    assert any(path.endswith("tz_world.parquet") for path in absent)
    assert not any((small / path).exists() for path in absent)
    assert verify_tree(small) == []
    assert subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=small, check=False).returncode == 0
    assert ROCrate(small).mainEntity.id == "Snakefile"


def test_a_broken_tree_is_not_packed(archived: Path, tmp_path: Path):
    folder = tmp_path / "project"
    shutil.copytree(archived, folder)
    verdict = folder / "results/runs/tiny/certification/verdict.txt"
    verdict.write_text("tiny: PASS_BPLUS\n")
    done = snakemake(folder, "-q", "--", "archive", check=False)
    assert done.returncode != 0
    assert f"changed: {verdict.relative_to(folder)}" in done.stdout + done.stderr


def another_release(folder: Path) -> Path:
    """Zone data as a host of another release would have it: every zone is on UTC+07:41, so that any use of it shows."""
    rules = zoneinfo_bytes(seconds=7 * 3600 + 41 * 60)
    for name in zoneinfo.available_timezones():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(rules)
    return folder


def zoneinfo_bytes(seconds: int) -> bytes:
    """A TZif file of version 1 (RFC 8536) with one offset and no transition."""
    return struct.pack(">4s16x6l", b"TZif", 0, 0, 0, 0, 1, 4) + struct.pack(">lbb4s", seconds, 0, 0, b"ODD\0")


@pytest.mark.parametrize("host_zones", ["removed", "of another release"])
def test_another_machine_makes_the_same_archive(archived: Path, tmp_path: Path, host_zones: str):
    folder = tmp_path / "another folder"
    shutil.copytree(archived, folder, ignore=shutil.ignore_patterns("results", ".snakemake", "__pycache__"))
    home = tmp_path / "home"
    home.mkdir()
    zones = another_release(tmp_path / "zoneinfo") if host_zones == "of another release" else tmp_path / "none"
    environment = os.environ | {
        "LC_ALL": "C",
        "LANG": "tr_TR.UTF-8",
        "TZ": "Pacific/Apia",
        "HOME": str(home),
        "PYTHONHASHSEED": "4711",
        "PYTHONTZPATH": str(zones),
        "TZDIR": str(zones),
    }
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "-q", "--", "archive"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    ours, theirs = (root / "results/archive/tiny.tar.gz" for root in (archived, folder))
    assert sha256_file(theirs) == sha256_file(ours)


def test_the_other_release_would_be_seen(tmp_path: Path):
    zones = another_release(tmp_path / "zoneinfo")
    ask = "import datetime, zoneinfo; print(datetime.datetime(2026, 1, 1, tzinfo=zoneinfo.ZoneInfo('Europe/Berlin')))"
    environment = os.environ | {"PYTHONTZPATH": str(zones)}
    done = subprocess.run([sys.executable, "-c", ask], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "2026-01-01 00:00:00+07:41\n"
