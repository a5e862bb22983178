"""The 1B bundle law (states.md §2): index, digest and flag, and what a bundle says of its own egress (upstream.md §1).

`egress_checksums.json` lists every part of site_locations by its path relative to the bundle, with digest and size, and
states the digest over the bytes of all of them in ascending order of that path.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.lib.contracts import contract_path, read_document
from scripts.lib.errors import Abort, Finding, raise_all
from scripts.lib.files import sha256_file, tree_files, write_json, write_text
from scripts.lib.published import FLAG_NAME, INDEX_NAME, NoFlag, flag_digest, flag_text, part_faults

EGRESS = "egress_checksums.json"
REQUIRED = (
    "MANIFEST.json",
    EGRESS,
    INDEX_NAME,
    "manifest_fingerprint_resolved.json",
    "parameter_hash_resolved.json",
    "rng_accounting.json",
    "s9_summary.json",
)
BUNDLE_SCHEMA = "schemas.1B.yaml#/validation/validation_bundle_1B"
EGRESS_SCHEMA = "schemas.1B.yaml#/validation/egress_checksums_1B"


def write_bundle(directory: str | Path, members: dict[str, Any]) -> None:
    """Publish `members` (file name -> JSON value), an index of all of them and itself, and the flag with one final LF.

    Raises `ValueError` unless `members` are exactly the ones that the law requires.
    """
    directory, names = Path(directory), sorted({*members, INDEX_NAME})
    if names != sorted(REQUIRED):
        raise ValueError(f"a 1B bundle holds {sorted(REQUIRED)}, not {names}")
    for name, value in members.items():
        write_json(directory / name, value)
    # `notes`: segment 2B refuses an index without the key
    fixed = {"kind": "summary", "mime": "application/json", "notes": None}
    entries = [{"artifact_id": Path(name).stem, "path": name, **fixed} for name in names]
    write_json(directory / INDEX_NAME, entries)
    write_text(directory / FLAG_NAME, flag_text(sha256_file(*(directory / name for name in names))))


def bundle_members(
    receipt: dict[str, Any], rows: int, countries: int, rng: dict[str, Any], *site_locations: str
) -> dict[str, Any]:
    """The JSON members of the 1B bundle for one seed, whose `rows` sites in `countries` lie in these parts."""
    fingerprint, seed = receipt["manifest_fingerprint"], receipt["seed"]
    return {
        "MANIFEST.json": {"segment": "1B", **receipt},
        "parameter_hash_resolved.json": {"parameter_hash": receipt["parameter_hash"]},
        "manifest_fingerprint_resolved.json": {"manifest_fingerprint": fingerprint},
        "rng_accounting.json": rng,
        "s9_summary.json": {"seed": seed, "rows": rows, "countries": countries, "status": "PASS"},
        EGRESS: egress_checksums(seed, fingerprint, site_locations),
    }


def check_bundle(index_path: str, flag_path: str) -> str:
    """Verify the bundle around `index_path` and return its digest; raises 2A-S0-001, -002, -003 or -042."""
    bundle = Path(index_path).parent
    entries = _read_index(index_path)
    listed = sorted((entry["path"] for entry in entries), key=str.encode)
    names = [entry["artifact_id"] for entry in entries]
    present = [name for name in tree_files(bundle) if name != Path(flag_path).name]
    problems = [
        Abort("2A-S0-003", f"{what}: {', '.join(odd[:5])}", path=str(bundle))
        for what, odd in (
            ("listed twice", sorted({name for name in listed if listed.count(name) > 1})),
            ("artifact_id not unique", sorted({name for name in names if names.count(name) > 1})),
            ("listed but missing", sorted(set(listed) - set(present))),
            ("not listed in index.json", sorted(set(present) - set(listed))),
            ("required members missing", sorted(set(REQUIRED) - set(listed))),
        )
        if odd
    ]
    raise_all(problems)
    digest = sha256_file(*(bundle / name for name in listed))
    try:
        stated = flag_digest(Path(flag_path).read_bytes())
    except OSError:
        raise Abort("2A-S0-001", "the upstream flag is missing", path=flag_path) from None
    except NoFlag:
        raise Abort("2A-S0-042", "the upstream flag is not `sha256_hex = <64 hex>`", path=flag_path) from None
    if stated != digest:
        raise Abort("2A-S0-002", f"recomputed {digest[:12]}, flag says {stated[:12]}", path=flag_path)
    return digest


def _read_index(path: str) -> list[dict[str, Any]]:
    entries, errors = read_document(path, BUNDLE_SCHEMA)
    if errors:
        raise Abort("2A-S0-003", f"index.json invalid: {'; '.join(errors[:3])}", path=path)
    return list(entries)


def egress_checksums(seed: int, fingerprint: str, parts: Sequence[str]) -> dict[str, Any]:
    """The document for the parts at these paths, which lie in the partition, in order."""
    folder, bundle = _folders(seed, fingerprint)
    up = os.path.relpath(folder, bundle)
    return {
        "dataset_id": "site_locations",
        "seed": seed,
        "manifest_fingerprint": fingerprint,
        "path": folder,
        "files": [
            {
                "path": f"{up}/{Path(path).name}",
                "sha256_hex": sha256_file(path),
                "size_bytes": Path(path).stat().st_size,
            }
            for path in parts
        ],
        "composite_sha256_hex": sha256_file(*parts),
    }


def egress_breaches(root: str | Path, seed: int, fingerprint: str, digests: Mapping[str, str]) -> list[Finding]:
    """Whatever is wrong with the partition below `root`: 2A-S0-005 for its files, -006 for what the bundle says.

    `digests` leads from paths below the root to what their bytes were found to be.
    """
    folder, bundle = _folders(seed, fingerprint)
    at = Path(root) / folder
    names = tree_files(at)
    found: list[Finding] = [Abort("2A-S0-005", fault, seed=seed, path=folder) for fault in part_faults(names)]
    path = Path(root) / bundle / EGRESS
    stated, errors = read_document(path, EGRESS_SCHEMA)
    if errors:
        return [*found, Abort("2A-S0-006", f"{EGRESS} invalid: {'; '.join(errors[:3])}", seed=seed, path=str(path))]
    wanted = {"dataset_id": "site_locations", "seed": seed, "manifest_fingerprint": fingerprint, "path": folder}
    if other := [name for name, value in wanted.items() if stated[name] != value]:
        found.append(
            Abort("2A-S0-006", f"{EGRESS} is of another partition: {', '.join(other)}", seed=seed, path=folder)
        )
    listed = {os.path.normpath(bundle + part["path"]).removeprefix(folder): part for part in stated["files"]}
    for name in sorted({*listed, *names}):
        part = listed.get(name)
        if name not in names:
            found.append(Abort("2A-S0-005", f"{name} is missing: {EGRESS} names it", seed=seed, path=folder))
        elif part is None:
            found.append(Abort("2A-S0-005", f"{name} is not in {EGRESS}", seed=seed, path=folder))
        elif part["sha256_hex"] != digests[folder + name] or part["size_bytes"] != (at / name).stat().st_size:
            found.append(Abort("2A-S0-006", f"{name} has other bytes than {EGRESS} says", seed=seed, path=folder))
    if not found and (digest := sha256_file(*(at / name for name in names))) != stated["composite_sha256_hex"]:
        found = [Abort("2A-S0-006", f"composite_sha256_hex differs: all parts give {digest[:12]}", path=str(at))]
    return found


def _folders(seed: int, fingerprint: str) -> tuple[str, str]:
    """Inside a root, with a slash at the end: the partition of site_locations, and the bundle."""
    partition = contract_path("site_locations", seed=seed, manifest_fingerprint=fingerprint)
    return partition, contract_path("validation_bundle_1B", manifest_fingerprint=fingerprint)
