"""No PASS, no read: states open nothing before the S0 receipt, and nothing whose bytes differ from the seal."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.lib.contracts import catalog_path, contract_path, dictionary, read_document
from scripts.lib.errors import Breach, Fault
from scripts.lib.files import read_json, sha256_file
from scripts.lib.logs import event
from scripts.lib.published import is_withheld, part_name
from scripts.lib.records import plain, record
from scripts.states.contract_conflicts import check_contracts, check_sealed_contracts

RECEIPT_SCHEMA = "schemas.2A.yaml#/manifests/s0_gate_receipt_v1"
INVENTORY_SCHEMA = "schemas.2A.yaml#/manifests/sealed_inputs_2A"


@dataclass(frozen=True)
class SealedAsset:
    """One row of `sealed_inputs_2A`: an input pinned by its bytes."""

    manifest_fingerprint: str
    asset_id: str
    asset_kind: str
    basename: str
    version_tag: str
    schema_ref: str
    catalog_path: str
    sha256_hex: str
    size_bytes: int
    license_class: str
    created_utc: str


@dataclass(frozen=True)
class Receipt:
    """What S0 proved for one fingerprint: that 1B passed, when, and which assets were sealed, by id."""

    manifest_fingerprint: str
    parameter_hash: str
    flag_sha256_hex: str
    verified_at_utc: str
    sealed: dict[str, SealedAsset]

    def to_json(self) -> dict[str, Any]:
        """`s0_gate_receipt_2A`, whose list of assets names no bytes: these stand in the inventory."""
        stated = {name: value for name, value in vars(self).items() if name != "sealed"}
        bundle = contract_path("validation_bundle_1B", manifest_fingerprint=self.manifest_fingerprint)
        assets = [
            {"id": name, "partition": dictionary()[name].get("partitions", []), "schema_ref": row.schema_ref}
            for name, row in sorted(self.sealed.items())
        ]
        return {**stated, "validation_bundle_path": bundle, "sealed_inputs": assets, "notes": None}

    def inventory(self) -> list[dict[str, Any]]:
        """`sealed_inputs_2A`: every asset, sorted by kind and basename."""
        rows: list[dict[str, Any]] = plain(list(self.sealed.values()))
        return sorted(rows, key=lambda row: (row["asset_kind"], row["basename"]))

    def report(self) -> dict[str, str]:
        """The `s0` block of a run report."""
        path = catalog_path("s0_gate_receipt_2A", manifest_fingerprint=self.manifest_fingerprint)
        return {"receipt_path": path, "verified_at_utc": self.verified_at_utc}


def open_receipt(path: str, inventory: str, fingerprint: str, datasets: tuple[str, ...]) -> Receipt:
    """Read the S0 receipt and inventory of `fingerprint`; RECEIPT unless both are valid and agree.

    `datasets` are those that the state will read and write: CONTRACTS where the contracts contradict each other.
    """
    check_contracts(*datasets)
    found, errors = read_document(path, RECEIPT_SCHEMA)
    rows, row_errors = read_document(inventory, INVENTORY_SCHEMA)
    if errors := errors + row_errors:
        raise _no_receipt(f"receipt or inventory invalid: {'; '.join(errors[:3])}", path)
    tokens = {found["manifest_fingerprint"], *(row["manifest_fingerprint"] for row in rows), fingerprint}
    if len(tokens) > 1 or f"manifest_fingerprint={fingerprint}/" not in Path(path).as_posix():
        raise _no_receipt("receipt belongs to another fingerprint", path, expected=fingerprint)
    sealed = {row["asset_id"]: record(SealedAsset, row) for row in rows}
    if sorted(sealed) != sorted(entry["id"] for entry in found["sealed_inputs"]):
        raise _no_receipt("receipt and inventory name different assets", path)
    check_sealed_contracts(rows)
    event("GATE", result="pass", assets=len(sealed))
    stated = {name: found[name] for name in ("parameter_hash", "flag_sha256_hex", "verified_at_utc")}
    return Receipt(manifest_fingerprint=fingerprint, sealed=sealed, **stated)


def _no_receipt(message: str, path: str, **context: Any) -> Fault:
    return Fault(Breach.RECEIPT, "s0_gate_receipt_2A", message, path=path, **context)


def check_sealed(receipt: Receipt, asset_id: str, *paths: str) -> SealedAsset:
    """Re-hash a sealed input, all parts in order, and return its row: SEAL if not sealed so, MISSING if one is gone."""
    asset = receipt.sealed.get(asset_id)
    if asset is None:
        message = f"{asset_id} is not among the sealed inputs"
        raise Fault(Breach.SEAL, asset_id, message, dataset=asset_id, path=", ".join(paths[:1]))
    check_bytes(asset_id, asset.sha256_hex, "sealed", *paths)
    return asset


def check_published(report: str, dataset: str, path: str) -> dict[str, Any]:
    """Re-hash a dataset of an earlier state and return that state's report; SEAL if it states other bytes."""
    try:
        found: dict[str, Any] = read_json(report)
        wanted = found["published"][dataset]["sha256_hex"]
    except (OSError, ValueError, KeyError, TypeError):
        message = f"the run report does not say what {dataset} holds"
        raise Fault(Breach.SEAL, dataset, message, dataset=dataset, path=report) from None
    check_bytes(dataset, wanted, "published", path)
    return found


def check_shown(report: str, dataset: str, path: str) -> dict[str, Any]:
    """What a chapter after the states reads: the bytes that a state which passed says it published, else no rows.

    Returns the state's report; SEAL or MISSING otherwise, so that no verdict rests on a time stamp.
    """
    found: dict[str, Any] = read_json(report)
    if found["status"] == "pass":
        return check_published(report, dataset, path)
    if not is_withheld(path):
        message = f"{dataset} holds rows although {found['state']} ended with `{found['status']}`"
        raise Fault(Breach.SEAL, dataset, message, dataset=dataset, path=path)
    return found


def check_bytes(dataset: str, wanted: str, was: str, *paths: str) -> None:
    """MISSING where a file is not there, SEAL where the digest of all is not the one sealed or published (`was`)."""
    if absent := [path for path in paths or (dataset,) if not Path(path).is_file()]:
        raise Fault(Breach.MISSING, dataset, f"{dataset} is missing", dataset=dataset, path=absent[0])
    digest = sha256_file(*paths)
    if digest != wanted:
        message = f"{dataset} has digest {digest[:12]}, {was} was {wanted[:12]}"
        raise Fault(Breach.SEAL, dataset, message, dataset=dataset, path=paths[0])


def check_partition(dataset: str, *paths: str, **tokens: int | str) -> None:
    """PARTITION unless every part lies in the dictionary's folder for exactly these tokens, in the order of the law."""
    folder = contract_path(dataset, **tokens)
    for number, path in enumerate(paths):
        if not path.endswith(f"/{folder}{part_name(number)}"):
            wanted = folder + part_name(number)
            raise Fault(Breach.PARTITION, dataset, f"{dataset} must lie at {wanted}", dataset=dataset, path=path)
