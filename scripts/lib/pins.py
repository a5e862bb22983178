"""What is pinned of one upstream seed: the identity of its run and every file that 2A reads. Standard library only.

config/authority/pins/NAME/SEED.json, written by `scripts.upstream.pin_authority`, is a rule's input like any other.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.lib.files import read_json
from scripts.lib.records import plain, record

PINS = Path("config/authority/pins")


@dataclass(frozen=True)
class SeedPins:
    """One seed of an authority; `files` leads from paths below the seed's root to hex SHA-256."""

    seed: int
    run_id: str
    manifest_fingerprint: str
    parameter_hash: str
    created_utc: str
    files: dict[str, str]

    @property
    def receipt(self) -> dict[str, Any]:
        """The identity alone, as the upstream's run receipt states it."""
        return {name: value for name, value in plain(self).items() if name != "files"}

    def below(self, start: str) -> list[str]:
        """Pinned paths that begin so, as with a folder, in byte order: the order of the parts of a dataset."""
        return sorted((name for name in self.files if name.startswith(start)), key=str.encode)


def pins_path(authority: str, seed: int | str) -> str:
    return f"{PINS.as_posix()}/{authority}/{seed}.json"


def read_pins(path: str | Path) -> SeedPins:
    """The pins at `path`; raises OSError, ValueError or KeyError when there are none."""
    return record(SeedPins, read_json(path))
