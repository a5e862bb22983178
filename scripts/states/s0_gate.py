"""S0: prove that 1B passed, pin every input by digest, write the receipt that later states need (states.md §2)."""

from collections.abc import Sequence
from pathlib import Path

from scripts.lib.contracts import catalog_path, contract_path
from scripts.lib.errors import Abort, Breach, Codes, coded
from scripts.lib.files import canonical_json, sha256_text, tree_files, write_json
from scripts.lib.logs import event, say
from scripts.lib.pins import SeedPins, read_pins
from scripts.lib.published import FLAG_NAME
from scripts.states.contract_conflicts import check_contracts
from scripts.states.overrides import load_overrides
from scripts.states.receipt import Receipt
from scripts.states.s0_inputs import (
    Assets,
    check_egress,
    check_minimum_set,
    check_run_receipt,
    check_tz_assets,
    needed_mcc_map,
)
from scripts.states.s0_reopen import check_reopen
from scripts.states.s0_seal import Places, publish, seal_all
from scripts.states.state import Body, report_errors
from scripts.upstream.bundle_1b import check_bundle

OUTPUTS = ("s0_gate_receipt_2A", "sealed_inputs_2A", "s0_determinism_receipt", "s0_run_report")
CODES: Codes = {
    "2A-S0-010": [Breach.MISSING, (Breach.CONTENT, "run_receipt_1B")],
    "2A-S0-015": [Breach.SEAL],
    "2A-S0-030": [(Breach.CONTENT, "tz_overrides")],
    "2A-S0-031": [(Breach.DUPLICATE, "tz_overrides")],
    "2A-S0-032": [Breach.ZONE],
    "2A-S0-062": [Breach.OVERWRITE],
    "2A-S0-080": [Breach.CONTRACTS],
}


@coded(CODES)
def main(
    *,
    pins: str,
    run_receipt: str,
    bundle_index: str,
    bundle_flag: str,
    site_locations: Sequence[str],
    tz_world: str,
    lookup_index: str,
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
    reopens: str = "",
    reopen_record: Sequence[str] = (),
    reopen_evidence: Sequence[str] = (),
    approvers: Sequence[str] = (),
) -> None:
    upstream = read_pins(pins)
    check_reopen(reopens, reopen_record, upstream, *approvers)
    check_run_receipt(run_receipt, upstream)
    flag_digest = check_bundle(bundle_index, bundle_flag)
    check_egress(site_locations, bundle_index, upstream)
    event("GATE", result="pass", flag_sha256_hex=flag_digest)

    bundle = Path(bundle_index).parent
    assets: Assets = {
        "validation_bundle_1B": [f"{bundle}/{name}" for name in tree_files(bundle) if name != FLAG_NAME],
        "validation_passed_flag_1B": [bundle_flag],
        "site_locations": site_locations,
        "tz_world_2025a": [tz_world],
        "lookup_index": [lookup_index],
        "tzdb_release": [tzdb],
        "country_zones": [country_zones],
        "tz_overrides": [tz_overrides],
        "tz_nudge": [tz_nudge],
        "governance": [governance],
    }
    check_minimum_set(assets)
    overrides = load_overrides(tz_overrides)
    assets |= needed_mcc_map(overrides, merchant_mcc_map)
    tz_assets = check_tz_assets(tz_world, tzdb, tzdb_meta, releases["tzdb_release"], overrides)

    sealed = seal_all(assets, upstream, releases, flag_digest)
    check_contracts(*assets, *OUTPUTS)
    partition = publish(Places(Path(receipt), Path(inventory), Path(determinism)), sealed)
    event("DETERMINISM", sha256_hex=partition)
    event("VALIDATION", id="2A-S0", result="pass")
    write_json(report, with_warnings(run_report(upstream, sealed, tz_assets, partition)))
    event("EMIT", status="pass")


def run_report(upstream: SeedPins, receipt: Receipt, tz_assets: Body, partition: str) -> Body:
    """The run report of a pass, `partition` its hash; a failed S0 fails its job and leaves none."""
    fingerprint = receipt.manifest_fingerprint
    inventory = receipt.inventory()
    inventory_path = catalog_path("sealed_inputs_2A", manifest_fingerprint=fingerprint)
    return {
        "segment": "2A",
        "state": "S0",
        "status": "pass",
        "manifest_fingerprint": fingerprint,
        "parameter_hash": receipt.parameter_hash,
        "upstream": {
            "bundle_path": contract_path("validation_bundle_1B", manifest_fingerprint=fingerprint),
            "flag_sha256_hex": receipt.flag_sha256_hex,
            "verified_at_utc": receipt.verified_at_utc,
            "run_id": upstream.run_id,
            "result": "verified",
            "errors": [],
        },
        "sealed_inputs": {
            "count": len(inventory),
            "bytes_total": sum(row["size_bytes"] for row in inventory),
            "inventory_path": inventory_path,
            "manifest_digest": sha256_text(canonical_json(inventory)),
        },
        "tz_assets": tz_assets,
        "outputs": {"receipt_path": receipt.report()["receipt_path"], "inventory_path": inventory_path},
        "determinism": {"partition_hash": partition, "computed_at_utc": receipt.verified_at_utc},
        "warnings": [],
        "errors": [],
    }


def with_warnings(report: Body) -> Body:
    """The report, with 2A-S0-070 among its warnings when it lacks a field of the contract."""
    problems = report_errors("S0", report)
    if not problems:
        return report
    warning = Abort("2A-S0-070", "; ".join(problems[:3]), dataset="s0_run_report")
    say(str(warning))
    return report | {"warnings": [*report.get("warnings", []), warning.finding()]}


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
