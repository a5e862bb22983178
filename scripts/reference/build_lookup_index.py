"""The zone index over `tz_world`, built once for each release and mapped into memory by S1."""

from scripts.lib.files import sha256_file, staged
from scripts.reference.tz_world import read_tz_world, tz_world_info
from scripts.zone_index.build import BLOCKS_PER_DEGREE, SPLIT, build_index
from scripts.zone_index.file import write_index


def main(*, tz_world: str, lookup_index: str) -> None:
    info = tz_world_info(tz_world)
    header = {
        "blocks_per_degree": BLOCKS_PER_DEGREE,
        "split": SPLIT,
        "release": info.release,
        "tzids": info.tzids,
        "tz_world_sha256": sha256_file(tz_world),
    }
    arrays = build_index(*read_tz_world(tz_world))
    with staged(lookup_index) as stage:
        write_index(stage, arrays, header)


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
