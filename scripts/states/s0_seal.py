"""How S0 seals (states.md §2): a row per asset, staged with the receipt, read back, and moved only when all holds."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from scripts.lib.contracts import catalog_path, contract_path, dictionary, registry, schema, schema_errors
from scripts.lib.errors import Abort, Breach, Fault, raise_all
from scripts.lib.files import pretty_json, read_json, sha256_file, staged, tree_files
from scripts.lib.logs import event
from scripts.lib.pins import SeedPins
from scripts.lib.records import plain
from scripts.states.contract_conflicts import sealed_conflicts
from scripts.states.receipt import INVENTORY_SCHEMA, RECEIPT_SCHEMA, Receipt, SealedAsset

MOVING_TAGS = ("", "latest", "current", "head")


def seal_all(
    assets: Mapping[str, Sequence[str]], upstream: SeedPins, releases: Mapping[str, str], flag_digest: str
) -> Receipt:
    """Steps 5 and 6: every asset (id -> its files) as an inventory row, none of them twice."""
    tags = {asset: version_tag(asset, paths, upstream, releases) for asset, paths in assets.items()}
    rows = [seal(asset, paths, tags[asset], upstream) for asset, paths in assets.items()]
    check_unique(rows)
    event("SEAL", assets=len(rows))
    event("HASH", bytes_total=sum(row.size_bytes for row in rows))
    return Receipt(
        manifest_fingerprint=upstream.manifest_fingerprint,
        parameter_hash=upstream.parameter_hash,
        flag_sha256_hex=flag_digest,
        verified_at_utc=upstream.created_utc,
        sealed={row.asset_id: row for row in rows},
    )


def version_tag(asset: str, paths: Sequence[str], upstream: SeedPins, releases: Mapping[str, str]) -> str:
    """Explicit version of an asset: a release, the upstream fingerprint, or the digest of a policy file."""
    if asset in releases:
        return releases[asset]
    if dictionary().get(asset, {}).get("kind") == "config":
        return f"sha256:{sha256_file(*paths)}"
    fingerprint = upstream.manifest_fingerprint
    return f"{upstream.seed}.{fingerprint}" if asset == "site_locations" else fingerprint


def seal(asset: str, paths: Sequence[str], tag: str, upstream: SeedPins) -> SealedAsset:
    """Step 5: one row over all files of an asset, in ASCII order, or the code of what it lacks (2A-S0-011..014)."""
    entry, licence = dictionary().get(asset), registry().get(asset)
    if entry is None:
        raise Abort("2A-S0-012", f"{asset} is not in the dataset dictionary", dataset=asset)
    try:
        schema(entry["schema_ref"])
    except (KeyError, TypeError, OSError, yaml.YAMLError):
        raise Abort("2A-S0-011", f"schema anchor {entry['schema_ref']!r} does not exist", dataset=asset) from None
    if licence is None:
        raise Abort("2A-S0-013", f"{asset} is not in the artefact registry", dataset=asset)
    if tag.lower() in MOVING_TAGS:
        raise Abort("2A-S0-014", f"version tag {tag!r}", dataset=asset)
    tokens = {"seed": upstream.seed, "manifest_fingerprint": upstream.manifest_fingerprint, "release": tag}
    return SealedAsset(
        manifest_fingerprint=upstream.manifest_fingerprint,
        asset_id=asset,
        asset_kind=entry["kind"],
        basename=asset,
        version_tag=tag,
        schema_ref=entry["schema_ref"],
        catalog_path=contract_path(asset, **tokens),
        sha256_hex=sha256_file(*paths),
        size_bytes=sum(Path(path).stat().st_size for path in paths),
        license_class=licence["license_class"],
        created_utc=upstream.created_utc,
    )


def check_unique(rows: Sequence[SealedAsset]) -> None:
    """Step 6: no asset, bytes or basename twice (2A-S0-016..018)."""
    breaches = []
    for code, key in (("2A-S0-016", "asset_id"), ("2A-S0-017", "sha256_hex"), ("2A-S0-018", "basename")):
        values = [getattr(row, key) for row in rows]
        for value in sorted({value for value in values if values.count(value) > 1}):
            assets = ", ".join(row.asset_id for row in rows if getattr(row, key) == value)
            breaches.append(Abort(code, f"{key} {value[:20]} is shared by {assets}"))
    raise_all(breaches)


class Places(NamedTuple):
    """Where the three files of S0 lie, or are staged."""

    receipt: Path
    inventory: Path
    determinism: Path


def determinism_receipt(inventory: Path, fingerprint: str) -> dict[str, Any]:
    """Directory hash of the sealed_inputs partition without this receipt itself: the inventory is all that it holds."""
    partition = Path(catalog_path("sealed_inputs_2A", manifest_fingerprint=fingerprint)).parent
    size = inventory.stat().st_size
    return {"partition_path": str(partition), "sha256_hex": sha256_file(inventory), "bytes_hashed": size}


def publish(places: Places, receipt: Receipt) -> str:
    """Step 9: publish receipt, inventory and determinism receipt, all or nothing; returns the partition's SHA-256.

    The receipt moves last: what opens the gate never lies there without the inventory that it vouches for.
    """
    _check_pure(places)
    with ExitStack() as stack:
        stages = Places(*(stack.enter_context(staged(path)) for path in places))
        stages.receipt.write_text(pretty_json(plain(receipt)))
        stages.inventory.write_text(pretty_json(receipt.inventory()))
        found = determinism_receipt(stages.inventory, receipt.manifest_fingerprint)
        stages.determinism.write_text(pretty_json(found))
        check_written(stages, places, receipt)
        for stage, path in zip(stages, places, strict=True):
            if path.exists() and sha256_file(path) != sha256_file(stage):
                message = "sealed inputs changed under a published fingerprint"
                raise Fault(Breach.OVERWRITE, path.name, message, path=str(path))
    return str(found["sha256_hex"])


def _check_pure(places: Places) -> None:
    """One receipt of this fingerprint, and no foreign file in the partitions of S0 (2A-S0-060, -061)."""
    family, fingerprint = places.receipt.parent.parent, places.receipt.parent.name.partition("=")[2]
    for path in sorted({*family.glob(f"*/{places.receipt.name}")} - {places.receipt}):
        if _fingerprint_in(path) == fingerprint:
            raise Abort("2A-S0-060", f"another receipt of this fingerprint: {path.parent.name}", path=str(path))
    ours = {path.name for path in places}
    for partition in (places.receipt.parent, places.inventory.parent):
        foreign = [name for name in tree_files(partition) if name not in ours and not name.endswith(".stage")]
        if foreign:
            raise Abort("2A-S0-061", f"foreign file {foreign[0]}", path=str(partition))


def _fingerprint_in(receipt: Path) -> str | None:
    try:
        return str(read_json(receipt)["manifest_fingerprint"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def check_written(written: Places, places: Places, sealed: Receipt) -> None:
    """Hold the written files against path, contracts, each other and the sealed set (2A-S0-040..044, -050..052)."""
    fingerprint = sealed.manifest_fingerprint
    level = f"manifest_fingerprint={fingerprint}/"
    found, rows = read_json(written.receipt), read_json(written.inventory)
    named = sorted(entry["id"] for entry in found["sealed_inputs"])
    receipt_errors, rows_errors = schema_errors(found, RECEIPT_SCHEMA), schema_errors(rows, INVENTORY_SCHEMA)
    flag_errors = [error for error in receipt_errors if error.startswith("flag_sha256_hex")]
    same_bundle = found["validation_bundle_path"] == plain(sealed)["validation_bundle_path"]
    same_rows = named == sorted(row["asset_id"] for row in rows) and rows == sealed.inventory()
    own_rows = all(row["manifest_fingerprint"] == fingerprint for row in rows)
    checks = (
        ("2A-S0-040", level in str(places.receipt) and found["manifest_fingerprint"] == fingerprint, places.receipt),
        ("2A-S0-041", same_bundle, places.receipt),
        ("2A-S0-042", not flag_errors, places.receipt),
        ("2A-S0-043", named == sorted(sealed.sealed) and receipt_errors == flag_errors, places.receipt),
        ("2A-S0-044", _vouches(written, fingerprint), places.determinism),
        ("2A-S0-050", level in str(places.inventory) and own_rows, places.inventory),
        ("2A-S0-051", same_rows, places.inventory),
        ("2A-S0-052", not rows_errors and not any(map(sealed_conflicts, rows)), places.inventory),
    )
    raise_all([Abort(code, "what was written does not hold", path=str(at)) for code, holds, at in checks if not holds])


def _vouches(written: Places, fingerprint: str) -> bool:
    try:
        found = read_json(written.determinism)
    except (OSError, ValueError):
        return False
    return bool(found == determinism_receipt(written.inventory, fingerprint))
