"""An authority: an upstream that candidates may read, its seeds pinned byte by byte.

config/authority/NAME.yaml says what it is, in a few lines for people; the pins lie in config/authority/pins/NAME/.
"""

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from scripts.lib.contracts import catalog_path, columns, contract_path, load_yaml, read_document
from scripts.lib.errors import UsageError
from scripts.lib.files import pretty_json, sha256_file, sha256_text, tree_files, write_json, write_text
from scripts.lib.pins import PINS, SeedPins, pins_path, read_pins
from scripts.lib.records import plain

FOLDER = Path("config/authority")
FACTS = FOLDER / "facts.yaml"  # lies beside the authorities that are built from it
RECEIPT = "schemas.1B.yaml#/run_receipt"


@dataclass(frozen=True)
class Authority:
    """`kind` is `replica`, built from `facts`, or `import`, copied from the user's own run root of each seed.

    A `table` is an import whose roots were made of the user's own tables. It is an upstream of its own, which nobody
    froze before and its pins freeze now, so that any candidate may read it.
    """

    name: str
    kind: str
    about: str
    seeds: dict[int, SeedPins]
    facts: str = ""
    roots: dict[int, str] = field(default_factory=dict)

    def parts(self, seed: int) -> dict[str, list[str]]:
        """Pinned files below a seed's root by dataset, in order: the sites and, if any, merchant map and own rows."""
        pins = self.seeds[seed]
        place = {"seed": seed, "manifest_fingerprint": pins.manifest_fingerprint}
        found = {
            "site_locations": pins.below(contract_path("site_locations", **place)),
            "merchant_mcc_map": pins.below(merchant_map_folder()),
            "own_rows": pins.below(catalog_path("own_rows")),
        }
        return {dataset: paths for dataset, paths in found.items() if paths}

    @property
    def merchant_map_releases(self) -> list[str]:
        """Releases of the merchant map among the pinned files: one, or none."""
        folder = merchant_map_folder()
        names = (name for pins in self.seeds.values() for name in pins.below(folder))
        return sorted({name.removeprefix(folder).split("/")[0] for name in names})


def authority_path(name: str) -> str:
    return f"{FOLDER.as_posix()}/{name}.yaml"


def authority_names(project: Path = Path(".")) -> set[str]:
    """Authorities that have a file."""
    return {path.stem for path in (project / FOLDER).glob("*.yaml")} - {FACTS.stem}


def read_authority(name: str, project: Path = Path(".")) -> Authority:
    """The authority as its file and the pins beside it say; both obey their schemas, or were written here."""
    stated = load_yaml(project / authority_path(name))
    pins = [read_pins(path) for path in sorted((project / PINS / name).glob("*.json"))]
    return Authority(name, seeds={entry.seed: entry for entry in pins}, **stated)


def authority_digest(name: str, project: Path = Path(".")) -> str:
    """SHA-256 over the authority's file and its pins in order: what the config holds a frozen authority to."""
    return sha256_file(project / authority_path(name), *sorted((project / PINS / name).glob("*.json")))


def changes_between(old: Authority, new: Authority) -> list[str]:
    """What pinning `new` in place of `old` would change, a line a seed; empty when nothing that is pinned."""
    found = [f"seed {seed}: no longer pinned" for seed in old.seeds.keys() - new.seeds.keys()]
    found += [f"seed {seed}: newly pinned" for seed in new.seeds.keys() - old.seeds.keys()]
    for seed in old.seeds.keys() & new.seeds.keys():
        before, after = old.seeds[seed], new.seeds[seed]
        told = [key for key, value in before.receipt.items() if value != after.receipt[key]]
        paths = before.files.keys() | after.files.keys()
        if other := sum(before.files.get(path) != after.files.get(path) for path in paths):
            told.append(f"{other} of {len(paths)} files")
        found += [f"seed {seed}: other {', '.join(told)}"] if told else []
    return sorted(found)


def write_authority(authority: Authority) -> Path:
    """Publish the authority and exactly its pins; returns the path of its file."""
    path = Path(authority_path(authority.name))
    stated = {key: getattr(authority, key) for key in ("kind", "about", "facts", "roots")}
    known = {key: value for key, value in stated.items() if value}
    write_text(path, yaml.safe_dump(known, sort_keys=False, allow_unicode=True, width=1000))
    for left in (PINS / authority.name).glob("*.json"):
        left.unlink()
    for seed, pins in authority.seeds.items():
        write_json(pins_path(authority.name, seed), plain(pins))
    return path


# The root of one seed


def root_paths(seed: int, fingerprint: str) -> dict[str, str]:
    """Named paths of one seed inside its root, as the rules of the pipeline name them."""
    tokens = {"seed": seed, "manifest_fingerprint": fingerprint}
    return {
        "site_locations": catalog_path("site_locations", **tokens),
        "bundle_index": catalog_path("validation_bundle_index_1B", **tokens),
        "bundle_flag": catalog_path("validation_passed_flag_1B", **tokens),
        "run_receipt": catalog_path("run_receipt_1B"),
        "replica_manifest": catalog_path("replica_manifest"),
    }


def merchant_map_folder() -> str:
    """Folder inside a root, with a slash at its end, that holds the releases of the merchant map."""
    return f"{PurePosixPath(contract_path('merchant_mcc_map', release='any')).parent}/"


def identity(run_receipt: str | Path) -> dict[str, Any]:
    """The five fields of a run receipt that 2A takes; `UsageError` for one without them."""
    receipt, errors = read_document(run_receipt, RECEIPT)
    if errors:
        raise UsageError(f"{run_receipt}: {'; '.join(errors)}")
    return {key: receipt[key] for key in columns(RECEIPT)}


def digests(root: str | Path, seed: int, fingerprint: str) -> dict[str, str]:
    """Relative path -> hex SHA-256 of what 2A may read below `root`: the pins of a seed; an engine's root holds more.

    The run receipt counts as its five fields alone, which is what is copied of it: an engine's own holds foreign paths.
    """
    paths = root_paths(seed, fingerprint)
    receipt = paths["run_receipt"]
    sites, bundle = (f"{PurePosixPath(paths[name]).parent}/" for name in ("site_locations", "bundle_index"))
    folders = (sites, bundle, merchant_map_folder())
    files = {receipt, paths["replica_manifest"], catalog_path("own_rows")}
    names = [name for name in tree_files(root) if name in files or name.startswith(folders)]
    found = {name: sha256_file(Path(root) / name) for name in names}
    if receipt in found:
        found[receipt] = sha256_text(pretty_json(identity(Path(root) / receipt)))
    return found


def check_pins(root: str | Path, pins: SeedPins) -> None:
    """Raise `UsageError` naming every upstream file below `root` that differs from its pin, is missing or has none."""
    found, pinned = digests(root, pins.seed, pins.manifest_fingerprint), pins.files
    if found != pinned:
        listing = "\n  ".join(
            f"{name}: pinned {pinned.get(name, 'not at all')}, found {found.get(name, 'no file')}"
            for name in sorted({*found, *pinned})
            if found.get(name) != pinned.get(name)
        )
        raise UsageError(
            f"upstream of seed {pins.seed} differs from its authority:\n  {listing}",
            where=str(root),
            action="Restore the files, or pin: `python -m scripts.upstream.pin_authority ROOT --name NAME --replace`.",
        )
