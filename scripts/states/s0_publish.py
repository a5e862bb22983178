"""How S0 publishes: staged, read back, held against the sealed set, and moved only when all of it holds."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from scripts.lib.contracts import catalog_path, dictionary, registry, schema_errors
from scripts.lib.errors import Abort, raise_all
from scripts.lib.files import pretty_json, read_json, sha256_file, staged, tree_files


class Places(NamedTuple):
    """Where the three files of S0 lie, or are staged."""

    receipt: str | Path
    inventory: str | Path
    determinism: str | Path


def publish(places: Places, receipt: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Publish receipt, inventory and determinism receipt, all or nothing; returns the determinism receipt.

    The receipt moves last: what opens the gate never lies there without the inventory that it vouches for.
    """
    check_pure(places)
    with ExitStack() as stack:
        stages = Places(*(stack.enter_context(staged(path)) for path in places))
        stages.receipt.write_text(pretty_json(receipt))
        stages.inventory.write_text(pretty_json(rows))
        found = determinism_receipt(stages.inventory, receipt["manifest_fingerprint"])
        stages.determinism.write_text(pretty_json(found))
        check_written(stages, places, receipt["manifest_fingerprint"], rows)
        for stage, path in zip(stages, places, strict=True):
            if Path(path).exists() and sha256_file(path) != sha256_file(stage):
                raise Abort("2A-S0-062", "sealed inputs changed under a published fingerprint", path=str(path))
    return found


def check_pure(places: Places) -> None:
    """One receipt, and no foreign file in the partitions of S0 (2A-S0-060, -061)."""
    family = Path(places.receipt).parent.parent
    receipts = sorted(family.glob(f"*/{Path(places.receipt).name}"))
    if any(found != Path(places.receipt) for found in receipts):
        raise Abort("2A-S0-060", f"another receipt in the run root: {receipts[0].parent.name}", path=str(family))
    ours = {Path(path).name for path in places}
    for partition in (Path(places.receipt).parent, Path(places.inventory).parent):
        foreign = [name for name in tree_files(partition) if name not in ours and not name.endswith(".stage")]
        if foreign:
            raise Abort("2A-S0-061", f"foreign file {foreign[0]}", path=str(partition))


def determinism_receipt(inventory: str | Path, fingerprint: str) -> dict[str, Any]:
    """Directory hash of the sealed_inputs partition without this receipt itself."""
    partition = str(Path(catalog_path("sealed_inputs_2A", manifest_fingerprint=fingerprint)).parent)
    return {
        "partition_path": partition,
        "sha256_hex": sha256_file(inventory),
        "bytes_hashed": Path(inventory).stat().st_size,
    }


def check_written(written: Places, places: Places, fingerprint: str, sealed: list[dict[str, Any]]) -> None:
    """Hold the written files against path, contracts, each other and the sealed set (2A-S0-040..044, -050..052)."""
    found, rows = read_json(written.receipt), read_json(written.inventory)
    level = f"manifest_fingerprint={fingerprint}/"
    bundle = catalog_path("validation_bundle_1B", manifest_fingerprint=fingerprint)
    named = sorted(entry["id"] for entry in found["sealed_inputs"])
    inventoried = sorted(row["asset_id"] for row in rows)
    receipt_errors = schema_errors(found, "schemas.2A.yaml#/manifests/s0_gate_receipt_v1")
    flag_errors = [error for error in receipt_errors if error.startswith("flag_sha256_hex")]
    try:
        partition = read_json(written.determinism)
    except (OSError, ValueError):
        partition = None
    checks = (
        ("2A-S0-040", level in str(places.receipt) and found["manifest_fingerprint"] == fingerprint, "receipt"),
        ("2A-S0-041", found["validation_bundle_path"] == bundle, "receipt"),
        ("2A-S0-042", not flag_errors, "receipt"),
        ("2A-S0-043", named == sorted(row["asset_id"] for row in sealed) and receipt_errors == flag_errors, "receipt"),
        ("2A-S0-044", partition == determinism_receipt(written.inventory, fingerprint), "determinism"),
        (
            "2A-S0-050",
            level in str(places.inventory) and all(row["manifest_fingerprint"] == fingerprint for row in rows),
            "inventory",
        ),
        ("2A-S0-051", inventoried == named and rows == sealed, "inventory"),
        ("2A-S0-052", _obeys_authorities(rows), "inventory"),
    )
    raise_all(
        [
            Abort(code, "what was written does not hold", path=str(getattr(places, place)))
            for code, holds, place in checks
            if not holds
        ]
    )


def _obeys_authorities(rows: list[dict[str, Any]]) -> bool:
    return not schema_errors(rows, "schemas.2A.yaml#/manifests/sealed_inputs_2A") and all(
        row["schema_ref"] == dictionary().get(row["asset_id"], {}).get("schema_ref")
        and row["asset_kind"] == dictionary()[row["asset_id"]].get("kind")
        and row["license_class"] == registry().get(row["asset_id"], {}).get("license_class")
        for row in rows
    )
