"""An authority: an upstream that candidates may read, its seeds pinned byte by byte.

config/authority/NAME.yaml says what it is, in a few lines for people; the pins lie in config/authority/pins/NAME/.
"""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from scripts.lib.contracts import catalog_path, contract_path
from scripts.lib.files import sha256_file, write_json, write_text
from scripts.lib.pins import PINS, SeedPins, pins_path, read_pins
from scripts.lib.records import plain
from scripts.upstream.bundle_1b import merchant_map_folder

FOLDER = Path("config/authority")
FACTS = FOLDER / "facts.yaml"  # lies beside the authorities that are built from it


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

    def site_locations(self, seed: int) -> list[str]:
        """Pinned parts of a seed's site_locations, below its root and in order."""
        pins = self.seeds[seed]
        place = {"seed": seed, "manifest_fingerprint": pins.manifest_fingerprint}
        return pins.below(contract_path("site_locations", **place))

    def merchant_map(self, seed: int) -> list[str]:
        """Pinned files of a seed's merchant map, below its root and in order; none where the upstream has no map."""
        return self.seeds[seed].below(f"{merchant_map_folder()}/")

    def own_rows(self, seed: int) -> list[str]:
        """The user's own columns of a table, below the seed's root; none where the upstream was no table."""
        path = catalog_path("own_rows")
        return [path] if path in self.seeds[seed].files else []

    @property
    def merchant_map_release(self) -> str | None:
        """Release of the merchant map, where the upstream has one."""
        return next(iter(self.merchant_map_releases), None)

    @property
    def merchant_map_releases(self) -> list[str]:
        """Releases of the merchant map among the pinned files: one, or none."""
        folder = f"{merchant_map_folder()}/"
        names = (name for pins in self.seeds.values() for name in pins.files if name.startswith(folder))
        return sorted({name.removeprefix(folder).split("/")[0] for name in names})


def authority_path(name: str) -> str:
    """The file of an authority."""
    return f"{FOLDER.as_posix()}/{name}.yaml"


def authority_names(project: Path = Path(".")) -> set[str]:
    """Authorities that have a file."""
    return {path.stem for path in (project / FOLDER).glob("*.yaml")} - {FACTS.stem}


def read_authority(name: str, stated: dict[str, Any], project: Path = Path(".")) -> Authority:
    """The authority whose file holds `stated`, with the pins beside it; OSError or ValueError for bad pins."""
    files = sorted((project / PINS / name).glob("*.json"))
    pins = [read_pins(path) for path in files]
    return Authority(name, seeds={entry.seed: entry for entry in pins}, **stated)


def authority_digest(name: str, project: Path = Path(".")) -> str:
    """SHA-256 over the authority's file and its pins in order: what the config holds a frozen authority to."""
    pins = sorted((project / PINS / name).glob("*.json"))
    return sha256_file(project / authority_path(name), *pins)


def changes_between(old: Authority, new: Authority) -> list[str]:
    """What pinning `new` in place of `old` would change, a line a seed; empty when nothing that is pinned."""
    found = [f"seed {seed}: no longer pinned" for seed in old.seeds.keys() - new.seeds.keys()]
    found += [f"seed {seed}: newly pinned" for seed in new.seeds.keys() - old.seeds.keys()]
    for seed in old.seeds.keys() & new.seeds.keys():
        before, after = old.seeds[seed], new.seeds[seed]
        names = [field.name for field in fields(SeedPins) if field.name not in ("seed", "files")]
        moved = [name for name in names if getattr(before, name) != getattr(after, name)]
        paths = before.files.keys() | after.files.keys()
        other = sum(before.files.get(path) != after.files.get(path) for path in paths)
        told = [*moved, *([f"{other} of {len(paths)} files"] if other else [])]
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
