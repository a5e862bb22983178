"""What 1B says of its own egress: `egress_checksums.json` of the bundle, and the partition held against it.

The file lists every part of site_locations by its path relative to the bundle, with digest and size, and states the
digest over the bytes of all of them in ascending order of that path (upstream.md §1).
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.lib.contracts import contract_path, schema_errors
from scripts.lib.errors import Abort, Finding
from scripts.lib.files import read_json, sha256_file, tree_files
from scripts.lib.published import part_faults
from scripts.lib.records import record

NAME = "egress_checksums.json"
SCHEMA = "schemas.1B.yaml#/validation/egress_checksums_1B"


@dataclass(frozen=True)
class Part:
    """One part: `path` relative to the bundle, digest and size of its bytes."""

    path: str
    sha256_hex: str
    size_bytes: int


@dataclass(frozen=True)
class EgressChecksums:
    """The document; `path` is the partition's folder inside the run root."""

    dataset_id: str
    seed: int
    manifest_fingerprint: str
    path: str
    files: list[Part]
    composite_sha256_hex: str


def egress_checksums(seed: int, fingerprint: str, parts: Sequence[str]) -> EgressChecksums:
    """The document for the parts at these paths, which lie in the partition, in order."""
    folder = _folder(seed, fingerprint)
    up = os.path.relpath(folder, contract_path("validation_bundle_1B", manifest_fingerprint=fingerprint))
    files = [Part(f"{up}/{Path(path).name}", sha256_file(path), Path(path).stat().st_size) for path in parts]
    return EgressChecksums("site_locations", seed, fingerprint, folder, files, sha256_file(*parts))


def egress_breaches(root: str | Path, seed: int, fingerprint: str, digests: Mapping[str, str]) -> list[Finding]:
    """Whatever is wrong with the partition below `root`: 2A-S0-005 for its files, -006 for what the bundle says.

    `digests` leads from paths below the root to what their bytes were found to be.
    """
    folder = _folder(seed, fingerprint)
    names = tree_files(Path(root) / folder)
    found: list[Finding] = [Abort("2A-S0-005", fault, seed=seed, path=folder) for fault in part_faults(names)]
    path = Path(root) / contract_path("validation_bundle_1B", manifest_fingerprint=fingerprint) / NAME
    try:
        document = read_json(path)
        errors = schema_errors(document, SCHEMA)
    except (OSError, ValueError) as problem:
        errors = [str(problem)]
    if errors:
        return [*found, Abort("2A-S0-006", f"{NAME} invalid: {'; '.join(errors[:3])}", seed=seed, path=str(path))]
    stated = record(EgressChecksums, document)
    there = {name: (digests[folder + name], (Path(root) / folder / name).stat().st_size) for name in names}
    found += _differences(stated, seed, fingerprint, there)
    return found or _composite(stated, Path(root) / folder, names)


def _differences(
    stated: EgressChecksums, seed: int, fingerprint: str, there: Mapping[str, tuple[str, int]]
) -> list[Finding]:
    """Where the document speaks of another partition, of other files or of other bytes than those that are there."""
    wanted = egress_checksums(seed, fingerprint, [])
    identity = ("dataset_id", "seed", "manifest_fingerprint", "path")
    other = [name for name in identity if getattr(stated, name) != getattr(wanted, name)]
    found: list[Finding] = []
    if other:
        found.append(
            Abort("2A-S0-006", f"{NAME} is of another partition: {', '.join(other)}", seed=seed, path=wanted.path)
        )
    bundle = contract_path("validation_bundle_1B", manifest_fingerprint=fingerprint)
    listed = {os.path.normpath(bundle + part.path).removeprefix(wanted.path): part for part in stated.files}
    for name in sorted({*listed, *there}):
        if name not in there:
            found.append(Abort("2A-S0-005", f"{name} is missing: {NAME} names it", seed=seed, path=wanted.path))
        elif name not in listed:
            found.append(Abort("2A-S0-005", f"{name} is not in {NAME}", seed=seed, path=wanted.path))
        elif there[name] != (listed[name].sha256_hex, listed[name].size_bytes):
            found.append(Abort("2A-S0-006", f"{name} has other bytes than {NAME} says", seed=seed, path=wanted.path))
    return found


def _composite(stated: EgressChecksums, folder: Path, names: Sequence[str]) -> list[Finding]:
    digest = sha256_file(*(folder / name for name in names))
    if digest == stated.composite_sha256_hex:
        return []
    return [Abort("2A-S0-006", f"composite_sha256_hex differs: all parts give {digest[:12]}", path=str(folder))]


def _folder(seed: int, fingerprint: str) -> str:
    return contract_path("site_locations", seed=seed, manifest_fingerprint=fingerprint)
