"""Kill a small certify at random moments, rerun it as a user would, and hold the tree against an undisturbed one.

`python -m tests.e2e.kill_loop 50` runs fifty kills: half of them of the whole process group, half of Snakemake alone,
so that its jobs live on and may still publish while the rerun makes the same files.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from scripts.archive.prove import verify_tree
from tests.tiny import COLLAPSED, make_tiny, result_bytes, snakemake


def kill_once(folder: Path, after: float, group: bool) -> bool:
    """Start certify and SIGKILL it after some seconds; returns whether it was still running."""
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "-q", "--", "certify"]
    run = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        run.wait(after)
        return False
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL) if group else run.kill()
        run.wait()
        return True


def recover(folder: Path) -> None:
    """What the user types after SIGKILL; jobs that outlived the kill are given no time to end."""
    snakemake(folder, "--unlock")
    snakemake(folder, "-q", "--", "certify")


def kills(calm: Path, seconds: float, folder: Path, count: int, seed: int) -> Iterator[tuple[str, list[str]]]:
    """Run `count` kills below `folder`, each within so many seconds of the start of what made `calm` undisturbed.

    Yields what was done and every difference from that tree.
    """
    wanted = result_bytes(calm)
    moments = random.Random(seed)
    done = 0
    while done < count:
        project = folder / f"kill{done}"
        shutil.copytree(calm, project, ignore=shutil.ignore_patterns("results", ".snakemake"))
        group, after = done % 2 == 0, moments.uniform(1.5, seconds)
        if kill_once(project, after, group):
            recover(project)
            time.sleep(1.0)  # an outlived job that published now would show
            found = result_bytes(project)
            odd = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
            odd += [str(finding) for finding in verify_tree(project)]
            yield f"kill {done + 1} of {'the group' if group else 'snakemake alone'} after {after:.2f} s", odd
            done += 1
        shutil.rmtree(project)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="segment2a-kill-") as place:
        undisturbed, differences = make_tiny(Path(place) / "calm", {42: COLLAPSED}), 0
        start = time.monotonic()
        snakemake(undisturbed, "-q", "--", "certify")
        count = int(sys.argv[1]) if sys.argv[1:] else 50
        for what, odd in kills(undisturbed, time.monotonic() - start, Path(place), count, seed=2026):
            differences += len(odd)
            print(what, *odd or ["equal"], sep="\n    ", flush=True)
        print(f"{differences} differences")
        sys.exit(bool(differences))
