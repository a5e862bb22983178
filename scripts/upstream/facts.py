"""What the replica is built from: the section `replica` of config/authority/facts.yaml, as nouns.

Grades: M stated, R read off a plot, D derived, A assumed. A box is (west, south, east, north), in degrees.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.lib.contracts import load_yaml
from scripts.lib.files import canonical_json, sha256_text
from scripts.lib.records import record


@dataclass(frozen=True)
class Clump:
    """Sites of a country in each zone of one box; `drift` is the scale of their density from the west, in degrees."""

    box: tuple[float, ...]
    drift: float
    zones: dict[str, int]


@dataclass(frozen=True)
class Country:
    """`count` and `place` are grades: of the number of sites, and of where they lie."""

    count: str
    place: str
    clumps: tuple[Clump, ...]

    @property
    def sites(self) -> int:
        return sum(count for clump in self.clumps for count in clump.zones.values())


@dataclass(frozen=True)
class Spot:
    """Where sites are planned to be ambiguous: covered by exactly `zones`, and after the nudge by exactly `nudged`."""

    country: str
    box: tuple[float, ...]
    drift: float
    zones: tuple[str, ...]
    nudged: tuple[str, ...]


@dataclass(frozen=True)
class Size:
    """Sites of one seed, those of countries that do not follow in proportion, and those of each spot."""

    sites: int
    grade: str
    fixed: dict[str, int]
    spots: dict[str, int]


@dataclass(frozen=True)
class Stated:
    """What is known of the run of one seed; the rest is derived."""

    created_utc: str
    run_id: str | None = None
    manifest_fingerprint: str | None = None


@dataclass(frozen=True)
class Posture:
    """An authority that is built: `posture` is `collapsed` or `reopened`."""

    about: str
    posture: str
    seeds: dict[int, Stated]


@dataclass(frozen=True)
class Merchants:
    """How many ids there are, and how many sites a merchant has in a country on average."""

    universe: int
    sites_per_merchant: int


@dataclass(frozen=True)
class Facts:
    """All of it; `digest` covers the section as it is written, and is the parameter hash of every replica."""

    nudge_deg: float
    merchants: Merchants
    jitter_deg: float
    base_seed: int
    assumptions: tuple[str, ...]
    countries: dict[str, Country]
    spots: dict[str, Spot]
    seeds: dict[int, Size]
    authorities: dict[str, Posture]
    digest: str

    def receipt(self, authority: str, seed: int) -> dict[str, Any]:
        """The run receipt of a replica: what the facts state of it, the rest derived from them."""
        stated = self.authorities[authority].seeds[seed]
        derived = sha256_text(canonical_json([authority, seed, self.digest]))
        return {
            "seed": seed,
            "run_id": stated.run_id or derived[:32],
            "manifest_fingerprint": stated.manifest_fingerprint or derived,
            "parameter_hash": self.digest,
            "created_utc": stated.created_utc,
        }


def read_facts(path: str | Path) -> Facts:
    section = load_yaml(path)["replica"]
    return record(Facts, {**section, "digest": sha256_text(canonical_json(section))})
