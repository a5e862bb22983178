"""Segment 1B roots: writing a bundle by the 1B law (states.md §2), and the pins that hold a root's bytes.

`scripts.upstream.bundle_law` verifies the law that is written here.
"""

from pathlib import Path, PurePosixPath
from typing import Any

from scripts.lib.contracts import catalog_path, columns, contract_path, schema_errors
from scripts.lib.errors import UsageError
from scripts.lib.files import pretty_json, read_json, sha256_file, sha256_text, tree_files, write_json, write_text
from scripts.lib.pins import SeedPins
from scripts.lib.published import FLAG_NAME, INDEX_NAME, flag_text
from scripts.lib.records import plain
from scripts.upstream import egress_law
from scripts.upstream.bundle_law import REQUIRED

RECEIPT = "schemas.1B.yaml#/run_receipt"


def write_bundle(directory: str | Path, members: dict[str, Any]) -> None:
    """Publish `members` (file name -> JSON value), an index of all of them and itself, and the flag with one final LF.

    Raises `ValueError` unless `members` are exactly the ones that the law requires.
    """
    directory, names = Path(directory), sorted({*members, INDEX_NAME})
    if names != sorted(REQUIRED):
        raise ValueError(f"a 1B bundle holds {sorted(REQUIRED)}, not {names}")
    for name, value in members.items():
        write_json(directory / name, value)
    entries = [
        {
            "artifact_id": Path(name).stem,
            "kind": "summary",
            "mime": "application/json",
            "notes": None,  # segment 2B refuses an index without the key
            "path": name,
        }
        for name in names
    ]
    write_json(directory / INDEX_NAME, entries)
    write_text(directory / FLAG_NAME, flag_text(sha256_file(*(directory / name for name in names))))


def sealed_members(
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
        egress_law.NAME: plain(egress_law.egress_checksums(seed, fingerprint, site_locations)),
    }


def root_paths(seed: int, fingerprint: str) -> dict[str, str]:
    """Named paths of one seed inside its root, as the rules of the pipeline name them."""
    tokens = {"seed": seed, "manifest_fingerprint": fingerprint}
    return {
        "site_locations": catalog_path("site_locations", **tokens),
        "bundle_index": catalog_path("validation_bundle_index_1B", **tokens),
        "bundle_flag": catalog_path("validation_passed_flag_1B", **tokens),
        "run_receipt": catalog_path("run_receipt_1B"),
        "replica_manifest": catalog_path("replica_manifest"),
    }


def merchant_map_folder() -> str:
    """Folder inside a root that holds the releases of the merchant map."""
    return str(PurePosixPath(contract_path("merchant_mcc_map", release="any")).parent)


def upstream_files(root: str | Path, seed: int, fingerprint: str) -> list[str]:
    """Sorted relative paths of what 2A may read below `root`; an engine's run root holds much else."""
    paths = root_paths(seed, fingerprint)
    folders = {str(PurePosixPath(paths[name]).parent) for name in ("site_locations", "bundle_index")}
    folders.add(merchant_map_folder())
    names = {paths["run_receipt"], paths["replica_manifest"], catalog_path("own_rows")}
    return [name for name in tree_files(root) if name in names or any(name.startswith(f"{at}/") for at in folders)]


def digests(root: str | Path, seed: int, fingerprint: str) -> dict[str, str]:
    """Relative path -> hex SHA-256 of every upstream file: the pins of a seed root.

    The run receipt counts as its five fields alone, which is what is copied of it: an engine's own holds foreign paths.
    """
    found = {name: sha256_file(Path(root) / name) for name in upstream_files(root, seed, fingerprint)}
    receipt = root_paths(seed, fingerprint)["run_receipt"]
    if receipt in found:
        found[receipt] = sha256_text(pretty_json(identity(Path(root) / receipt)))
    return found


def identity(run_receipt: str | Path) -> dict[str, Any]:
    """The five fields of a run receipt that 2A takes; `UsageError` for one without them."""
    try:
        receipt = read_json(run_receipt)
    except (OSError, ValueError) as problem:
        raise UsageError(f"{run_receipt}: no JSON: {problem}") from None
    if errors := schema_errors(receipt, RECEIPT):
        raise UsageError(f"{run_receipt}: {'; '.join(errors)}")
    return {key: receipt[key] for key in columns(RECEIPT)}


def check_pins(root: str | Path, pins: SeedPins) -> None:
    """Raise `UsageError` naming every upstream file below `root` that differs from its pin, is missing or has none."""
    found, pinned = digests(root, pins.seed, pins.manifest_fingerprint), pins.files
    differing = sorted(name for name in {*found, *pinned} if found.get(name) != pinned.get(name))
    if differing:
        listing = "\n  ".join(
            f"{name}: pinned {pinned.get(name, 'not at all')}, found {found.get(name, 'no file')}" for name in differing
        )
        raise UsageError(
            f"upstream of seed {pins.seed} differs from its authority:\n  {listing}",
            where=str(root),
            action="Restore the files, or pin anew: `python -m scripts.upstream.pin_authority ROOT --name NAME`.",
        )
