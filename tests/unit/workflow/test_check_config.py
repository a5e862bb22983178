"""Configuration: every error at once, with path, value, what is allowed and the nearest key."""

import shutil
import time
from pathlib import Path

import pytest
import yaml

from scripts.lib.contracts import dataset_path, load_yaml, schema
from scripts.workflow import check_config as module

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
    "key like no other": (changed(zzz=1), ["`zzz`", "known: archive"]),
    "missing key": (changed(seeds=DROP), ["(top)", "`seeds` is missing"]),
    "seeds of text": (changed(seeds=["42"]), ["seeds/0", 'found "42"; allowed: a whole number']),
    "seed below zero": (changed(seeds=[-1]), ["seeds/0", "found -1; allowed: 0 or more"]),
    "no seed": (changed(seeds=[]), ["seeds", "at least 1 entry"]),
    "seed twice": (changed(seeds=[42, 42]), ["seeds", "no entry twice"]),
    "unknown grade": (changed(require="PASS_BPLSU"), ["require", '"PASS_BPLSU"', "did you mean `PASS_BPLUS`"]),
    "horizon too far": (changed(horizon_year=3000), ["horizon_year", "found 3000; allowed: 2099 or less"]),
    "horizon of text": (changed(horizon_year="2037"), ["horizon_year", 'found "2037"; allowed: a whole number']),
    "candidate without file": (
        changed(candidate="p0_baselin"),
        ["candidate: `p0_baselin` has no file", "did you mean `p0_baseline`"],
    ),
    "candidate with capitals": (changed(candidate="P0"), ["candidate", '"P0"', "lower-case letters, digits and _"]),
    "baseline without file": (changed(baselines=["publishd"]), ["baselines: `publishd` has no file", "`published`"]),
    "last good without file": (changed(last_good="zz"), ["last_good: `zz` has no file in config/candidates/"]),
    "authority without file": (
        changed(frozen_authorities=["nope"]),
        ["frozen_authorities: `nope`", "config/authority/"],
    ),
    "frozen pins that are others": (
        changed(frozen_pins={"published": "0" * 64}),
        ["`published` is frozen and has other pins than 000000000000"],
    ),
    "frozen pins that are not pinned": (changed(frozen_pins={}), ["`frozen` is frozen and has not been pinned here"]),
    "facts are no authority": (changed(frozen_authorities=["facts"]), ["frozen_authorities: `facts` has no file"]),
    "own polygons that are not there": (
        changed(reference=reference(tz_world={"source": "none.zip", "sha256": "0" * 64, "release": "2099z"})),
        ["reference/tz_world/source: no file none.zip"],
    ),
    "own tzdb without digest": (
        changed(reference=reference(tzdb={"source": "README.md"})),
        ["reference/tzdb/sha256: empty", "SHA-256 of README.md"],
    ),
    "moving release": (
        changed(reference=reference(tzdb={"release": "latest"})),
        ["reference/tzdb/release", 'found "latest"; allowed: an IANA release tag such as 2026c'],
    ),
    "short digest": (
        changed(reference=reference(tzdb={"sha256": "abc"})),
        ["reference/tzdb/sha256", '"abc"', "64 lower-case hex digits"],
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
        "candidate: `nobody` has no file",
        "candidates/broken.yaml: duplicate key 'name'",
        'candidates/lost.yaml: lane: found "P9"',
        'policy/tz_overrides.yaml: 0/scope: found "planet"',
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


def excepted(**fields):
    """A candidate's policy with an exception that would hold but for `fields`."""
    exception = {
        **{"id": "EX-9", "approver": "data-engine-governance", "requester": "segment-2A", "reason": "a test"},
        **{"scope": {"cap": "override_rate", "countries": ["CN"]}, "rate": 0.004},
        **{"valid_from": "2026-02-01", "expiry": "2026-12-31"},
    }
    return {"policy": {"governance": {"exceptions": [exception | fields]}}}


BAD_CANDIDATES = {
    "other name": ({"name": "yours"}, "name is `yours`, must be `mine`"),
    "own parent": ({"parent": "mine"}, "parents go in a circle: mine -> mine"),
    "unknown parent": ({"parent": "p0_baselin"}, "parent `p0_baselin` has no file; did you mean `p0_baseline`?"),
    "unknown authority": ({"authority": "frozn"}, "did you mean `frozen`"),
    "unknown lane": ({"lane": "P2"}, 'lane: found "P2"; allowed: one of `P0`, `P1`'),
    "no about": ({"about": ""}, 'about: found ""; allowed: text that is not empty'),
    "unknown policy": ({"policy": {"tz_overides": {}}}, "did you mean `tz_overrides`"),
    "unknown cap": ({"policy": {"governance": {"override_rate_cp": {}}}}, "did you mean `override_rate_cap`"),
    "override without tzid": (
        {"policy": {"tz_overrides": {"add": [{"scope": "country", "target": "CN"}]}}},
        "`tzid` is missing",
    ),
    "removal without target": ({"policy": {"tz_overrides": {"remove": [{"scope": "country"}]}}}, "`target` is missing"),
    "epsilon unquoted": (
        {"policy": {"tz_nudge": {"epsilon_degrees": 0.003}}},
        "found 0.003; allowed: text, so write it in quotes",
    ),
    "epsilon below zero": (
        {"policy": {"tz_nudge": {"epsilon_degrees": "-1"}}},
        'found "-1"; allowed: a decimal above 0 such as 0.002',
    ),
    "epsilon of zero": ({"policy": {"tz_nudge": {"epsilon_degrees": "0.000"}}}, "a decimal above 0"),
    "epsilon beyond its cap": (
        {"policy": {"tz_nudge": {"epsilon_degrees": "12.0"}}},
        "policy/tz_nudge/epsilon_degrees: found 12.0; allowed: 0.01 or less, as 1.1 km",
    ),
    "epsilon beyond a cap of its own": (
        {"policy": {"governance": {"epsilon_degrees_cap": {"value": 0.0019, "why": "x", "source": "y"}}}},
        "found 0.002; allowed: 0.0019 or less, as x",
    ),
    "cap of epsilon beyond the project's": (
        {"policy": {"governance": {"epsilon_degrees_cap": {"value": 0.02, "why": "x", "source": "y"}}}},
        "found 0.02; allowed: 0.01 or less",
    ),
    "ceiling of exceptions beyond the project's": (
        {"policy": {"governance": {"override_exception_ceiling": {"value": 0.5, "why": "x", "source": "y"}}}},
        "found 0.5; allowed: 0.005 or less",
    ),
    "exception of one's own": (excepted(approver="me"), "EX-9: `me` is not listed as one who may"),
    "exception that its approver asked for": (
        excepted(requester="data-engine-governance"),
        "EX-9: `data-engine-governance` may not approve what `data-engine-governance` asks for",
    ),
    "exception of 1970": (excepted(valid_from="1970-01-01"), "EX-9: 1970-01-01 is before 2026-01-01"),
    "exception that ends before it begins": (excepted(expiry="2026-01-31"), "EX-9: 2026-01-31 is before 2026-02-01"),
    "exception above the ceiling": (excepted(rate=0.0051), "EX-9: rate 0.0051 is above the ceiling 0.005"),
    "exception without countries": (
        excepted(scope={"cap": "override_rate", "countries": []}),
        "exceptions/0/scope/countries",
    ),
    "exception without reason": (excepted(reason=""), "exceptions/0/reason"),
    "own approvers": (
        {"policy": {"governance": {"approvers": {"since": "2026-01-01", "approvers": []}}}},
        "unknown key `approvers`",
    ),
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


def test_broken_yaml_is_reported_once_and_by_name(folder):
    (folder / "candidates/mine.yaml").write_text("name: mine\nparent: [\n")
    (folder / "candidates/child.yaml").write_text(yaml.safe_dump(CANDIDATE | {"name": "child", "parent": "mine"}))
    (line,) = refused(changed(candidate="mine", baselines=["child"]))
    assert line.startswith("candidates/mine.yaml: ") and 'in "mine.yaml", line 3' in line


def test_a_release_that_was_built_may_be_gone(tmp_path, monkeypatch):
    own = changed(reference=reference(tz_world={"source": "none.zip", "sha256": "0" * 64}))
    built = tmp_path / dataset_path("tz_world_2025a", release=own["reference"]["tz_world"]["release"])
    monkeypatch.chdir(tmp_path)
    assert len(refused(own)) == 1
    built.parent.mkdir(parents=True)
    built.write_bytes(b"")
    assert refused(own) == []


def patterns(rule):
    """Every part of a schema that holds a pattern."""
    parts = rule.values() if isinstance(rule, dict) else rule if isinstance(rule, list) else []
    here = [rule] if isinstance(rule, dict) and isinstance(rule.get("pattern"), str) else []
    return here + [found for part in parts for found in patterns(part)]


def test_every_pattern_of_the_configuration_has_words():
    names = ["schemas.config.yaml#/candidate", "schemas.config.yaml#/authority"]
    names += [f"schemas.2A.yaml#/policy/{kind}" for kind in module.POLICIES.values()]
    rules = [load_yaml("config/schema.yaml"), *map(schema, names)]
    assert all("patternErrorMessage" in found for rule in rules for found in patterns(rule))


def test_the_projects_own_configuration_is_accepted():
    assert refused(CONFIG) == []
    assert Path("config/config.yaml").is_file()
