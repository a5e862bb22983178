"""What S0 proves about its inputs before it seals them: identity, egress, completeness, reference data."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from scripts.lib.contracts import catalog_path, contract_path, read_document
from scripts.lib.errors import Abort, Breach, Fault, Finding, raise_all
from scripts.lib.files import sha256_file, tree_files
from scripts.lib.pins import SeedPins
from scripts.reference.tz_world import UNREADABLE, tz_world_info
from scripts.reference.tzdb_archive import check_gzip
from scripts.states.overrides import OverrideRow
from scripts.upstream.bundle_1b import egress_breaches


def check_run_receipt(path: str, upstream: SeedPins) -> None:
    """Step 1: identity comes from the upstream run receipt alone; it must be the pinned one (2A-S0-004)."""
    run, errors = read_document(path, "schemas.1B.yaml#/run_receipt")
    if errors:
        message = f"run receipt invalid: {'; '.join(errors[:3])}"
        raise Fault(Breach.CONTENT, "run_receipt_1B", message, path=path)
    pinned = upstream.receipt
    other = [f"{key} is {run[key]}, the authority pins {pinned[key]}" for key in pinned if run[key] != pinned[key]]
    raise_all([Abort("2A-S0-004", message, path=path, seed=upstream.seed) for message in other])


def check_egress(site_locations: Sequence[str], bundle_index: str, upstream: SeedPins) -> None:
    """Step 3: site_locations is a pointer at the same fingerprint, to the parts that are pinned, with the pinned bytes.

    They are also the parts that the upstream's own bundle names, and no others lie there. No row is read.
    """
    seed, fingerprint = upstream.seed, upstream.manifest_fingerprint
    folder = contract_path("site_locations", seed=seed, manifest_fingerprint=fingerprint)
    index = catalog_path("validation_bundle_index_1B", manifest_fingerprint=fingerprint)
    root = bundle_index.removesuffix(index)
    outside = [path for path in site_locations if path != f"{root}{folder}{Path(path).name}"]
    misplaced = [(f"sites must lie in {folder}", path) for path in outside]
    if not bundle_index.endswith(f"/{index}"):
        misplaced.insert(0, (f"the bundle must lie at {index}", bundle_index))
    raise_all([Abort("2A-S0-004", message, path=path, seed=seed) for message, path in misplaced])
    absent = [path for path in site_locations if not Path(path).is_file()] or ([] if site_locations else [folder])
    found = {name: sha256_file(root + name) for name in upstream.files if Path(root + name).is_file()}
    breaches: list[Finding] = [
        Fault(Breach.MISSING, "site_locations", "a part of site_locations is missing", path=path, seed=seed)
        for path in absent
    ]
    breaches += [
        Fault(Breach.SEAL, "upstream", "bytes differ from the pinned authority", path=f"{root}{name}", seed=seed)
        for name, digest in sorted(upstream.files.items())
        if found.get(name) != digest and root + name not in absent
    ]
    strangers = {folder + name for name in tree_files(root + folder)} - upstream.files.keys()
    found |= {name: sha256_file(root + name) for name in strangers}
    raise_all([*breaches, *egress_breaches(root, seed, fingerprint, found)])


Assets = dict[str, Sequence[str]]  # asset id -> its files, in the order in which they are hashed


def check_minimum_set(assets: Assets) -> None:
    """Step 4: nothing that must be sealed is missing."""
    files = [(asset, path) for asset, paths in assets.items() for path in paths or ["no file"]]
    absent = [(asset, path) for asset, path in files if not Path(path).is_file()]
    raise_all([Fault(Breach.MISSING, asset, f"missing: {asset}", path=path) for asset, path in absent])


def needed_mcc_map(overrides: Iterable[OverrideRow], paths: Sequence[str]) -> Assets:
    """Step 4: the merchant map is sealed if and only if an override has scope mcc, and then it must be there."""
    if not any(row.scope == "mcc" for row in overrides):
        return {}
    if not paths:
        message = "missing: merchant_mcc_map, which an override of scope mcc needs"
        raise Fault(Breach.MISSING, "merchant_mcc_map", message)
    needed: Assets = {"merchant_mcc_map": paths}
    check_minimum_set(needed)
    return needed


def check_tz_assets(
    tz_world: str, tzdb: str, tzdb_meta: str, release: str, overrides: Iterable[OverrideRow]
) -> dict[str, Any]:
    """Step 7: minimal sanity of the reference data (2A-S0-020..023) and of the zones that overrides name (-032).

    `release` is the tag under which the tzdb is sealed. Returns the block `tz_assets` of the run report.
    """
    try:
        world = tz_world_info(tz_world)
    except UNREADABLE as problem:
        code = "2A-S0-020" if str(problem).startswith("crs") else "2A-S0-021"
        raise Abort(code, f"{problem}"[:200], path=tz_world) from None
    unknown = sorted({row.tzid for row in overrides} - set(world.tzids))
    if unknown:
        raise Fault(Breach.ZONE, "tz_overrides", f"no polygon for {', '.join(unknown)}", dataset="tz_overrides")
    return {
        "tzdb_release_tag": release,
        "tzdb_archive_sha256": check_tzdb(tzdb, tzdb_meta, release),
        "tz_world_id": "tz_world_2025a",
        "tz_world_crs": world.crs,
        "tz_world_feature_count": world.rows,
    }


def check_tzdb(tzdb: str, tzdb_meta: str, release: str) -> str:
    """The tzdb archive is whole and of this release, with the digest that its release file states (-022, -023)."""
    meta, errors = read_document(tzdb_meta, "schemas.2A.yaml#/ingress/tzdb_release_v1")
    if errors:
        code = "2A-S0-022" if any(error.startswith("release_tag") for error in errors) else "2A-S0-023"
        raise Abort(code, "; ".join(errors[:3]), path=tzdb_meta)
    if meta["release_tag"] != release:
        message = f"tzdb_release.json is of {meta['release_tag']}, the release to seal is {release}"
        raise Abort("2A-S0-022", message, path=tzdb_meta)
    check_gzip(tzdb)
    digest = sha256_file(tzdb)
    if meta["archive_sha256"] != digest:
        raise Abort("2A-S0-023", f"archive has digest {digest[:12]}, tzdb_release.json says otherwise", path=tzdb)
    return digest
