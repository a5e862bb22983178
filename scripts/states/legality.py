"""Whether an S4 report stands for its seed: asked by S5 before it seals the evidence, and by readers of the egress."""

from pathlib import Path

from scripts.lib.contracts import schema_errors
from scripts.lib.files import read_json
from scripts.lib.published import is_withheld

MISSING = "S4 report is missing or withheld"


def legality_fault(path: Path, seed: int, fingerprint: str) -> str:
    """Why the report at `path` is not a PASS of this partition; empty when it is."""
    if not path.is_file() or is_withheld(path):
        return MISSING
    try:
        found = read_json(path)
        errors = schema_errors(found, "schemas.2A.yaml#/validation/s4_legality_report")
    except (OSError, ValueError) as problem:
        errors = [str(problem)]
    if errors or found["status"] != "PASS" or (found["seed"], found["manifest_fingerprint"]) != (seed, fingerprint):
        return f"S4 report is not a PASS of this partition {errors[:1]}"
    return ""
