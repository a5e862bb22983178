"""The descriptions of the environment agree, and none names an index host."""

import json
import re
import shutil
import subprocess
import sys

import pytest
import yaml

from scripts.lib.files import sha256_file
from scripts.lib.version import project_version
from scripts.workflow.check_config import machine_errors
from tests.tiny import ROOT

PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+?)(?: \\)?$", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    """Package -> version of a requirements file."""
    return {package.lower(): version for package, version in PIN.findall((ROOT / "envs" / name).read_text())}


def test_every_direct_requirement_is_locked_at_its_version():
    direct, locked = pins("requirements.in"), pins("requirements.lock")
    assert direct
    assert {package: locked.get(package) for package in direct} == direct


def test_every_locked_package_has_a_hash():
    text = (ROOT / "envs/requirements.lock").read_text()
    blocks = re.split(r"^(?=[A-Za-z0-9._-]+==)", text, flags=re.MULTILINE)[1:]
    assert blocks
    assert all("--hash=sha256:" in block for block in blocks)


def test_the_conda_environment_is_the_lock_on_the_same_python():
    conda = yaml.safe_load((ROOT / "envs/environment.yaml").read_text())
    assert "python=3.11" in conda["dependencies"]
    script = (ROOT / "envs/environment.post-deploy.sh").read_text()
    assert f"{sha256_file(ROOT / 'envs/requirements.lock')}  envs/requirements.lock" in script
    assert "--require-hashes -r envs/requirements.lock" in script


def test_the_image_is_the_lock_and_its_command_the_main_job():
    image = (ROOT / "Containerfile").read_text()
    assert "--require-hashes -r envs/requirements.lock" in image
    main_job = re.search(r"^certify:.*\n\t(.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert main_job and json.loads(re.search(r"^CMD (.*)$", image, re.MULTILINE)[1]) == main_job[1].split()


def test_the_cluster_lock_agrees_with_the_environment():
    ours, theirs = pins("requirements.lock"), pins("cluster.lock")
    assert "snakemake-executor-plugin-slurm" in theirs
    shared = ours.keys() & theirs.keys()
    assert {name: theirs[name] for name in shared} == {name: ours[name] for name in shared}


def test_no_index_host_is_named():
    for path in (ROOT / "envs").iterdir():
        assert "://" not in path.read_text(), path.name


def test_hooks_run_before_a_commit_what_make_lint_runs():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repo["repo"] for repo in hooks] == ["local"]
    recipe = (ROOT / "Makefile").read_text().split("\nlint:")[1].split("\n\n")[0]
    assert [hook["entry"] for hook in hooks[0]["hooks"]] == [line.strip() for line in recipe.splitlines()[1:]]


def test_version_and_python_are_said_once_and_repeated_truly():
    version = project_version()
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"\n## {version}\n" in (ROOT / "CHANGELOG.md").read_text()
    offered = re.findall(r"command -v python(3\.\d+)", (ROOT / "Makefile").read_text())
    assert offered == ["3.11", "3.12", "3.13"]
    for minor in range(10, 16):
        assert (f"3.{minor}" in offered) == (machine_errors(f"3.{minor}.2", "/bin/python", ROOT) == [])


def test_a_machine_that_cannot_do_is_refused_with_a_line_each(tmp_path):
    found = machine_errors("3.14.0", "/a place/bin/python", tmp_path / "none")
    assert len(found) == 3 and "3.14.0" in found[0] and "/a place" in found[1] and "read-only" in found[2]


@pytest.mark.parametrize(("python", "words"), [("", "No Python 3.11"), ("python3", "path of this folder has a space")])
def test_make_refuses_before_it_installs(python, words, tmp_path):
    folder = tmp_path / ("a place" if python else "place")
    (folder / "envs").mkdir(parents=True)
    (folder / "envs/requirements.lock").touch()
    shutil.copy2(ROOT / "Makefile", folder)
    done = subprocess.run(
        ["make", f"PYTHON={python}", "certify"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0 and words in done.stderr and not (folder / ".venv").exists()


def test_commands_say_their_version():
    modules = (["-m", name] for name in ("scripts.upstream.pin_authority", "scripts.certification.pin_reopen"))
    for command in (["scripts/verify.py"], *modules):
        asked = [sys.executable, *command, "--version"]
        done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout == f"{project_version()}\n"
