"""Write or refresh an authority and its pins: identity and the SHA-256 of every upstream file, seed by seed.

python -m scripts.upstream.pin_authority ROOT [ROOT ...] --name mine     pin your own run roots, one for each seed
python -m scripts.upstream.pin_authority --rebuild --name frozen --tz-world FILE --places FILE      pin a replica anew
"""

import argparse
import os
import re
import tempfile
from pathlib import Path, PurePosixPath

from scripts.lib.contracts import catalog_path
from scripts.lib.errors import Abort, AbortGroup, UsageError, raise_all
from scripts.lib.pins import SeedPins
from scripts.lib.version import project_version
from scripts.upstream import build_upstream
from scripts.upstream.authority import (
    FACTS,
    Authority,
    authority_digest,
    authority_names,
    authority_path,
    changes_between,
    digests,
    identity,
    merchant_map_folder,
    read_authority,
    root_paths,
    write_authority,
)
from scripts.upstream.bundle_1b import check_bundle, egress_breaches
from scripts.upstream.facts import read_facts

REPLACE = "  next:  Restore the upstream, or take another --name; --replace pins it anew for all that reads it."


def seed_pins(root: str | Path) -> SeedPins:
    """The pins of a lawful seed root.

    Raises `UsageError` for a bad run receipt or missing sites, `Abort` for a bundle or parts against the 1B law.
    """
    root = Path(root)
    path = root / catalog_path("run_receipt_1B")
    if not path.is_file():
        raise UsageError(f"{root}: no {path.name}: point at the root of one seed's run")
    receipt = identity(path)
    seed, fingerprint = receipt["seed"], receipt["manifest_fingerprint"]
    paths = root_paths(seed, fingerprint)
    check_bundle(str(root / paths["bundle_index"]), str(root / paths["bundle_flag"]))
    folder = PurePosixPath(paths["site_locations"]).parent
    if not any((root / folder).glob("*")):
        raise UsageError(f"{root}: nothing in {folder}/, which the receipt's seed and fingerprint ask for")
    pins = SeedPins(**receipt, files=digests(root, seed, fingerprint))
    raise_all(egress_breaches(root, seed, fingerprint, pins.files))
    return pins


def seed_roots(path: str | Path) -> list[str]:
    """`path` itself, or the run roots right below it where it is an engine's folder of runs."""
    name = catalog_path("run_receipt_1B")
    below = sorted(str(found.parent) for found in Path(path).glob(f"*/{name}"))
    return below if below and not (Path(path) / name).is_file() else [str(path)]


def import_authority(name: str, roots: list[str], about: str, kind: str = "import") -> Authority:
    """The authority of a user's own run roots, one for each seed; kind `table` where they were made of tables."""
    seeds: dict[int, SeedPins] = {}
    places: dict[int, str] = {}
    for path in (root for given in roots for root in seed_roots(given)):
        pins = seed_pins(path)
        if pins.seed in seeds:
            raise UsageError(f"{path}: seed {pins.seed} is pinned already: give one root for each seed")
        seeds[pins.seed], places[pins.seed] = pins, path
    authority = Authority(name, kind, about, seeds, roots=places)
    if len(found := authority.merchant_map_releases) > 1:
        raise UsageError(
            f"{', '.join(roots)}: several releases in {merchant_map_folder()}: {', '.join(found)}: keep one"
        )
    return authority


def replica_authority(name: str, tz_world: str, places: str) -> Authority:
    """The authority of a replica, built from the facts in a temporary folder."""
    facts = read_facts(FACTS)
    stated, seeds = facts.authorities[name], {}
    for seed in stated.seeds:
        with tempfile.TemporaryDirectory() as folder:
            receipt = facts.receipt(name, seed)
            paths = root_paths(seed, receipt["manifest_fingerprint"])
            outputs = {key: os.path.join(folder, path) for key, path in paths.items()}
            build_upstream.build(tz_world, places, str(FACTS), name, receipt, outputs)
            seeds[seed] = seed_pins(folder)
    return Authority(name, "replica", stated.about, seeds, facts=FACTS.as_posix())


def authority_name(text: str) -> str:
    """`text`, if paths of the workflow can carry it; `facts` is another file of the same folder."""
    if not re.fullmatch("[a-z0-9_]+", text) or text == FACTS.stem:
        raise argparse.ArgumentTypeError(f"{text!r}: take lower-case letters, digits and _, and not `{FACTS.stem}`")
    return text


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", action="version", version=project_version())
    parser.add_argument(
        "roots", nargs="*", metavar="ROOT", help="root of one seed's run, or the folder that holds the runs"
    )
    parser.add_argument("--name", required=True, type=authority_name, help="the authority, as candidates name it")
    parser.add_argument("--about", default="The user's own upstream runs.", help="one sentence for the authority file")
    parser.add_argument("--replace", action="store_true", help="pin other bytes under a name that is taken")
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
            authority = import_authority(given.name, given.roots, given.about)
    except (UsageError, Abort, AbortGroup) as problem:
        parser.exit(2, f"{problem}\n")
    if authority.name in authority_names() and not given.replace:
        refuse_replacing(parser, authority)
    path = write_authority(authority)
    files = sum(len(pins.files) for pins in authority.seeds.values())
    print(f"{path}: {len(authority.seeds)} seeds, {files} files pinned")
    print(f"frozen_pins of config/config.yaml, if it is frozen: {authority.name}: {authority_digest(authority.name)}")


def refuse_replacing(parser: argparse.ArgumentParser, authority: Authority) -> None:
    """End with what would change of the authority that stands there; go on where nothing would."""
    path = authority_path(authority.name)
    lost = changes_between(read_authority(authority.name), authority)
    if lost:
        told = "\n".join(f"  {line}" for line in lost)
        parser.exit(2, f"{path} stands there and other bytes would be pinned:\n{told}\n{REPLACE}\n")


if __name__ == "__main__":
    main()
