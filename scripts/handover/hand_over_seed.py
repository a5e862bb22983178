"""One run root of a seed for segment 2B: receipt, 1B parts and bundle, merchant map, our 2A tree; only after a PASS.

Hard links where the file system allows them, so that it costs no room; else copies.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.lib.contracts import catalog_path
from scripts.lib.files import discard, sha256_file, staged, tree_files, write_json
from scripts.lib.logs import event, say
from scripts.lib.pins import SeedPins, read_pins
from scripts.lib.records import plain
from scripts.states.egress import refusal
from scripts.upstream.import_upstream import link

OURS = "data/layer1/2A"
NOT_OF_1B = ("replica_manifest", "own_rows")  # what this project laid beside the upstream


@dataclass(frozen=True)
class Handover:
    """What was handed over of a seed: `files` leads from paths below `root` to hex SHA-256; `refused` says why not."""

    run: str
    seed: int
    manifest_fingerprint: str
    root: str
    files: dict[str, str]
    refused: str = ""


def main(
    *,
    pins: str,
    run_receipt: str,
    upstream: list[str],
    contract_tree: list[str],
    s5_report: str,
    handover: str,
    run: str,
    seed: int,
) -> list[str]:
    pinned, root = read_pins(pins), Path(handover).with_suffix("")
    place = catalog_path("s5_run_report", manifest_fingerprint=pinned.manifest_fingerprint)
    run_root = Path(s5_report.removesuffix(f"/{place}"))
    if refused := refusal(run_root, pinned.manifest_fingerprint, seed):
        discard(root)
        say(f"handover: seed {seed} of {run} is refused: {refused}")
    files = {} if refused else hand_over(root, members(Path(run_receipt).parent, run_root, pinned))
    found = Handover(run, seed, pinned.manifest_fingerprint, root.as_posix(), files, refused)
    write_json(handover, plain(found))
    event("EMIT", files=len(files), result="refused" if refused else "pass")
    return [str(root / name) for name in files]


def members(upstream: Path, run_root: Path, pinned: SeedPins) -> dict[str, Path]:
    """Path in the run root -> the file: every pinned file of 1B, and of our tree what has the seed's fingerprint."""
    token = f"/manifest_fingerprint={pinned.manifest_fingerprint}/"
    left = {catalog_path(name) for name in NOT_OF_1B}
    ours = [f"{OURS}/{name}" for name in tree_files(run_root / OURS)]
    found = {name: upstream / name for name in pinned.files if name not in left}
    return found | {name: run_root / name for name in ours if token in name}


def hand_over(root: Path, files: Mapping[str, Path]) -> dict[str, str]:
    """Publish `files` below `root` in one move, in the place of what lay there; path -> hex SHA-256."""
    with staged(root) as stage:
        for name, source in files.items():
            link(source, stage / name)
        digests = {name: sha256_file(stage / name) for name in sorted(files)}
        discard(root)
    return digests


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
