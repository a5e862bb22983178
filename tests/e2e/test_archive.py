"""The archive: the RO-Crate profile's MUSTs, restore, digest-only packing, and equal bytes in another environment."""

import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rocrate.rocrate import ROCrate

from scripts.archive import archive_run
from scripts.archive.prove import say, verify_tree
from scripts.archive.signature import KEY_VARIABLE
from scripts.archive.sums import CRATE, SUMS, sealed, unsealed
from scripts.certification.prune import prune
from scripts.lib.errors import UsageError
from scripts.lib.files import read_json, sha256_file
from scripts.lib.lineage import HashedFile
from scripts.lib.version import project_version
from tests.e2e.forge import named, relative, reseal, sums_hold, unpack
from tests.tiny import ROOT, snakemake

pytestmark = pytest.mark.slow
PROFILE = "https://w3id.org/ro/wfrun/provenance/0.5"


@pytest.fixture
def restored(archived: Path, tmp_path: Path) -> Path:
    """The archive, unpacked elsewhere."""
    return unpack(archived / "results/archive/tiny.tar.gz", tmp_path)


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
    assert {entity["@id"] for entity in targets(graph, root, "license")} >= {"LICENSE", "NOTICE"}
    assert "OpenStreetMap contributors" in root["creditText"] and "GeoNames" in root["creditText"]
    assert workflow["version"] == project_version()
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


def test_large_files_may_be_left_out_and_are_known_by_digest(archived: Path, tmp_path: Path):
    folder = tmp_path / "project"
    shutil.copytree(archived, folder)
    config = folder / "config/config.yaml"
    config.write_text(config.read_text().replace("include_large: true", "include_large: false"))
    snakemake(folder, "-q", "--", "archive")
    small = unpack(folder / "results/archive/tiny.tar.gz", tmp_path)
    absent = [line.split("  ")[1] for line in (small / "NOT_INCLUDED.sha256").read_text().splitlines()]
    assert any(path.endswith("tz_world.parquet") for path in absent)
    assert not any((small / path).exists() for path in absent)
    assert verify_tree(small) == []
    assert sums_hold(small)
    assert ROCrate(small).mainEntity.id == "Snakefile"


def verified(folder: Path, key: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", ROOT / "scripts/verify.py", "--public-key", f"{key}.pub", folder]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_signed_archive_is_checked_by_the_key_alone(
    archived: Path, restored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    key, folder = tmp_path / "key", tmp_path / "project"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    unsigned = verified(restored, key)
    assert unsigned.returncode == 1 and "missing: SHA256SUMS.sig" in unsigned.stdout
    shutil.copytree(archived, folder)
    monkeypatch.setenv(KEY_VARIABLE, str(key))
    snakemake(folder, "-q", "--forcerun", "archive_run", "--", "archive")
    signed = unpack(folder / "results/archive/tiny.tar.gz", folder)
    done = verified(signed, key)
    assert done.returncode == 0 and done.stdout.endswith("files, signed\n"), done.stdout
    assert verify_tree(signed) == []  # without a key nothing is asked
    assert (signed / "SHA256SUMS").read_bytes() == (restored / "SHA256SUMS").read_bytes()


def test_a_broken_tree_is_not_packed(archived: Path, tmp_path: Path):
    folder = tmp_path / "project"
    shutil.copytree(archived, folder)
    verdict = folder / "results/runs/tiny/certification/verdict.txt"
    verdict.write_text("tiny: PASS_BPLUS\n")
    done = snakemake(folder, "-q", "--", "archive", check=False)
    assert done.returncode != 0
    assert f"changed: {verdict.relative_to(folder)}" in done.stdout + done.stderr


def pack(folder: Path, monkeypatch: pytest.MonkeyPatch, extra: tuple[str, ...] = ()) -> Path:
    """Pack as the job of the first archive did, but without Snakemake, which would restore what is missing."""
    monkeypatch.chdir(folder)
    record = read_json("results/archive/lineage/tiny.json")
    given = {name: [entry["path"] for entry in record["inputs"][name]] for name in ("results", "project")}
    given["project"] = sorted([*given["project"], *extra])
    written = {"archive": "again.tar.gz", "checksum": "again.tar.gz.sha256"}
    archive_run.main(**given, **written, **record["wildcards"], **record["params"])
    return folder / "again.tar.gz"


@pytest.fixture
def project(archived: Path, tmp_path: Path) -> Path:
    """A copy of the project to break."""
    return shutil.copytree(archived, tmp_path / "project", ignore=shutil.ignore_patterns(".snakemake"))


@pytest.mark.parametrize("text", ["{", "{}", "5"])
def test_a_broken_record_of_another_run_keeps_nothing_from_being_packed(project: Path, monkeypatch, text: str):
    path = project / "results/runs/other/lineage/x.json"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    archive = pack(project, monkeypatch)
    assert sha256_file(archive) == sha256_file(project / "results/archive/tiny.tar.gz")


def test_another_run_that_is_out_of_date_keeps_nothing_from_being_packed(project: Path, monkeypatch):
    record = json.loads((project / "results/runs/tiny/certification/lineage/certify_run.json").read_text())
    for entry in record["inputs"]["gates"]:
        entry["sha256"] = "0" * 64
    made = project / "results/runs/other/certification/verdict.txt"
    made.parent.mkdir(parents=True)
    made.write_text("an earlier verdict")
    record["outputs"] = {"verdict": [vars(replace(HashedFile.of(made), path=relative(project, made)))]}
    path = project / "results/runs/other/lineage/certify_run.json"
    path.parent.mkdir()
    path.write_text(json.dumps(record))
    reseal(path, lambda found: found.update(record=relative(project, path)))
    assert [finding.path for finding in verify_tree(project)] == ["config/certification/gates.yaml"]
    assert sha256_file(pack(project, monkeypatch)) == sha256_file(project / "results/archive/tiny.tar.gz")


def test_an_archive_does_not_hold_the_project_to_what_was_packed(project: Path):
    (project / "README.md").write_text("edited since")
    assert verify_tree(project) == []


@pytest.mark.parametrize("record", ["certification/lineage/certify_run.json", "seed=42/lineage/*/s1_tz_lookup.json"])
@pytest.mark.parametrize("text", [None, "{"])
def test_a_lost_record_is_named_when_packing(project: Path, monkeypatch, record: str, text: str | None):
    (path,) = (project / "results/runs/tiny").glob(record)
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(UsageError) as caught:
        pack(project, monkeypatch)
    word = "missing" if text is None else "changed"
    assert f"{word}: {path.relative_to(project)}" in str(caught.value)


def test_the_data_of_a_pruned_run_are_not_packed(project: Path, monkeypatch):
    monkeypatch.chdir(project)
    prune(Path("results/runs"), [], Path("results/prune_receipt.json"))
    assert verify_tree(project) == []
    with pytest.raises(UsageError, match="was pruned"):
        pack(project, monkeypatch)


def test_odd_names_are_packed_and_a_line_feed_is_refused(project: Path, monkeypatch, tmp_path: Path):
    odd = ("docs/#README.md#", "docs/a # b.md", "docs/ö.md")
    for name in odd:
        (project / name).write_text(name)
    root = unpack(pack(project, monkeypatch, odd), tmp_path)
    assert verify_tree(root) == []
    assert sums_hold(root)
    (project / "docs/a\nb.md").write_text("odd")
    with pytest.raises(UsageError, match="No list can hold"):
        pack(project, monkeypatch, ("docs/a\nb.md",))


def seal(root: Path, change: Callable[[str], str]) -> None:
    """Change the list of an archive and seal it again."""
    (root / "SHA256SUMS").write_text(sealed(change(unsealed((root / "SHA256SUMS").read_text()))))


def test_an_archive_is_judged_by_its_list_alone(restored: Path):
    (restored / "NOT_INCLUDED.sha256").write_bytes(b"\xff")  # not listed: nothing that it says is believed
    assert named(restored) == [("unexplained", "NOT_INCLUDED.sha256")]
    (restored / "NOT_INCLUDED.sha256").unlink()
    sums = (restored / "SHA256SUMS").read_bytes()
    for change in (
        lambda body: body + f"{'0' * 64}  ../outside\n",
        lambda body: body + f"{'0' * 64}  /etc/hostname\n",
        lambda body: body + "no digest\n",
        lambda body: "",
    ):
        seal(restored, change)
        assert ("changed", "SHA256SUMS") in named(restored)
    (restored / "SHA256SUMS").unlink()
    assert ("missing", "SHA256SUMS") in named(restored)
    (restored / "SHA256SUMS").mkdir()
    assert ("changed", "SHA256SUMS") in named(restored)
    (restored / "SHA256SUMS").rmdir()
    (restored / "SHA256SUMS").write_bytes(sums)
    assert named(restored) == []


def test_what_is_said_tells_an_archive_from_a_project(restored: Path, capsys):
    listed = (restored / "SHA256SUMS").read_text().count("\n") - 1
    assert say(str(restored)) == 0
    assert capsys.readouterr().out == f"verify: ok, archive, {listed} files\n"
    for name in ("SHA256SUMS", "ro-crate-metadata.json"):
        (restored / name).unlink()
    assert say(str(restored)) == 0
    assert capsys.readouterr().out.startswith("verify: ok, project, ")


def test_a_restored_project_has_nothing_to_do_and_hands_over_the_same_run_root(archived: Path, restored: Path):
    assert verify_tree(restored) == []
    snakemake(restored, "-q", "--touch", "--", "certify")
    done = snakemake(restored, "-n", "--", "certify")
    assert "Nothing to be done" in done.stdout + done.stderr
    assert verify_tree(restored) == []
    for name in (SUMS, CRATE):  # docs/archive.md: to work on in it
        (restored / name).unlink()
    given = []
    for project in (archived, restored):
        snakemake(project, "handover")
        given.append(read_json(project / "results/handover/tiny/seed=42.json"))
    assert given[0] == given[1] and given[0]["refused"] == ""
