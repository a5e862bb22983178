"""The third line of a message says what the reader can do: never another's job, never a command that does not run."""

import re
from pathlib import Path

import pytest

from scripts.lib.errors import Abort, UsageError, coded, reason_codes
from scripts.lib.pins import SeedPins
from scripts.states.bundle import verify_bundle
from scripts.states.policy import load_nudge
from scripts.states.s0_reopen import check_reopen
from scripts.states.s1_tz_lookup import CODES


def lines(call, *arguments) -> list[str]:
    """The three lines of the breach that the call raises."""
    with pytest.raises(Abort) as caught:
        call(*arguments)
    return str(caught.value).splitlines()


def test_an_authority_that_is_not_frozen():
    what, where, action = lines(check_reopen, "mine", [], SeedPins(42, "", "", "", "2026-02-22", {}))
    assert what.startswith("2A-S0-004") and "`mine` is not frozen" in what
    assert "path=config/config.yaml" in where
    assert "`mine` under `frozen_authorities`" in action and "config/reopen/NAME.yaml" in action


def test_no_bundle_at_all(tmp_path):
    what, where, action = lines(verify_bundle, tmp_path / "manifest_fingerprint=0")
    assert what == "2A-S5-040 INDEX_SCHEMA_INVALID: no bundle lies at this path"
    assert where.endswith("manifest_fingerprint=0") and "certify first" in action and "bug" not in action
    assert "bug" in lines(verify_bundle, tmp_path)[2]  # a bundle without index is another matter


def test_a_policy_is_corrected_where_it_is_written(tmp_path):
    policy = tmp_path / "results/runs/mine/policy/tz_nudge.yml"
    policy.parent.mkdir(parents=True)
    policy.write_text("semver: 1\n")
    _, where, action = lines(coded(CODES)(load_nudge), str(policy))
    assert str(policy) in where and "config/candidates/" in action and "under results/ is made from these" in action


def test_commands_in_actions_run():
    named = {name for entry in reason_codes().values() for name in re.findall(r"`(python [^`]*)`", entry.action)}
    assert named == {"python -m scripts.upstream.pin_authority ROOT --name NAME --replace"}
    sources = [*Path("scripts").rglob("*.py"), *Path("docs").glob("*.md"), Path("README.md")]
    assert not [path for path in sources if "python scripts/pin_" in path.read_text()]


def test_a_usage_error_takes_the_same_form():
    assert str(UsageError("what", where="here", action="this")) == "what\n  where: here\n  next:  this"
    assert str(UsageError("what")) == "what"
