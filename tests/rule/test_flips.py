"""One flipped byte in a sealed input or published output is found by the next state that reads it, by name."""

import numpy as np
import pytest

from tests.lawful import raised

# file -> the state that reads it next, once S0 has sealed it or an earlier state has published it
SEALED = {
    "site_locations": "S1",
    "country_zones": "S1",
    "tz_nudge": "S1",
    "governance": "S1",
    "tz_overrides": "S2",
    "tz_world": "S2",
    "tzdb": "S3",
    "tzdb_meta": "S3",
}
PUBLISHED = {
    "s1_tz_lookup": "S2",
    "site_timezones": "S4",
    "tz_timetable_payload": "S4",
    "tz_timetable_cache": "S4",
    "s4_legality_report": "S5",
}
FLIPS = 20


def places(name: str, size: int) -> list[int]:
    """Offsets spread over the file, the same in every run."""
    key = int.from_bytes(name.encode()[:8], "big")
    return sorted(np.random.Generator(np.random.Philox(key=key)).integers(0, size, FLIPS).tolist())


@pytest.mark.parametrize("name", [*SEALED, *PUBLISHED])
def test_next_state_finds_the_flip(name, passed):
    state = (SEALED | PUBLISHED)[name]
    for offset in places(name, passed.files[name].stat().st_size):
        original = passed.flip(name, offset)
        codes = getattr(passed, state.lower())()
        report = passed.report(state)
        assert report["status"] == "fail" and codes, (name, offset)
        contexts = [error["context"] for error in report["errors"]]
        assert any(passed.files[name].name in str(context.get("path", "")) for context in contexts), contexts
        passed.files[name].write_bytes(original)


@pytest.mark.parametrize("name", ["site_locations", "bundle_flag", "run_receipt", "tzdb", "tzdb_meta"])
def test_gate_finds_the_flip(name, passed):
    for offset in places(name, passed.files[name].stat().st_size):
        original = passed.flip(name, offset)
        assert raised(passed.s0), (name, offset)
        passed.files[name].write_bytes(original)


def test_gate_finds_a_flip_in_every_member_of_the_bundle(passed):
    members = sorted(path for path in passed.files["bundle_index"].parent.iterdir() if path.suffix == ".json")
    for member in members:
        passed.files["member"] = member
        for offset in places(member.name, member.stat().st_size)[:5]:
            original = passed.flip("member", offset)
            assert raised(passed.s0), (member.name, offset)
            member.write_bytes(original)


def test_bundle_finds_the_flip(passed):
    """S5 refuses to touch a published bundle whose bytes changed."""
    root = passed.files["validation_bundle_2A"]
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        passed.files["evidence"] = path
        for offset in places(path.name, path.stat().st_size)[:5]:
            original = passed.flip("evidence", offset)
            assert raised(passed.s5) == ["2A-S5-060"], (path.name, offset)
            path.write_bytes(original)
