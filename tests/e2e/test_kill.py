"""Crashes: SIGKILL, a full disk, a folder that may not be written. The message is clear and nothing is lost."""

import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.lib.files import Superseded, claim, clear_stages, staged, write_text
from tests.e2e.kill_loop import kills
from tests.tiny import COLLAPSED, make_tiny, result_bytes, snakemake

CERTIFY = [sys.executable, "-m", "snakemake", "--cores", "2", "-q", "--", "certify"]


@pytest.mark.slow
def test_killed_runs_end_in_the_undisturbed_tree(archived: Path, tmp_path: Path):
    differences = {what: odd for what, odd in kills(archived, 8.0, tmp_path, 2, seed=7) if odd}
    assert differences == {}


@pytest.mark.slow
def test_a_full_disk_says_so_and_the_rerun_completes(certified: Path, tmp_path: Path):
    calm = result_bytes(certified)
    folder = tmp_path / "project"
    shutil.copytree(certified, folder)
    (folder / "scripts/reference/build_lookup_index.py").touch()
    part = ["--until", "build_lookup_index", "--", "certify"]

    def limit() -> None:  # no file above 1 MiB, as on a disk that is full
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    command = [*CERTIFY[:-2], *part]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, preexec_fn=limit)
    assert done.returncode != 0
    assert "build_lookup_index: cannot read or write" in done.stdout + done.stderr
    assert "then run the same command again" in done.stdout + done.stderr
    left = result_bytes(folder)
    assert all(left[path] == calm[path] for path in left)
    assert not list(folder.glob("results/**/*.stage"))
    snakemake(folder, "-q", *part)
    assert result_bytes(folder) == calm


@pytest.mark.slow
def test_a_read_only_folder_says_so(tmp_path: Path):
    # root may write everywhere unless it gives up that right
    humble = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    if humble and not shutil.which("setpriv"):
        pytest.skip("root without setpriv")
    folder = make_tiny(tmp_path / "project", {42: COLLAPSED})
    lineage = folder / "results/reference/lineage"
    lineage.mkdir(parents=True)
    lineage.chmod(0o555)
    command = [*humble, *CERTIFY[:-2], "--until", "build_tz_world", "--", "certify"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "build_tz_world: cannot read or write: [Errno 13] Permission denied" in done.stdout + done.stderr


def test_an_outlived_job_publishes_nothing(tmp_path: Path):
    record, output = tmp_path / "lineage/rule.json", tmp_path / "data.json"
    with claim(record):
        write_text(output, "old job, before\n")
        (record.parent / ".claim.rule.json.stage").write_text("a newer job")
        with pytest.raises(Superseded):
            write_text(output, "old job, after\n")
        newer = output.with_name(f".{output.name}.1.stage")
        newer.write_text("newer")
        clear_stages(output)
    assert output.read_text() == "old job, before\n"
    assert newer.exists()
    assert (record.parent / ".claim.rule.json.stage").read_text() == "a newer job"


def test_a_rerun_clears_what_a_killed_job_left(tmp_path: Path):
    output = tmp_path / "data.json"
    left = tmp_path / ".data.json.99999999.stage"
    left.write_text("half")
    with staged(output) as stage:
        stage.write_text("whole")
    assert [path.name for path in tmp_path.iterdir()] == ["data.json"]
