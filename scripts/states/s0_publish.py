"""How S0 publishes: staged, read back, held against the sealed set, and moved only when all of it holds."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from scripts.lib.contracts import catalog_path, dictionary, registry, schema_errors
from scripts.lib.errors import Abort, Breach, Fault, raise_all
from scripts.lib.files import pretty_json, read_json, sha256_file, staged, tree_files
from scripts.lib.records import plain
from scripts.states.receipt import INVENTORY_SCHEMA, RECEIPT_SCHEMA, Receipt


class Places(NamedTuple):
    """Where the three files of S0 lie, or are staged."""

    receipt: Path
    inventory: Path
    determinism: Path


@dataclass(frozen=True)
class DeterminismReceipt:
    """Directory hash of the sealed_inputs partition without this receipt itself."""

    partition_path: str
    sha256_hex: str
    bytes_hashed: int


def publish(places: Places, receipt: Receipt) -> DeterminismReceipt:
    """Publish receipt, inventory and determinism receipt, all or nothing; returns the determinism receipt.

    The receipt moves last: what opens the gate never lies there without the inventory that it vouches for.
    """
    check_pure(places)
    with ExitStack() as stack:
        stages = Places(*(stack.enter_context(staged(path)) for path in places))
        stages.receipt.write_text(pretty_json(plain(receipt)))
        stages.inventory.write_text(pretty_json(receipt.inventory()))
        found = determinism_receipt(stages.inventory, receipt.manifest_fingerprint)
        stages.determinism.write_text(pretty_json(plain(found)))
        check_written(stages, places, receipt)
        for stage, path in zip(stages, places, strict=True):
            if path.exists() and sha256_file(path) != sha256_file(stage):
                message = "sealed inputs changed under a published fingerprint"
                raise Fault(Breach.OVERWRITE, path.name, message, path=str(path))
    return found


def check_pure(places: Places) -> None:
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


def determinism_receipt(inventory: Path, fingerprint: str) -> DeterminismReceipt:
    """The receipt over the inventory, which is all that its partition holds."""
    partition = str(Path(catalog_path("sealed_inputs_2A", manifest_fingerprint=fingerprint)).parent)
    return DeterminismReceipt(partition, sha256_file(inventory), inventory.stat().st_size)


def check_written(written: Places, places: Places, sealed: Receipt) -> None:
    """Hold the written files against path, contracts, each other and the sealed set (2A-S0-040..044, -050..052)."""
    fingerprint, wanted = sealed.manifest_fingerprint, plain(sealed)
    level = f"manifest_fingerprint={fingerprint}/"
    found, rows = read_json(written.receipt), read_json(written.inventory)
    named = sorted(entry["id"] for entry in found["sealed_inputs"])
    receipt_errors = schema_errors(found, RECEIPT_SCHEMA)
    flag_errors = [error for error in receipt_errors if error.startswith("flag_sha256_hex")]
    same_assets = named == sorted(row["asset_id"] for row in rows)
    own_rows = all(row["manifest_fingerprint"] == fingerprint for row in rows)
    checks = (
        ("2A-S0-040", level in str(places.receipt) and found["manifest_fingerprint"] == fingerprint, places.receipt),
        ("2A-S0-041", found["validation_bundle_path"] == wanted["validation_bundle_path"], places.receipt),
        ("2A-S0-042", not flag_errors, places.receipt),
        ("2A-S0-043", named == sorted(sealed.sealed) and receipt_errors == flag_errors, places.receipt),
        ("2A-S0-044", _vouches(written, fingerprint), places.determinism),
        ("2A-S0-050", level in str(places.inventory) and own_rows, places.inventory),
        (
            "2A-S0-051",
            same_assets and rows == sealed.inventory(),
            places.inventory,
        ),
        ("2A-S0-052", _obeys_contracts(rows), places.inventory),
    )
    raise_all([Abort(code, "what was written does not hold", path=str(at)) for code, holds, at in checks if not holds])


def _vouches(written: Places, fingerprint: str) -> bool:
    try:
        return bool(read_json(written.determinism) == plain(determinism_receipt(written.inventory, fingerprint)))
    except (OSError, ValueError):
        return False


def _obeys_contracts(rows: list[dict[str, Any]]) -> bool:
    return not schema_errors(rows, INVENTORY_SCHEMA) and all(
        row["schema_ref"] == dictionary().get(row["asset_id"], {}).get("schema_ref")
        and row["asset_kind"] == dictionary()[row["asset_id"]].get("kind")
        and row["license_class"] == registry().get(row["asset_id"], {}).get("license_class")
        for row in rows
    )
