"""One seed of the user's own upstream: its 1B tree, checked against the pins and set where the pipeline reads it."""

import os
import shutil
from pathlib import Path

from scripts.lib.errors import UsageError
from scripts.lib.files import staged, write_json
from scripts.lib.pins import read_pins
from scripts.upstream.bundle_1b import check_pins


def link(source: Path, target: Path) -> None:
    """Publish `source` at `target`: a hard link where the file system allows it, else a copy."""
    with staged(target) as stage:
        try:
            os.link(source, stage)
        except OSError:
            shutil.copyfile(source, stage)


def main(
    *,
    source: str,
    pins: str,
    site_locations: str,
    bundle_index: str,
    bundle_flag: str,
    run_receipt: str,
    replica_manifest: str,
) -> list[str]:
    pinned = read_pins(pins)
    check_pins(source, pinned)
    root = Path(run_receipt).parent
    for name in pinned.files:
        link(Path(source) / name, root / name)
    if str(Path(replica_manifest).relative_to(root)) not in pinned.files:
        manifest = {"kind": "import", "seed": pinned.seed, "files": pinned.files, "assumptions": []}
        write_json(replica_manifest, manifest)
    declared = (site_locations, bundle_index, bundle_flag, run_receipt, replica_manifest)
    missing = [str(Path(path).relative_to(root)) for path in declared if not Path(path).is_file()]
    if missing:
        raise UsageError(
            f"upstream of seed {pinned.seed} lacks {', '.join(missing)}: write one site_locations part of that name"
        )
    return sorted({str(root / name) for name in pinned.files} - set(declared))


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
