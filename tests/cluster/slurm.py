"""A real Slurm of two nodes on the loopback address, from Debian's packages, for as long as a test runs."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

CONF = Path("/etc/slurm/slurm.conf")  # the executor plugin drops SLURM_CONF before its nested srun, so it lies here
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "sinfo")
NODES = ("n1", "n2")
STEP = re.compile(r"slurmstepd: \[(\d+)\.")
TEXT = """
ClusterName=smk
SlurmctldHost=localhost
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmctldPort=16817
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_min_interval=100000,sched_interval=2,bf_interval=2,batch_sched_delay=0
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
MinJobAge=300
SlurmdTimeout=10
KillWait=1
OverTimeLimit=0
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
NodeName=n1 NodeHostname=localhost NodeAddr=127.0.0.1 Port=16818 CPUs=2 RealMemory=8000 State=UNKNOWN
NodeName=n2 NodeHostname=localhost NodeAddr=127.0.0.1 Port=16819 CPUs=2 RealMemory=8000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> list[str]:
    """Programs of Slurm that this machine lacks."""
    return [name for name in PROGRAMS if shutil.which(name) is None]


@dataclass
class Cluster:
    """The daemons by name; each is ended by its own process."""

    folder: Path
    daemons: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *command: str) -> None:
        """Start a daemon that stays in the foreground, in a session of its own."""
        log = (self.folder / f"{name}.out").open("wb")
        self.daemons[name] = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)

    def start_node(self, name: str) -> None:
        """Start, or bring back, one of the nodes."""
        self.start(name, "slurmd", "-D", "-N", name)

    def lose_node(self, name: str) -> None:
        """What a power cut does: the node's daemon and everything that it runs are gone at once."""
        for job, _, node in self.jobs():
            if node == name:
                signal_all([*steps_of(job), *work_of(job)], signal.SIGKILL)
        self.daemons.pop(name).kill()

    def jobs(self) -> list[tuple[int, str, str]]:
        """Number, state and node of every job that waits or runs."""
        lines = told("squeue", "-h", "-o", "%i %T %N").splitlines()
        return [(int(number), state, node[0] if node else "") for number, state, *node in map(str.split, lines)]

    def idle(self) -> bool:
        """Whether both nodes wait for work."""
        return told("sinfo", "-h", "-o", "%D %T").strip() == "2 idle"


def told(*command: str) -> str:
    """What a command of Slurm printed; empty while the controller does not answer."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def wait_for(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Return as soon as `condition` holds; `TimeoutError` when it does not within `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(0.1)


def processes() -> dict[int, str]:
    """Command line of every process by its number."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue  # it ended meanwhile
    return found


def descendants(pid: int) -> list[int]:
    """Numbers of the processes that `pid` started, and that these started."""
    try:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [*children, *(further for child in children for further in descendants(child))]


def steps_of(job: int) -> list[int]:
    """Numbers of Slurm's own processes for a job, one a step; what they start has them as parents."""
    found = {pid: STEP.match(ran) for pid, ran in processes().items()}
    return [pid for pid, step in found.items() if step and int(step[1]) == job]


def work_of(job: int) -> list[int]:
    """Numbers of the processes that the steps of a job started, theirs too."""
    return [pid for step in steps_of(job) for pid in descendants(step)]


def signal_all(pids: list[int], number: signal.Signals) -> None:
    """Send a signal to processes, some of which may have ended meanwhile."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Start munge, the controller and two nodes below `folder`; end every one of them by its own pid."""
    for name in ("state", *(f"spool-{node}" for node in NODES)):
        (folder / name).mkdir(parents=True)
    folder.chmod(0o755)  # munge asks that its socket can be reached
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    CONF.parent.mkdir(parents=True, exist_ok=True)
    CONF.write_text(TEXT.format(folder=folder))
    made = Cluster(folder)
    try:
        made.start("munged", "munged", "--foreground", "--force", *(_munge(folder, key)))
        wait_for((folder / "munge.socket").exists, 10, "munge listens")
        made.start("slurmctld", "slurmctld", "-D", "-c")
        for name in NODES:
            made.start_node(name)
        wait_for(made.idle, 30, "both nodes are idle")
        yield made
    finally:
        for name in reversed(list(made.daemons)):
            _end(made.daemons[name])
        CONF.unlink(missing_ok=True)  # with it and no controller every start of Snakemake would wait for one


def _munge(folder: Path, key: Path) -> list[str]:
    places = {"socket": "munge.socket", "pid-file": "munged.pid", "log-file": "munged.log", "seed-file": "munged.seed"}
    return [f"--key-file={key}", *(f"--{option}={folder / name}" for option, name in places.items())]


def _end(daemon: subprocess.Popen[bytes]) -> None:
    daemon.terminate()
    try:
        daemon.wait(10)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()
