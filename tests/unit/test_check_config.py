"""Configuration: every error at once, with path, value, what is allowed and the nearest key."""

import shutil
import time
from pathlib import Path

import pytest
import yaml

from scripts import check_config as module
from scripts.lib.contracts import load_yaml

CONFIG = load_yaml("config/config.yaml")
DROP = object()


def changed(**fields):
    """The project's configuration with fields replaced; DROP deletes one."""
    return {key: value for key, value in (CONFIG | fields).items() if value is not DROP}


def refused(config) -> list[str]:
    """Lines of the refusal; empty when the configuration is accepted."""
    try:
        module.check_config(config)
    except SystemExit as stop:
        head, *lines = str(stop).splitlines()
        assert head == "Configuration refused:"
        return [line.removeprefix("  - ") for line in lines]
    return []


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of config/ that the test may damage."""
    shutil.copytree("config", tmp_path / "config")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    return tmp_path / "config"


def reference(**parts):
    return {name: CONFIG["reference"][name] | parts.get(name, {}) for name in CONFIG["reference"]}


BAD = {
    "misspelt key": (changed(candidat="x"), ["(top)", "`candidat`", "did you mean `candidate`"]),
    "key like no other": (changed(zzz=1), ["`zzz`", "allowed: candidate"]),
    "missing key": (changed(seeds=DROP), ["(top)", "'seeds' is a required property"]),
    "seeds of text": (changed(seeds=["42"]), ["seeds/0", "'42'", "type integer"]),
    "seed below zero": (changed(seeds=[-1]), ["seeds/0", "'-1'", "minimum 0"]),
    "no seed": (changed(seeds=[]), ["seeds", "minItems 1"]),
    "seed twice": (changed(seeds=[42, 42]), ["seeds", "uniqueItems"]),
    "unknown grade": (changed(require="PASS_BPLSU"), ["require", "'PASS_BPLSU'", "did you mean `PASS_BPLUS`"]),
    "horizon too far": (changed(horizon_year=3000), ["horizon_year", "'3000'", "maximum 2099"]),
    "horizon of text": (changed(horizon_year="2037"), ["horizon_year", "type integer"]),
    "memory too small": (changed(sort_memory_mb=1), ["sort_memory_mb", "'1'", "minimum 64"]),
    "candidate without file": (
        changed(candidate="p0_baselin"),
        ["`p0_baselin` has no file", "did you mean `p0_baseline`"],
    ),
    "candidate with capitals": (changed(candidate="P0"), ["candidate", "'P0'", "pattern"]),
    "baseline without file": (changed(baselines=["publishd"]), ["`publishd` has no file", "did you mean `published`"]),
    "moving release": (
        changed(reference=reference(tzdb={"release": "latest"})),
        ["reference/tzdb/release", "'latest'"],
    ),
    "short digest": (
        changed(reference=reference(tzdb={"sha256": "abc"})),
        ["reference/tzdb/sha256", "'abc'", "pattern"],
    ),
    "unknown source key": (
        changed(reference=reference(tzdb={"sorce": "x"})),
        ["reference/tzdb", "did you mean `source`"],
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_config_refused(name):
    config, words = BAD[name]
    lines = [line for line in refused(config) if line.startswith("config.yaml")]
    assert max(map(len, lines)) <= 300
    assert any(all(word in line for word in words) for line in lines), lines


def test_all_errors_at_once_within_a_second(folder):
    (folder / "candidates/broken.yaml").write_text("name: broken\nname: twice\n")
    (folder / "candidates/lost.yaml").write_text(
        "{name: lost, parent: nobody, lane: P9, authority: frozn, about: x, seeds: [42], policy: {}}"
    )
    (folder / "policy/tz_overrides.yaml").write_text("- {scope: planet, target: CN, tzid: Asia/Shanghai}\n")
    (folder / "policy/governance.yaml").write_text("fallback_rate_cap: {value: .nan, why: x, source: y}\n")
    started = time.perf_counter()
    lines = refused(changed(require="B", seeds=[], candidate="nobody", horizon_year=1))
    assert time.perf_counter() - started < 1
    text = "\n".join(lines)
    for word in (
        "config.yaml: require",
        "config.yaml: seeds",
        "config.yaml: horizon_year",
        "candidate `nobody` has no file",
        "candidates/broken.yaml: duplicate key 'name'",
        "candidates/lost.yaml: lane: found 'P9'",
        "policy/tz_overrides.yaml: 0/scope: found 'planet'",
        "policy/governance.yaml: .nan is not a finite number",
    ):
        assert word in text


CANDIDATE = {
    "name": "mine",
    "parent": "p0_baseline",
    "lane": "P1",
    "authority": "frozen",
    "about": "A test.",
    "seeds": [42],
    "policy": {},
}
BAD_CANDIDATES = {
    "other name": ({"name": "yours"}, "name is `yours`, must be `mine`"),
    "own parent": ({"parent": "mine"}, "goes in a circle"),
    "unknown parent": ({"parent": "nobody"}, "parent `nobody` is unknown"),
    "unknown authority": ({"authority": "frozn"}, "did you mean `frozen`"),
    "unknown lane": ({"lane": "P2"}, "lane: found 'P2'"),
    "no about": ({"about": ""}, "about: found ''"),
    "unknown policy": ({"policy": {"tz_overides": {}}}, "did you mean `tz_overrides`"),
    "override without tzid": ({"policy": {"tz_overrides": {"add": [{"scope": "country", "target": "CN"}]}}}, "'tzid'"),
    "removal without target": ({"policy": {"tz_overrides": {"remove": [{"scope": "country"}]}}}, "'target'"),
    "unknown field": ({"colour": "red"}, "unknown key `colour`"),
}


@pytest.mark.parametrize("name", BAD_CANDIDATES)
def test_candidate_refused(name, folder):
    fields, words = BAD_CANDIDATES[name]
    (folder / "candidates/mine.yaml").write_text(yaml.safe_dump(CANDIDATE | fields))
    lines = refused(CONFIG)
    assert len(lines) == 1 and lines[0].startswith("candidates/mine.yaml") and words in lines[0]


@pytest.mark.parametrize("text", ["", "[]", "7", "{", "a: 1\na: 2", "\t", "!!python/object:os.system {}", "a: &x [*x]"])
def test_candidate_that_is_no_mapping(text, folder):
    (folder / "candidates/mine.yaml").write_text(text)
    assert any("candidates/mine.yaml" in line for line in refused(CONFIG))


def test_the_projects_own_configuration_is_accepted():
    assert refused(CONFIG) == []
    assert Path("config/config.yaml").is_file()
