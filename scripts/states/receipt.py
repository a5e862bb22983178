"""No PASS, no read: states open nothing before the S0 receipt, and nothing whose bytes differ from the seal."""

from pathlib import Path
from typing import Any, NamedTuple

from scripts.lib.contracts import catalog_path, schema_errors
from scripts.lib.errors import Abort
from scripts.lib.files import read_json, sha256_file
from scripts.lib.logs import event
from scripts.states.authority_conflict import check_authority, check_sealed_authority

RECEIPT_SCHEMA = "schemas.2A.yaml#/manifests/s0_gate_receipt_v1"
INVENTORY_SCHEMA = "schemas.2A.yaml#/manifests/sealed_inputs_2A"


class Gate(NamedTuple):
    """What S0 proved: the receipt and the sealed assets by id."""

    receipt: dict[str, Any]
    sealed: dict[str, dict[str, Any]]

    @property
    def verified_at_utc(self) -> str:
        return self.receipt["verified_at_utc"]

    def report(self, fingerprint: str) -> dict[str, str]:
        """The `s0` block of a run report."""
        path = catalog_path("s0_gate_receipt_2A", manifest_fingerprint=fingerprint)
        return {"receipt_path": path, "verified_at_utc": self.verified_at_utc}


def open_gate(state: str, receipt: str, inventory: str, fingerprint: str, *datasets: str) -> Gate:
    """Read the S0 receipt and inventory of `fingerprint`; raises 2A-<state>-001 unless both are valid and agree.

    `datasets` are those that the state will read and write: 2A-<state>-080 where the contracts contradict each other.
    """
    check_authority(state, *datasets)
    code = f"2A-{state}-001"
    try:
        found, rows = read_json(receipt), read_json(inventory)
    except (OSError, ValueError) as problem:
        raise Abort(code, f"receipt or inventory unreadable: {problem}", path=receipt) from None
    errors = schema_errors(found, RECEIPT_SCHEMA) + schema_errors(rows, INVENTORY_SCHEMA)
    if errors:
        raise Abort(code, f"receipt or inventory invalid: {'; '.join(errors[:3])}", path=receipt)
    tokens = {found["manifest_fingerprint"], *(row["manifest_fingerprint"] for row in rows), fingerprint}
    if len(tokens) > 1 or f"manifest_fingerprint={fingerprint}/" not in Path(receipt).as_posix():
        raise Abort(code, "receipt belongs to another fingerprint", path=receipt, expected=fingerprint)
    sealed = {row["asset_id"]: row for row in rows}
    if sorted(sealed) != sorted(entry["id"] for entry in found["sealed_inputs"]):
        raise Abort(code, "receipt and inventory name different assets", path=receipt)
    check_sealed_authority(state, sealed)
    event("GATE", result="pass", assets=len(sealed))
    return Gate(found, sealed)


def check_seal(code: str, gate: Gate, asset_id: str, path: str) -> dict[str, Any]:
    """Re-hash a sealed input; raises `code` when it is not sealed, missing or changed. Returns its inventory row."""
    row = gate.sealed.get(asset_id)
    if row is None:
        raise Abort(code, f"{asset_id} is not among the sealed inputs", dataset=asset_id, path=path)
    if not Path(path).is_file():
        raise Abort(code, f"{asset_id} is missing", dataset=asset_id, path=path)
    digest = sha256_file(path)
    if digest != row["sha256_hex"]:
        raise Abort(
            code,
            f"{asset_id} has digest {digest[:12]}, sealed was {row['sha256_hex'][:12]}",
            dataset=asset_id,
            path=path,
        )
    return row


def check_partition(code: str, dataset: str, path: str, **tokens: Any) -> None:
    """Raises `code` unless `path` ends in the dictionary's path for exactly these tokens."""
    expected = catalog_path(dataset, **tokens)
    if not Path(path).as_posix().endswith(expected):
        raise Abort(code, f"{dataset} must lie at {expected}", dataset=dataset, path=path)


def check_published(code: str, report: str, dataset: str, path: str) -> dict[str, Any]:
    """Re-hash a dataset of an earlier state, return that state's report; raises `code` if it states other bytes."""
    try:
        found = read_json(report)
        wanted = found["published"][dataset]["sha256_hex"]
    except (OSError, ValueError, KeyError, TypeError):
        raise Abort(code, f"the run report does not say what {dataset} holds", dataset=dataset, path=report) from None
    if not Path(path).is_file():
        raise Abort(code, f"{dataset} is missing", dataset=dataset, path=path)
    digest = sha256_file(path)
    if digest != wanted:
        message = f"{dataset} has digest {digest[:12]}, published was {wanted[:12]}"
        raise Abort(code, message, dataset=dataset, path=path)
    return found
