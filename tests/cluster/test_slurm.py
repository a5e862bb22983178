"""A certify through a real Slurm: the bytes of a local run, and what a user sees of a fault, after which the same
command completes to the same bytes."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster.slurm import Cluster, cluster, missing, signal_all, told, wait_for, work_of
from tests.tiny import make_tiny, result_bytes, snakemake

PLUGIN = Path(os.environ.get("CLUSTER_PYTHON", sys.executable)).absolute()  # not resolved: it is a link of its venv


def unusable() -> str:
    """Why there can be no Slurm here; empty when there can."""
    if absent := missing():
        return f"Slurm is not installed: no {', '.join(absent)} (docs/cluster.md names the packages)"
    if os.geteuid():
        return "the daemons of the test cluster run as root"
    known = subprocess.run([PLUGIN, "-c", "import snakemake_executor_plugin_slurm"], capture_output=True, check=False)
    return "" if not known.returncode else "the executor plugin is not installed (envs/cluster.lock)"


pytestmark = [pytest.mark.slurm, pytest.mark.skipif(bool(unusable()), reason=unusable() or "usable")]
COMMAND = [
    *(str(PLUGIN), "-m", "snakemake", "--workflow-profile", "profiles/slurm", "--slurm-no-account"),
    *("--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "2"),
    *("--seconds-between-status-checks", "2", "--latency-wait", "5"),
]
Fault = Callable[[Cluster, int, str], object]


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("slurm") / "d") as started:
        yield started


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny world, certified on this machine alone."""
    folder = make_tiny(tmp_path_factory.mktemp("local") / "project")
    snakemake(folder, "certify")
    return folder


def copy_of(project: Path, folder: Path, *without: str) -> Path:
    """The project with its times, without some of its folders."""
    shutil.copytree(project, folder, ignore=lambda path, names: {n for n in names if f"{path}/{n}".endswith(without)})
    return folder


def through_slurm(folder: Path, memory_mb: int = 1000) -> subprocess.Popen[str]:
    resources = ("--default-resources", f"mem_mb={memory_mb}", "runtime=5", "slurm_partition=main")
    command = [*COMMAND, *resources, "--", "certify"]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def certified(folder: Path) -> str:
    """Run to the end; what was printed."""
    run = through_slurm(folder)
    text = run.communicate(timeout=600)[0]
    assert run.returncode == 0, text[-4000:]
    return text


def results_of(folder: Path) -> dict[str, str]:
    """Digests of the results without lineage, which names the packages of the environment."""
    return {path: digest for path, digest in result_bytes(folder).items() if "lineage" not in path}


def test_a_whole_certify_has_the_bytes_of_a_local_one(slurm: Cluster, local: Path, tmp_path: Path):
    folder = copy_of(local, tmp_path / "project", "/results", "/.snakemake")
    text = certified(folder)
    assert "tiny: FAIL_REALISM" in text
    assert results_of(folder) == results_of(local)


def out_of_time(slurm: Cluster, job: int, node: str) -> None:
    """The job hangs until its time is over; Slurm's own processes, which are to end it, do not."""
    signal_all(work_of(job), signal.SIGSTOP)
    told("scontrol", "update", f"JobId={job}", "TimeLimit=0:01")


FAULTS: dict[str, tuple[Fault, int, str]] = {  # what is done, the memory that jobs ask for, what the console says
    "node lost": (lambda slurm, job, node: slurm.lose_node(node), 1000, "Error in"),
    "job cancelled": (lambda slurm, job, node: told("scancel", str(job)), 1000, "CANCELLED"),
    "out of memory": (lambda slurm, job, node: None, 20, "memory"),
    "out of time": (out_of_time, 1000, "TIME LIMIT"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_after_a_fault_the_same_command_completes(fault: str, slurm: Cluster, local: Path, tmp_path: Path):
    act, memory_mb, says = FAULTS[fault]
    folder = copy_of(local, tmp_path / "project", "/results/runs")
    run = through_slurm(folder, memory_mb)
    wait_for(lambda: any(state == "RUNNING" for _, state, _ in slurm.jobs()), 60, "a job runs")
    job, _, node = next(entry for entry in slurm.jobs() if entry[1] == "RUNNING")
    time.sleep(2)  # into the work, not into its start
    act(slurm, job, node)
    text = run.communicate(timeout=300)[0]
    (tmp_path / "console.txt").write_text(text)
    assert run.returncode != 0
    assert "Error in" in text
    assert says in text
    if node not in slurm.daemons:
        slurm.start_node(node)
    wait_for(slurm.idle, 60, "both nodes are back")
    certified(folder)
    assert results_of(folder) == results_of(local)
