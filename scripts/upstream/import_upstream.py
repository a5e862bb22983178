"""One seed of the user's own upstream: its 1B tree, checked against the pins and set where the pipeline reads it."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from scripts.lib.contracts import load_yaml
from scripts.lib.files import staged, write_json
from scripts.lib.pins import read_pins
from scripts.upstream.authority import check_pins


def link(source: Path, target: Path) -> None:
    """Publish `source` at `target`: a hard link where the file system allows it, else a copy."""
    with staged(target) as stage:
        try:
            os.link(source, stage)
        except OSError:
            shutil.copyfile(source, stage)


def main(
    *,
    authority_file: str,
    pins: str,
    site_locations: list[str],
    bundle_index: str,
    bundle_flag: str,
    run_receipt: str,
    replica_manifest: str,
    merchant_mcc_map: Sequence[str] = (),
    own_rows: Sequence[str] = (),
) -> list[str]:
    pinned = read_pins(pins)
    source, root = Path(load_yaml(authority_file)["roots"][pinned.seed]), Path(run_receipt).parent
    check_pins(source, pinned)
    for name in pinned.files:
        if root / name != Path(run_receipt):
            link(source / name, root / name)
    write_json(run_receipt, pinned.receipt)  # the five fields alone: an engine's receipt names paths of its machine
    if Path(replica_manifest).relative_to(root).as_posix() not in pinned.files:
        manifest = {"kind": "import", "seed": pinned.seed, "files": pinned.files, "assumptions": []}
        write_json(replica_manifest, manifest)
    declared = {*site_locations, *merchant_mcc_map, *own_rows, bundle_index, bundle_flag, run_receipt, replica_manifest}
    return sorted({str(root / name) for name in pinned.files} - declared)


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
