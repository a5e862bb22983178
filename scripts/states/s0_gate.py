"""S0: prove that 1B passed, pin every input by digest, write the receipt that later states need (states.md §2)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.lib.contracts import catalog_path, dictionary
from scripts.lib.errors import Abort, Breach, Codes, coded
from scripts.lib.files import canonical_json, sha256_text, write_json
from scripts.lib.logs import event, say
from scripts.lib.pins import read_pins
from scripts.states.contract_conflicts import check_contracts
from scripts.states.overrides import load_overrides
from scripts.states.reopen_record import check_reopen
from scripts.states.s0_inputs import (
    check_egress,
    check_minimum_set,
    check_tz_assets,
    needed_mcc_map,
    read_run_receipt,
)
from scripts.states.s0_publish import Places, publish
from scripts.states.s0_seal import check_unique, seal, version_tags
from scripts.states.state import report_errors
from scripts.upstream.bundle_law import check_bundle

OUTPUTS = ("s0_gate_receipt_2A", "sealed_inputs_2A", "s0_determinism_receipt", "s0_run_report")
CODES: Codes = {
    "2A-S0-030": [(Breach.CONTENT, "tz_overrides")],
    "2A-S0-031": [(Breach.DUPLICATE, "tz_overrides")],
    "2A-S0-080": [Breach.CONTRACTS],
}


@coded(CODES)
def main(
    *,
    pins: str,
    run_receipt: str,
    bundle_index: str,
    bundle_flag: str,
    site_locations: str,
    tz_world: str,
    tzdb: str,
    tzdb_meta: str,
    country_zones: str,
    tz_overrides: str,
    tz_nudge: str,
    governance: str,
    receipt: str,
    inventory: str,
    determinism: str,
    report: str,
    releases: dict[str, str],
    merchant_mcc_map: Sequence[str] = (),
    authority: str = "",
    frozen_authority: bool = True,
    reopen_record: list[str] | str = (),
    reopen_evidence: list[str] | str = (),
) -> None:
    pinned = read_pins(pins)
    record = str(reopen_record) if reopen_record else None
    check_reopen(authority, frozen_authority, record, pinned.seed, pinned.created_utc)
    run = read_run_receipt(run_receipt, pinned)
    fingerprint = run["manifest_fingerprint"]
    flag_digest = check_bundle(bundle_index, bundle_flag)
    check_egress(site_locations, bundle_index, pinned)
    event("GATE", result="pass", flag_sha256_hex=flag_digest)

    paths = {
        "validation_bundle_1B": str(Path(bundle_index).parent),
        "validation_passed_flag_1B": bundle_flag,
        "site_locations": site_locations,
        "tz_world_2025a": tz_world,
        "tzdb_release": tzdb,
        "country_zones": country_zones,
        "tz_overrides": tz_overrides,
        "tz_nudge": tz_nudge,
        "governance": governance,
    }
    check_minimum_set(paths)
    overrides = load_overrides(tz_overrides)
    paths |= needed_mcc_map(overrides, merchant_mcc_map)
    check_minimum_set(paths)
    tz_assets = check_tz_assets(tz_world, tzdb, tzdb_meta, releases["tzdb_release"], overrides)

    tags = version_tags(paths, pinned.seed, fingerprint, releases)
    rows = [seal(asset, path, tags[asset], run, releases) for asset, path in paths.items()]
    check_unique(rows)
    check_contracts(*paths, *OUTPUTS)
    rows.sort(key=lambda row: (row["asset_kind"], row["basename"]))
    event("SEAL", assets=len(rows))
    event("HASH", bytes_total=sum(row["size_bytes"] for row in rows))

    found = gate_receipt(run, flag_digest, rows)
    partition = publish(Places(receipt, inventory, determinism), found, rows)
    event("DETERMINISM", sha256_hex=partition["sha256_hex"])
    event("VALIDATION", id="2A-S0", result="pass")
    write_json(report, with_warnings(run_report(run, found, rows, tz_assets, partition)))
    event("EMIT", status="pass")


def gate_receipt(run: dict[str, Any], flag_digest: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The receipt: what was verified, and the ids of everything that was sealed."""
    fingerprint = run["manifest_fingerprint"]
    return {
        "manifest_fingerprint": fingerprint,
        "parameter_hash": run["parameter_hash"],
        "validation_bundle_path": catalog_path("validation_bundle_1B", manifest_fingerprint=fingerprint),
        "flag_sha256_hex": flag_digest,
        "verified_at_utc": run["created_utc"],
        "sealed_inputs": [
            {
                "id": row["asset_id"],
                "partition": dictionary()[row["asset_id"]].get("partitions", []),
                "schema_ref": row["schema_ref"],
            }
            for row in sorted(rows, key=lambda row: row["asset_id"])
        ],
        "notes": None,
    }


def run_report(
    run: dict[str, Any],
    receipt: dict[str, Any],
    rows: list[dict[str, Any]],
    tz_assets: dict[str, Any],
    partition: dict[str, Any],
) -> dict[str, Any]:
    """The run report of a pass; a failed S0 fails its job and leaves none."""
    fingerprint = run["manifest_fingerprint"]
    return {
        "segment": "2A",
        "state": "S0",
        "status": "pass",
        "manifest_fingerprint": fingerprint,
        "parameter_hash": run["parameter_hash"],
        "upstream": {
            "bundle_path": receipt["validation_bundle_path"],
            "flag_sha256_hex": receipt["flag_sha256_hex"],
            "verified_at_utc": run["created_utc"],
            "run_id": run["run_id"],
            "result": "verified",
            "errors": [],
        },
        "sealed_inputs": {
            "count": len(rows),
            "bytes_total": sum(row["size_bytes"] for row in rows),
            "inventory_path": catalog_path("sealed_inputs_2A", manifest_fingerprint=fingerprint),
            "manifest_digest": sha256_text(canonical_json(rows)),
        },
        "tz_assets": tz_assets,
        "outputs": {
            "receipt_path": catalog_path("s0_gate_receipt_2A", manifest_fingerprint=fingerprint),
            "inventory_path": catalog_path("sealed_inputs_2A", manifest_fingerprint=fingerprint),
        },
        "determinism": {"partition_hash": partition["sha256_hex"], "computed_at_utc": run["created_utc"]},
        "warnings": [],
        "errors": [],
    }


def with_warnings(report: dict[str, Any]) -> dict[str, Any]:
    """The report, with 2A-S0-070 among its warnings when it lacks a field of the contract."""
    problems = report_errors("S0", report)
    if not problems:
        return report
    warning = Abort("2A-S0-070", "; ".join(problems[:3]), dataset="s0_run_report")
    say(str(warning))
    return report | {"warnings": [*report.get("warnings", []), warning.finding()]}


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main, snakemake)
