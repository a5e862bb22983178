"""A write that breaks off leaves nothing half-written, and what was published before stays as it was."""

import errno
import os
import shutil

import pytest

from scripts.lib import files

STATES = ("s0", "s1", "s2", "s3", "s4", "s5")


class Broken(OSError):
    """What a full disk raises."""


def full_disk(*_args, **_kwargs):
    raise Broken(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("state", STATES)
def test_disk_full_at_the_move(state, passed, monkeypatch):
    """Over published results: the job fails, every byte stays."""
    bundle, real = passed.files["validation_bundle_2A"], os.replace
    if state == "s5":  # one of the same bytes is not moved again, so let there be none
        shutil.rmtree(bundle)
    full_for = str(bundle) if state == "s5" else ""  # every file, or the bundle alone
    before = passed.published()
    monkeypatch.setattr(files.os, "replace", lambda a, b: full_disk() if full_for in str(b) else real(a, b))
    with pytest.raises(Broken):
        getattr(passed, state)()
    assert passed.published() == before
    assert passed.leftovers() == []


@pytest.mark.parametrize("state", STATES[:5])
def test_disk_full_in_an_empty_root(state, planted, monkeypatch):
    """In a new root: nothing of the state lies there afterwards, neither data nor report."""
    for earlier in STATES[: STATES.index(state)]:
        getattr(planted, earlier)()
    before = planted.published()
    monkeypatch.setattr(files.os, "fsync", full_disk)
    with pytest.raises(Broken):
        getattr(planted, state)()
    assert planted.published() == before
    assert planted.leftovers() == []


@pytest.mark.parametrize("moves", [0, 1, 2])
def test_s0_never_leaves_a_receipt_alone(moves, planted, monkeypatch):
    """The receipt moves last: whoever reads it finds the inventory that it vouches for."""
    real, done = os.replace, []

    def replace(source, target):
        if len(done) == moves:
            full_disk()
        done.append(target)
        real(source, target)

    monkeypatch.setattr(files.os, "replace", replace)
    with pytest.raises(Broken):
        planted.s0()
    assert not planted.files["s0_gate_receipt_2A"].exists()
    assert planted.leftovers() == []
    monkeypatch.undo()
    planted.through("S5")


def test_killed_writer_leaves_a_stage_that_is_no_obstacle(planted):
    """A process that was killed could not clean up: its stage has its own name and is never taken for a result."""
    stage = planted.files["s0_gate_receipt_2A"].with_name(".s0_gate_receipt.json.1.stage")
    stage.parent.mkdir(parents=True)
    stage.write_text("{")
    planted.through("S5")


def test_interrupt_by_the_user(planted, monkeypatch):
    planted.s0()

    def interrupted(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("scripts.states.s1_tz_lookup.rows_of", interrupted)
    with pytest.raises(KeyboardInterrupt):
        planted.s1()
    assert not planted.files["s1_tz_lookup"].exists() and not planted.files["s1_run_report"].exists()
    assert planted.leftovers() == []
