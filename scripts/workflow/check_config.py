"""Configuration, candidates and authorities, checked as a whole: every error at once, with what would be right.

Called when the workflow is read, so that nothing starts on a wrong configuration. What depends on a receipt's date or
on rows, the states judge.
"""

import os
import platform
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from packaging.specifiers import SpecifierSet

from scripts.lib.approvals import Approvers
from scripts.lib.candidate import Candidate
from scripts.lib.contracts import dataset_path, datasets_of, load_yaml, schema
from scripts.lib.files import read_json
from scripts.lib.pins import PINS
from scripts.lib.records import record
from scripts.lib.schema_words import near, schema_messages
from scripts.lib.version import supported_python
from scripts.reference.release_file import PACKAGE
from scripts.states.build_policy import apply_changes
from scripts.states.policy import CapException
from scripts.upstream.authority import authority_digest, authority_names, read_authority
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
    candidates = _folder("candidates", "candidate", errors)
    authorities = _folder("authority", "authority", errors)
    for name in CERTIFICATION:  # what is looser than the plan is no error, the verdict names it
        _read(f"certification/{name}.yaml", f"schemas.scoring.yaml#/{name}", errors)
    errors += (
        pin_errors()
        + policy_errors(candidates)
        + name_errors(config)
        + frozen_errors(config)
        + candidate_errors(candidates)
        + reference_errors(config)
    )
    if errors:
        sys.exit("Configuration refused:\n" + "\n".join(f"  - {error}" for error in errors))
    return Project(
        config,
        {name: record(Candidate, entry) for name, entry in candidates.items()},
        {name: read_authority(name, ROOT) for name in authorities},
    )


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


def pin_errors() -> list[str]:
    """Pins against their schema, or of another seed than their file is named after."""
    errors = []
    paths = (path for name in sorted(_names("authority")) for path in sorted((ROOT / PINS / name).glob("*.json")))
    for path in paths:
        where = f"authority/pins/{path.parent.name}/{path.name}"
        try:
            pins = read_json(path)
        except ValueError as problem:
            errors.append(f"{where}: no JSON: {problem}")
            continue
        found = schema_messages(pins, schema("schemas.config.yaml#/pins"), where)
        if not found and str(pins["seed"]) != path.stem:
            found.append(f"{where}: pins seed {pins['seed']}")
        errors += found
    return errors


def policy_errors(candidates: dict[str, Any]) -> list[str]:
    """Errors of approvers and base policies, and what candidates make of these with their own changes.

    `candidates` obey their schema, so that one bad file does not hide the errors of the others; one whose ancestors do
    not, is left to be judged when they do.
    """
    errors: list[str] = []
    found = {
        kind.removesuffix("_v1"): _read(file, f"schemas.2A.yaml#/policy/{kind}", errors, as_text="nudge" in kind)
        for file, kind in POLICIES.items()
    }
    if errors:
        return errors
    approvers = record(Approvers, found.pop("approvers"))
    errors = [f"config/{error}" for error in _policy_errors(found, found, approvers)]
    for name, entry in candidates.items():
        line, is_whole = _ancestry(name, candidates)
        if is_whole:
            policy = found
            for ancestor in reversed(line):
                policy = apply_changes(policy, candidates[ancestor]["policy"])
            errors += [
                f"candidates/{name}.yaml: {error}" for error in _policy_errors(entry["policy"], policy, approvers)
            ]
    return errors


def _policy_errors(own: dict[str, Any], policy: dict[str, Any], approvers: Approvers) -> Iterator[str]:
    """Errors of one's own changes, held against the policy that they lead to: exceptions, reach of the nudge."""
    governance = policy["governance"]
    epsilon, cap = policy["tz_nudge"]["epsilon_degrees"], governance["epsilon_degrees_cap"]
    speaks = "tz_nudge" in own or "epsilon_degrees_cap" in own.get("governance", {})
    if speaks and Decimal(epsilon) > Decimal(str(cap["value"])):
        yield f"policy/tz_nudge/epsilon_degrees: found {epsilon}; allowed: {cap['value']} or less, as {cap['why']}"
    ceiling = governance["override_exception_ceiling"]["value"]
    for number, entry in enumerate(own.get("governance", {}).get("exceptions", [])):
        exception = record(CapException, entry)
        for flaw in exception.flaws(approvers, ceiling):
            yield f"policy/governance/exceptions/{number}: {exception.id}: {flaw}"


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


def candidate_errors(candidates: dict[str, Any]) -> list[str]:
    """What a schema cannot say of candidates: names that must exist, and parents that must not go in circles."""
    errors, authorities, files = [], _names("authority"), _names("candidates")
    for name, entry in candidates.items():
        where, authority = f"candidates/{name}.yaml", entry["authority"]
        if entry["name"] != name:
            errors.append(f"{where}: name is `{entry['name']}`, must be `{name}`")
        if authority not in authorities:
            errors.append(f"{where}: authority `{authority}` has no file{near(authority, authorities)}")
        line, is_whole = _ancestry(name, candidates)
        if line[-1] in line[:-1]:
            errors.append(f"{where}: parents go in a circle: {' -> '.join(line)}")
        elif not is_whole and line[1] not in files:
            errors.append(f"{where}: parent `{line[1]}` has no file{near(line[1], files)}")
    return errors


def _ancestry(name: str, candidates: dict[str, Any]) -> tuple[list[str], bool]:
    """A candidate and its ancestors, the oldest last, and whether none is missing and they go in no circle."""
    line = [name]
    while (last := line[-1]) in candidates and last not in line[:-1]:
        if not (parent := candidates[last]["parent"]):
            return line, True
        line.append(parent)
    return line, False


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


def _folder(folder: str, kind: str, errors: list[str]) -> dict[str, Any]:
    """The documents of config/`folder` that obey the schema of their kind, by name."""
    read = {
        name: _read(f"{folder}/{name}.yaml", f"schemas.config.yaml#/{kind}", errors) for name in sorted(_names(folder))
    }
    return {name: found for name, found in read.items() if found}


def _read(file: str, schema_ref: str, errors: list[str], *, as_text: bool = False) -> Any:
    """The document in config/`file`; None, and lines in `errors`, where it is no YAML or breaks its schema."""
    try:
        value = load_yaml(ROOT / "config" / file, as_text)
    except (OSError, yaml.YAMLError) as problem:
        errors.append(f"{file}: {' '.join(str(problem).split())}")
        return None
    found = schema_messages(value, schema(schema_ref), file)
    errors += found
    return None if found else value
