"""Write or refresh an authority file: run ids, fingerprints and the SHA-256 of every upstream file, seed by seed.

python -m scripts.upstream.pin_authority ROOT [ROOT ...] --name mine     pin your own run roots, one for each seed
python -m scripts.upstream.pin_authority --rebuild --name frozen --tz-world FILE --places FILE      pin a replica anew
"""

import argparse
import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

from scripts.lib.contracts import catalog_path, load_yaml, schema_errors
from scripts.lib.errors import Abort, AbortGroup, UsageError
from scripts.lib.files import read_json, write_text
from scripts.upstream import build_upstream
from scripts.upstream.bundle_1b import digests, merchant_map_folder, root_paths
from scripts.upstream.bundle_law import check_bundle
from scripts.upstream.replica import identity

AUTHORITIES = Path("config/authority")
FACTS = AUTHORITIES / "facts.yaml"
HEADER = "# Written by scripts/upstream/pin_authority.py. Every byte that S0 reads of this upstream is pinned here.\n"


def seed_entry(root: str | Path) -> tuple[int, dict[str, Any]]:
    """`(seed, {run_id, manifest_fingerprint, parameter_hash, created_utc, files})` of a lawful seed root.

    Raises `UsageError` for a bad run receipt or missing sites, `Abort` for a bundle against the 1B law.
    """
    root = Path(root)
    path = root / catalog_path("run_receipt_1B")
    if not path.is_file():
        raise UsageError(f"{root}: no {path.name}: point at the root of one seed's run")
    try:
        receipt = read_json(path)
    except ValueError as problem:
        raise UsageError(f"{path}: no JSON: {problem}") from None
    errors = schema_errors(receipt, "schemas.1B.yaml#/run_receipt")
    if errors:
        raise UsageError(f"{path}: {'; '.join(errors)}")
    seed, fingerprint = receipt["seed"], receipt["manifest_fingerprint"]
    paths = root_paths(seed, fingerprint)
    check_bundle(str(root / paths["bundle_index"]), str(root / paths["bundle_flag"]))
    if not (root / paths["site_locations"]).is_file():
        raise UsageError(f"{root}: no {paths['site_locations']}, which the receipt's seed and fingerprint ask for")
    known = {key: receipt[key] for key in ("run_id", "manifest_fingerprint", "parameter_hash", "created_utc")}
    return seed, {**known, "files": digests(root, seed, fingerprint)}


def import_authority(roots: list[str], about: str) -> dict[str, Any]:
    """The authority of a user's own run roots; `root` is their common folder, `path` leads from there to each."""
    common = roots[0] if len(roots) == 1 else os.path.commonpath(roots)
    seeds = {}
    for path in roots:
        seed, entry = seed_entry(path)
        if seed in seeds:
            raise UsageError(f"{path}: seed {seed} is pinned already: give one root for each seed")
        seeds[seed] = {"path": os.path.relpath(path, common), **entry}
    authority = {"kind": "import", "about": about, "root": common, "seeds": dict(sorted(seeds.items()))}
    folder = f"{merchant_map_folder()}/"
    names = {name for entry in seeds.values() for name in entry["files"] if name.startswith(folder)}
    releases = {name.removeprefix(folder).split("/")[0] for name in names}
    if len(releases) > 1:
        raise UsageError(f"{common}: several releases in {folder}: {', '.join(sorted(releases))}: keep one")
    return authority | ({"merchant_mcc_map": releases.pop()} if releases else {})


def replica_authority(name: str, tz_world: str, places: str) -> dict[str, Any]:
    """The authority of a replica, built from the facts in a temporary folder."""
    facts = load_yaml(FACTS)["replica"]
    stated, seeds = facts["authorities"][name], {}
    for seed in stated["seeds"]:
        with tempfile.TemporaryDirectory() as folder:
            known = identity(facts, name, seed)
            paths = root_paths(seed, known["manifest_fingerprint"])
            outputs = {key: os.path.join(folder, path) for key, path in paths.items()}
            build_upstream.build(tz_world, places, str(FACTS), name, {"seed": seed, **known}, outputs)
            seeds[seed] = seed_entry(folder)[1]
    return {"kind": "replica", "about": stated["about"], "facts": FACTS.as_posix(), "seeds": seeds}


def render(value: Any, depth: int = 0) -> str:
    """Block YAML with one key a line; unlike PyYAML's it keeps long paths on the line of their digest."""
    if not isinstance(value, dict):
        return f" {json.dumps(value, ensure_ascii=False)}\n"
    lines = (f"{'  ' * depth}{_key(key)}:{render(item, depth + 1)}" for key, item in value.items())
    return ("\n" if depth else "") + "".join(lines)


def _key(key: Any) -> str:
    return json.dumps(key) if isinstance(key, str) and not key.isidentifier() else str(key)


def write_authority(name: str, authority: dict[str, Any]) -> Path:
    """Publish the authority file `name` and return its path."""
    path = AUTHORITIES / f"{name}.yaml"
    write_text(path, HEADER + render(authority))
    return path


def authority_name(text: str) -> str:
    """`text`, if paths of the workflow can carry it; `facts` is another file of the same folder."""
    if not re.fullmatch("[a-z0-9_]+", text) or text == FACTS.stem:
        raise argparse.ArgumentTypeError(f"{text!r}: take lower-case letters, digits and _, and not `{FACTS.stem}`")
    return text


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("roots", nargs="*", metavar="ROOT", help="root of one seed's run")
    parser.add_argument("--name", required=True, type=authority_name, help="the authority, as candidates name it")
    parser.add_argument("--about", default="The user's own upstream runs.", help="one sentence for the authority file")
    parser.add_argument("--rebuild", action="store_true", help="build the replica NAME from the facts and pin it")
    parser.add_argument("--tz-world", help="with --rebuild: the zone polygons, tz_world.parquet")
    parser.add_argument("--places", help="with --rebuild: the populated places, populated_places.parquet")
    given = parser.parse_args(arguments)
    if given.rebuild == bool(given.roots):
        parser.error("give either run roots or --rebuild")
    if given.rebuild and not (given.tz_world and given.places):
        parser.error("--rebuild needs --tz-world and --places")
    try:
        if given.rebuild:
            authority = replica_authority(given.name, given.tz_world, given.places)
        else:
            authority = import_authority(given.roots, given.about)
    except (UsageError, Abort, AbortGroup) as problem:
        parser.exit(2, f"{problem}\n")
    path = write_authority(given.name, authority)
    files = sum(len(entry["files"]) for entry in authority["seeds"].values())
    print(f"{path}: {len(authority['seeds'])} seeds, {files} files pinned")


if __name__ == "__main__":
    main()
