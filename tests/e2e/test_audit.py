"""The auditor's program of docs/audit.md agrees with an honest certificate and objects to an edited one."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.forge import CERTIFICATE

pytestmark = pytest.mark.slow
CODE = re.search(r"```python\n(.*?)```", Path("docs/audit.md").read_text(), re.DOTALL).group(1)


def audit(project: Path, program: Path) -> subprocess.CompletedProcess:
    program.write_text(CODE)
    command = [sys.executable, "-I", str(program), str(project), "tiny"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_program_has_less_than_a_hundred_lines_and_nothing_of_ours():
    assert len(CODE.splitlines()) < 100
    assert "scripts" not in CODE


def test_it_agrees_and_objects(tree: Path, tmp_path: Path):
    done = audit(tree, tmp_path / "audit.py")
    assert (done.returncode, done.stdout) == (0, "agrees with the certificate: FAIL_REALISM\n"), done.stderr
    path = tree / CERTIFICATE
    found = json.loads(path.read_text())
    found["seed_verdicts"]["42"] = "PASS_B"
    row = next(row for row in found["gates"] if row["gate"] == "c_multi_median_top1_share")
    row["values"]["7"] = 0.5
    path.write_text(json.dumps(found))
    done = audit(tree, tmp_path / "audit.py")
    assert done.returncode == 1
    assert "seed 42 is stated as PASS_B" in done.stdout
    assert "seed 7: c_multi_median_top1_share is" in done.stdout
