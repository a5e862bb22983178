"""The 1B bundle law: index, digest and flag (states.md §2)."""

from pathlib import Path
from typing import Any

from scripts.lib.contracts import schema_errors
from scripts.lib.errors import Abort, raise_all
from scripts.lib.files import read_json, sha256_file, tree_files
from scripts.lib.published import NoFlag, flag_digest

REQUIRED = (
    "MANIFEST.json",
    "egress_checksums.json",
    "index.json",
    "manifest_fingerprint_resolved.json",
    "parameter_hash_resolved.json",
    "rng_accounting.json",
    "s9_summary.json",
)
BUNDLE_SCHEMA = "schemas.1B.yaml#/validation/validation_bundle_1B"


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
        flag = Path(flag_path).read_bytes()
    except OSError:
        raise Abort("2A-S0-001", "the upstream flag is missing", path=flag_path) from None
    try:
        stated = flag_digest(flag)
    except NoFlag:
        raise Abort("2A-S0-042", "the upstream flag is not `sha256_hex = <64 hex>`", path=flag_path) from None
    if stated != digest:
        raise Abort("2A-S0-002", f"recomputed {digest[:12]}, flag says {stated[:12]}", path=flag_path)
    return digest


def _read_index(path: str) -> list[dict[str, Any]]:
    try:
        entries: list[dict[str, Any]] = read_json(path)
    except (OSError, ValueError) as problem:
        raise Abort("2A-S0-003", f"index.json unreadable: {problem}", path=path) from None
    errors = schema_errors(entries, BUNDLE_SCHEMA)
    if errors:
        raise Abort("2A-S0-003", f"index.json invalid: {'; '.join(errors[:3])}", path=path)
    return entries
