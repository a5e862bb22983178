"""S0: prove that 1B passed, pin every external input by digest, write the receipt that later states require (states.md §2)."""

import re
from pathlib import Path
from typing import Any

import yaml

from scripts.lib.contracts import catalog_path, dictionary, registry, schema, schema_errors
from scripts.lib.errors import Abort, raise_all
from scripts.lib.files import canonical_json, read_json, sha256_file, sha256_text, tree_files, write_json
from scripts.lib.logs import event
from scripts.lib.policy import load_overrides
from scripts.lib.tz_world import tz_world_info
from scripts.lib.upstream import check_bundle

RELEASE_TAG = re.compile(r"20[0-9]{2}[a-z]?")
SEALED = (
    "validation_bundle_1B",
    "validation_passed_flag_1B",
    "site_locations",
    "tz_world_2025a",
    "tzdb_release",
    "country_zones",
    "tz_overrides",
    "tz_nudge",
    "governance",
)
GZIP_MAGIC = b"\x1f\x8b"
MIN_ARCHIVE_BYTES = 50_000


def main(
    *,
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
    seed: int,
    pins: dict[str, Any],
    releases: dict[str, str],
    merchant_mcc_map: list[str] | str = (),
) -> None:
    run = read_run_receipt(run_receipt, seed, pins)
    fingerprint = run["manifest_fingerprint"]
    flag_digest = check_bundle(bundle_index, bundle_flag)
    check_egress(site_locations, bundle_index, seed, fingerprint, pins)
    event("GATE", result="pass", flag_sha256_hex=flag_digest)

    overrides = load_overrides(tz_overrides, "2A-S0-030", "2A-S0-031")
    paths = dict(
        zip(
            SEALED,
            (
                bundle_index,
                bundle_flag,
                site_locations,
                tz_world,
                tzdb,
                country_zones,
                tz_overrides,
                tz_nudge,
                governance,
            ),
            strict=True,
        )
    )
    if merchant_mcc_map:
        paths["merchant_mcc_map"] = str(merchant_mcc_map)
    check_minimum_set(paths, needs_mcc=any(row["scope"] == "mcc" for row in overrides))
    tz_assets = check_tz_assets(tz_world, tzdb, tzdb_meta, overrides)

    tags = version_tags(paths, seed, fingerprint, releases)
    rows = [seal(asset, path, tags[asset], run, seed, releases) for asset, path in paths.items()]
    check_unique(rows)
    rows.sort(key=lambda row: (row["asset_kind"], row["basename"]))
    event("SEAL", assets=len(rows))

    sealed = [
        {
            "id": row["asset_id"],
            "partition": dictionary()[row["asset_id"]].get("partitions", []),
            "schema_ref": row["schema_ref"],
        }
        for row in sorted(rows, key=lambda row: row["asset_id"])
    ]
    bundle_path = str(Path(catalog_path("validation_bundle_1B", manifest_fingerprint=fingerprint)).parent) + "/"
    found = {
        "manifest_fingerprint": fingerprint,
        "parameter_hash": run["parameter_hash"],
        "validation_bundle_path": bundle_path,
        "flag_sha256_hex": flag_digest,
        "verified_at_utc": run["created_utc"],
        "sealed_inputs": sealed,
        "notes": None,
    }
    check_pure(receipt, inventory, determinism)
    publish(rows, inventory)
    publish(found, receipt)
    partition = determinism_receipt(inventory, fingerprint)
    publish(partition, determinism)
    check_written(receipt, inventory, determinism, fingerprint, flag_digest)
    event("DETERMINISM", sha256_hex=partition["sha256_hex"])

    write_json(
        report,
        {
            "segment": "2A",
            "state": "S0",
            "status": "pass",
            "manifest_fingerprint": fingerprint,
            "parameter_hash": run["parameter_hash"],
            "upstream": {
                "bundle_path": bundle_path,
                "flag_sha256_hex": flag_digest,
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
        },
    )
    event("EMIT", status="pass")


def read_run_receipt(path: str, seed: int, pins: dict[str, Any]) -> dict[str, Any]:
    """Step 1: identity comes from the upstream run receipt alone; it must be the pinned one (2A-S0-010, -004)."""
    try:
        run = read_json(path)
    except (OSError, ValueError) as problem:
        raise Abort("2A-S0-010", f"run receipt unreadable: {problem}", path=path) from None
    errors = schema_errors(run, "schemas.1B.yaml#/run_receipt")
    if errors:
        raise Abort("2A-S0-010", f"run receipt invalid: {'; '.join(errors[:3])}", path=path)
    expected = {
        "seed": seed,
        **{key: pins[key] for key in ("run_id", "manifest_fingerprint", "parameter_hash", "created_utc")},
    }
    raise_all(
        [
            Abort("2A-S0-004", f"{key} is {run[key]}, the authority pins {value}", path=path, seed=seed)
            for key, value in expected.items()
            if run[key] != value
        ]
    )
    return run


def check_egress(site_locations: str, bundle_index: str, seed: int, fingerprint: str, pins: dict[str, Any]) -> None:
    """Step 3: site_locations is a pointer at the same fingerprint, with the pinned bytes; its rows are not read."""
    if not Path(site_locations).is_file():
        raise Abort("2A-S0-010", "site_locations is missing", path=site_locations, seed=seed)
    expected = catalog_path("site_locations", seed=seed, manifest_fingerprint=fingerprint)
    bundle = catalog_path("validation_bundle_1B", manifest_fingerprint=fingerprint)
    for path, wanted in ((site_locations, expected), (bundle_index, bundle)):
        if not Path(path).as_posix().endswith(wanted):
            raise Abort("2A-S0-004", f"upstream data must lie at {wanted}", path=path, seed=seed)
    root = Path(site_locations).as_posix().removesuffix(expected)
    raise_all(
        [
            Abort("2A-S0-015", "bytes differ from the pinned authority", path=f"{root}{name}", seed=seed)
            for name, digest in sorted(pins["files"].items())
            if not Path(root + name).is_file() or sha256_file(root + name) != digest
        ]
    )


def check_minimum_set(paths: dict[str, str], needs_mcc: bool) -> None:
    """Step 4: nothing required is missing; the mcc map is required iff an mcc override exists."""
    missing = [f"{asset} ({path})" for asset, path in paths.items() if not Path(path).is_file()]
    if needs_mcc and "merchant_mcc_map" not in paths:
        missing.append("merchant_mcc_map (an override has scope mcc)")
    raise_all([Abort("2A-S0-010", f"missing: {item}") for item in missing])


def check_tz_assets(tz_world: str, tzdb: str, tzdb_meta: str, overrides: list[dict[str, Any]]) -> dict[str, Any]:
    """Step 7: minimal sanity of the reference data (2A-S0-020..023, -032)."""
    try:
        world = tz_world_info(tz_world)
    except ValueError as problem:
        code = "2A-S0-020" if "crs" in str(problem).lower() else "2A-S0-021"
        raise Abort(code, str(problem), path=tz_world) from None
    unknown = sorted({row["tzid"] for row in overrides} - set(world["tzids"]))
    if unknown:
        raise Abort("2A-S0-032", f"no polygon for {', '.join(unknown)}", dataset="tz_overrides")
    try:
        meta = read_json(tzdb_meta)
    except (OSError, ValueError) as problem:
        raise Abort("2A-S0-023", f"tzdb_release.json unreadable: {problem}", path=tzdb_meta) from None
    if not RELEASE_TAG.fullmatch(str(meta.get("release_tag"))):
        raise Abort("2A-S0-022", f"release tag {meta.get('release_tag')!r}", path=tzdb_meta)
    with open(tzdb, "rb") as stream:
        magic = stream.read(2)
    if magic != GZIP_MAGIC or Path(tzdb).stat().st_size < MIN_ARCHIVE_BYTES:
        raise Abort("2A-S0-023", "not a gzip archive of at least 50 KB", path=tzdb)
    digest = sha256_file(tzdb)
    if meta.get("archive_sha256") != digest:
        raise Abort("2A-S0-023", f"archive has digest {digest[:12]}, tzdb_release.json says otherwise", path=tzdb)
    return {
        "tzdb_release_tag": meta["release_tag"],
        "tzdb_archive_sha256": digest,
        "tz_world_id": "tz_world_2025a",
        "tz_world_crs": "OGC:CRS84",
        "tz_world_feature_count": world["rows"],
    }


def version_tags(paths: dict[str, str], seed: int, fingerprint: str, releases: dict[str, str]) -> dict[str, str]:
    """Explicit version per asset: a release, the upstream fingerprint, or the digest of a policy file."""
    tags = {}
    for asset, path in paths.items():
        if asset in releases:
            tags[asset] = releases[asset]
        elif dictionary()[asset].get("kind") == "config":
            tags[asset] = f"sha256:{sha256_file(path)}"
        else:
            tags[asset] = f"seed={seed}/{fingerprint}" if asset == "site_locations" else fingerprint
    return tags


def seal(asset: str, path: str, tag: str, run: dict[str, Any], seed: int, releases: dict[str, str]) -> dict[str, Any]:
    """Step 5: one inventory row, or the code of what the asset lacks (2A-S0-011..015)."""
    entry = dictionary().get(asset)
    if entry is None:
        raise Abort("2A-S0-012", f"{asset} is not in the dataset dictionary", dataset=asset)
    try:
        schema(entry["schema_ref"])
    except (KeyError, OSError, yaml.YAMLError):
        raise Abort("2A-S0-011", f"schema anchor {entry['schema_ref']!r} does not exist", dataset=asset) from None
    licence = registry().get(asset)
    if licence is None:
        raise Abort("2A-S0-013", f"{asset} is not in the artefact registry", dataset=asset)
    if not tag or tag.lower() in ("latest", "current", "head"):
        raise Abort("2A-S0-014", f"version tag {tag!r}", dataset=asset)
    if asset == "validation_bundle_1B":  # a directory: its digest covers every file but the flag, in ASCII order
        files = [str(Path(path).parent / name) for name in tree_files(Path(path).parent) if name != "_passed.flag"]
    else:
        files = [path]
    fingerprint = run["manifest_fingerprint"]
    return {
        "manifest_fingerprint": fingerprint,
        "asset_id": asset,
        "asset_kind": entry["kind"],
        "basename": asset,
        "version_tag": tag,
        "schema_ref": entry["schema_ref"],
        "catalog_path": catalog_path(
            asset, seed=seed, manifest_fingerprint=fingerprint, release=releases.get(asset, "")
        ),
        "sha256_hex": sha256_file(*files),
        "size_bytes": sum(Path(file).stat().st_size for file in files),
        "license_class": licence["license_class"],
        "created_utc": run["created_utc"],
    }


def check_unique(rows: list[dict[str, Any]]) -> None:
    """Step 6: no asset, bytes or basename twice (2A-S0-016..018)."""
    breaches = []
    for code, key in (("2A-S0-016", "asset_id"), ("2A-S0-017", "sha256_hex"), ("2A-S0-018", "basename")):
        values = [row[key] for row in rows]
        for value in sorted({value for value in values if values.count(value) > 1}):
            assets = ", ".join(row["asset_id"] for row in rows if row[key] == value)
            breaches.append(Abort(code, f"{key} {value[:20]} is shared by {assets}"))
    raise_all(breaches)


def check_pure(receipt: str, inventory: str, determinism: str) -> None:
    """One receipt, and no foreign file in the partitions of S0 (2A-S0-060, -061)."""
    ours = {Path(path).name for path in (receipt, inventory, determinism)}
    receipts = sorted(Path(receipt).parent.parent.glob("*/s0_gate_receipt.json"))
    if any(found != Path(receipt) for found in receipts):
        raise Abort("2A-S0-060", f"{len(receipts)} receipts in one run root", path=str(Path(receipt).parent.parent))
    for partition in (Path(receipt).parent, Path(inventory).parent):
        foreign = [name for name in tree_files(partition) if name not in ours and not name.endswith(".stage")]
        if foreign:
            raise Abort("2A-S0-061", f"foreign file {foreign[0]}", path=str(partition))


def publish(value: Any, path: str) -> None:
    """Write-once: the same content is a no-op, other content needs a new run root (2A-S0-062)."""
    if Path(path).exists() and read_json(path) != value:
        raise Abort("2A-S0-062", "sealed inputs changed under a published fingerprint", path=path)
    write_json(path, value)


def determinism_receipt(inventory: str, fingerprint: str) -> dict[str, Any]:
    """Directory hash of the sealed_inputs partition without this receipt itself."""
    partition = str(Path(catalog_path("sealed_inputs_2A", manifest_fingerprint=fingerprint)).parent)
    return {
        "partition_path": partition,
        "sha256_hex": sha256_file(inventory),
        "bytes_hashed": Path(inventory).stat().st_size,
    }


def check_written(receipt: str, inventory: str, determinism: str, fingerprint: str, flag_digest: str) -> None:
    """Re-read what was published and hold it against itself (2A-S0-040..044, -050..052)."""
    found, rows = read_json(receipt), read_json(inventory)
    token = f"manifest_fingerprint={fingerprint}"
    ids = [row["asset_id"] for row in rows]
    checks = (
        ("2A-S0-040", token in receipt and found["manifest_fingerprint"] == fingerprint, receipt),
        ("2A-S0-041", token in found["validation_bundle_path"], receipt),
        ("2A-S0-042", found["flag_sha256_hex"] == flag_digest, receipt),
        ("2A-S0-043", not schema_errors(found, "schemas.2A.yaml#/manifests/s0_gate_receipt_v1"), receipt),
        ("2A-S0-044", read_json(determinism)["sha256_hex"] == sha256_file(inventory), determinism),
        (
            "2A-S0-050",
            token in inventory and all(row["manifest_fingerprint"] == fingerprint for row in rows),
            inventory,
        ),
        ("2A-S0-051", sorted(ids) == [entry["id"] for entry in found["sealed_inputs"]], inventory),
        ("2A-S0-052", not schema_errors(rows, "schemas.2A.yaml#/manifests/sealed_inputs_2A"), inventory),
    )
    raise_all([Abort(code, "what was written does not hold", path=path) for code, holds, path in checks if not holds])
    event("VALIDATION", result="pass")


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main, snakemake)
