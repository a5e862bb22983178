"""One seed of the user's own upstream: its 1B tree, checked against the pins and set where the pipeline reads it."""

import os
import shutil
from pathlib import Path

from scripts.lib.errors import UsageError
from scripts.lib.files import staged, write_json
from scripts.upstream.bundle_1b import check_pins, upstream_files


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
    site_locations: str,
    bundle_index: str,
    bundle_flag: str,
    run_receipt: str,
    replica_manifest: str,
    seed: int,
    manifest_fingerprint: str,
    pins: dict[str, str],
) -> None:
    check_pins(source, seed, manifest_fingerprint, pins)
    root = Path(run_receipt).parent
    for name in upstream_files(source, seed, manifest_fingerprint):
        link(Path(source) / name, root / name)
    if str(Path(replica_manifest).relative_to(root)) not in pins:
        write_json(replica_manifest, {"kind": "import", "seed": seed, "files": pins, "assumptions": []})
    wanted = (site_locations, bundle_index, bundle_flag, run_receipt)
    missing = [str(Path(path).relative_to(root)) for path in wanted if not Path(path).is_file()]
    if missing:
        raise UsageError(
            f"upstream of seed {seed} lacks {', '.join(missing)}: write one site_locations part of that name"
        )


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main, snakemake)
