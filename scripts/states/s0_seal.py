"""One inventory row per sealed asset, and what makes a set of rows unlawful (states.md §2, steps 5 and 6)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from scripts.lib.contracts import contract_path, dictionary, registry, schema
from scripts.lib.errors import Abort, raise_all
from scripts.lib.files import sha256_file, tree_files
from scripts.lib.pins import SeedPins
from scripts.lib.published import FLAG_NAME
from scripts.states.receipt import SealedAsset

MOVING_TAGS = ("latest", "current", "head")


def bundle_files(index: str) -> list[str]:
    """Every file of the upstream bundle but its flag, in ASCII order of their paths: what its digest covers."""
    folder = Path(index).parent
    return [f"{folder}/{name}" for name in tree_files(folder) if name != FLAG_NAME]


def version_tag(asset: str, paths: Sequence[str], upstream: SeedPins, releases: Mapping[str, str]) -> str:
    """Explicit version of an asset: a release, the upstream fingerprint, or the digest of a policy file."""
    if asset in releases:
        return releases[asset]
    if dictionary().get(asset, {}).get("kind") == "config":
        return f"sha256:{sha256_file(*paths)}"
    fingerprint = upstream.manifest_fingerprint
    return f"{upstream.seed}.{fingerprint}" if asset == "site_locations" else fingerprint


def seal(asset: str, paths: Sequence[str], tag: str, upstream: SeedPins) -> SealedAsset:
    """Step 5: one inventory row over all files of an asset, or the code of what it lacks (2A-S0-011..014).

    `paths` are in ASCII order, which is that of the digest.
    """
    entry = dictionary().get(asset)
    if entry is None:
        raise Abort("2A-S0-012", f"{asset} is not in the dataset dictionary", dataset=asset)
    try:
        schema(entry["schema_ref"])
    except (KeyError, TypeError, OSError, yaml.YAMLError):
        raise Abort("2A-S0-011", f"schema anchor {entry['schema_ref']!r} does not exist", dataset=asset) from None
    licence = registry().get(asset)
    if licence is None:
        raise Abort("2A-S0-013", f"{asset} is not in the artefact registry", dataset=asset)
    if not tag or tag.lower() in MOVING_TAGS:
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
