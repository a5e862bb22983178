"""Configuration, candidates and authorities, checked as a whole: every error at once, with what would be right.

Called when the workflow is read, so that nothing starts on a wrong configuration.
"""

import os
import platform
import sys
from pathlib import Path
from typing import Any

import yaml
from packaging.specifiers import SpecifierSet

from scripts.lib.approvals import Approvers
from scripts.lib.candidate import candidate_path, read_candidate
from scripts.lib.contracts import dataset_path, datasets_of, load_yaml, schema
from scripts.lib.files import read_json
from scripts.lib.pins import PINS
from scripts.lib.records import record
from scripts.lib.schema_words import near, schema_messages
from scripts.lib.version import supported_python
from scripts.reference.release_file import PACKAGE
from scripts.upstream.authority import Authority, authority_digest, authority_names, read_authority
from scripts.workflow.check_policy import composed_errors
from scripts.workflow.project import Project

ROOT = Path(__file__).parents[2]
POLICIES = {
    "policy/tz_overrides.yaml": "tz_overrides_v1",
    "policy/tz_nudge.yml": "tz_nudge_v1",
    "policy/governance.yaml": "governance_v1",
    "governance/approvers.yaml": "approvers_v1",
}
CERTIFICATION = ("plan", "gates", "cohorts", "metrics")
NAMING = {"candidate": "candidates", "baselines": "candidates", "last_good": "candidates"}
NAMING |= {"frozen_authorities": "authority"}
ENTRY = ("source", "sha256", "release")


def check_config(config: dict[str, Any]) -> Project:
    """The project that `config` describes, or the end of the program with every error listed."""
    errors = machine_errors(platform.python_version(), sys.executable, Path.cwd())
    errors += schema_messages(config, load_yaml(ROOT / "config/schema.yaml"), "config.yaml")
    candidates = _folder("candidates", errors)
    authorities = _folder("authority", errors)
    sound = {}
    for name, entry in candidates.items():
        found = schema_messages(entry, schema("schemas.config.yaml#/candidate"), f"candidates/{name}.yaml")
        errors += found
        if not found:
            sound[name] = entry
    known = {name: authority for name, entry in authorities.items() if (authority := _authority(name, entry, errors))}
    errors += (
        certification_errors()
        + policy_errors(sound)
        + name_errors(config)
        + frozen_errors(config)
        + candidate_errors(sound)
        + reference_errors(config)
    )
    if errors:
        sys.exit("Configuration refused:\n" + "\n".join(f"  - {error}" for error in errors))
    return Project(config, {name: read_candidate(ROOT / candidate_path(name)) for name in candidates}, known)


def certification_errors() -> list[str]:
    """Errors of plan, gates, cohorts and metrics: what is looser than the plan is no error, the verdict names it."""
    errors = []
    for name in CERTIFICATION:
        try:
            value = load_yaml(ROOT / f"config/certification/{name}.yaml")
        except (OSError, yaml.YAMLError) as problem:
            errors.append(f"certification/{name}.yaml: {' '.join(str(problem).split())}")
        else:
            errors += schema_messages(value, schema(f"schemas.scoring.yaml#/{name}"), f"certification/{name}.yaml")
    return errors


def machine_errors(version: str, python: str, folder: Path) -> list[str]:
    """Refuses a Python on which nobody has shown that results are the same bytes, or that Snakemake cannot start, as it
    does not quote its path; and a folder that is read-only."""
    wanted, errors = supported_python(), []
    if version not in SpecifierSet(wanted):
        errors.append(f"Python {version}: supported is {wanted}; make .venv anew")
    if " " in python:
        errors.append(f"the path of this Python has a space: make the environment elsewhere, not at {python}")
    if not os.access(folder, os.W_OK):
        errors.append("this folder is read-only: copy it; `python3 -I -S scripts/verify.py .` checks it as it is")
    return errors


def policy_errors(candidates: dict[str, Any]) -> list[str]:
    """Errors of approvers and base policies, and what `candidates`, which obey their schema, make of these."""
    errors, found = [], {}
    for file, kind in POLICIES.items():
        try:
            found[kind] = load_yaml(ROOT / "config" / file, as_text=kind == "tz_nudge_v1")
        except (OSError, yaml.YAMLError) as problem:
            errors.append(f"{file}: {' '.join(str(problem).split())}")
        else:
            errors += schema_messages(found[kind], schema(f"schemas.2A.yaml#/policy/{kind}"), file)
    if errors:
        return errors
    base = {name: found[f"{name}_v1"] for name in ("tz_overrides", "tz_nudge", "governance")}
    return composed_errors(base, candidates, record(Approvers, found["approvers_v1"]))


def name_errors(config: dict[str, Any]) -> list[str]:
    """Candidates and authorities that config.yaml names and that have no file."""
    errors = []
    for key, folder in NAMING.items():
        value, known = config.get(key), _names(folder)
        for name in value if isinstance(value, list) else [value]:
            if isinstance(name, str) and name and name not in known:
                errors.append(f"config.yaml: {key}: `{name}` has no file in config/{folder}/{near(name, known)}")
    return errors


def frozen_errors(config: dict[str, Any]) -> list[str]:
    """Frozen authorities whose file or pins are not those that the config names by digest."""
    frozen, pinned = config.get("frozen_authorities"), config.get("frozen_pins")
    errors = []
    for name in frozen if isinstance(frozen, list) else []:
        if not isinstance(name, str) or name not in authority_names(ROOT):
            continue  # another error says so
        digest, stated = authority_digest(name, ROOT), (pinned if isinstance(pinned, dict) else {}).get(name)
        if stated != digest:
            found = "not been pinned here" if stated is None else f"other pins than {str(stated)[:12]}"
            errors.append(
                f"config.yaml: frozen_pins: `{name}` is frozen and has {found}: restore config/authority/pins/{name}/,"
                f" or have the change approved and write `{name}: {digest}`"
            )
    return errors


def candidate_errors(sound: dict[str, Any]) -> list[str]:
    """What a schema cannot say of candidates: names that must exist, and parents that must not go in circles.

    `sound` holds the candidates that obey their schema, so that one bad file does not hide the errors of the others.
    """
    errors, authorities, files = [], _names("authority"), _names("candidates")
    for name, entry in sound.items():
        where, authority = f"candidates/{name}.yaml", entry["authority"]
        if entry["name"] != name:
            errors.append(f"{where}: name is `{entry['name']}`, must be `{name}`")
        if authority not in authorities:
            errors.append(f"{where}: authority `{authority}` has no file{near(authority, authorities)}")
        line = [name]
        while (parent := sound.get(line[-1], {}).get("parent")) and parent not in line:
            line.append(parent)
        if parent:
            errors.append(f"{where}: parents go in a circle: {' -> '.join([*line, parent])}")
        elif line[1:] and line[1] not in files:
            errors.append(f"{where}: parent `{line[1]}` has no file{near(line[1], files)}")
    return errors


def reference_errors(config: dict[str, Any]) -> list[str]:
    """Releases of the user's own without digest or file. One that was built already may be gone: archives lack it."""
    reference, errors = config.get("reference"), []
    for kind in ("tz_world", "tzdb"):
        entry = reference.get(kind) if isinstance(reference, dict) else None
        source, sha256, release = ((entry if isinstance(entry, dict) else {}).get(key) for key in ENTRY)
        if not source or not isinstance(source, str) or source == PACKAGE:
            continue
        if sha256 == "":
            errors.append(f"config.yaml: reference/{kind}/sha256: empty; write the SHA-256 of {source}")
        built = dataset_path(datasets_of(kind)[0], release=release)
        if not Path(source).is_file() and not Path(built).is_file():
            errors.append(f"config.yaml: reference/{kind}/source: no file {source}")
    return errors


def _names(folder: str) -> set[str]:
    if folder == "authority":
        return authority_names(ROOT)
    return {path.stem for path in (ROOT / "config" / folder).glob("*.yaml")}


def _authority(name: str, stated: dict[str, Any], errors: list[str]) -> Authority | None:
    """An authority that obeys its schema, with pins that obey theirs; None, and lines in `errors`, otherwise."""
    found = schema_messages(stated, schema("schemas.config.yaml#/authority"), f"authority/{name}.yaml")
    for path in sorted((ROOT / PINS / name).glob("*.json")):
        where = f"authority/pins/{name}/{path.name}"
        try:
            pins = read_json(path)
            found += schema_messages(pins, schema("schemas.config.yaml#/pins"), where)
            if not found and str(pins["seed"]) != path.stem:
                found.append(f"{where}: pins seed {pins['seed']}")
        except ValueError as problem:
            found.append(f"{where}: no JSON: {problem}")
    errors += found
    return None if found else read_authority(name, stated, ROOT)


def _folder(name: str, errors: list[str]) -> dict[str, Any]:
    found = {}
    for stem in sorted(_names(name)):
        try:
            found[stem] = load_yaml(ROOT / "config" / name / f"{stem}.yaml")
        except yaml.YAMLError as problem:
            errors.append(f"{name}/{stem}.yaml: {' '.join(str(problem).split())}")
    return found
