"""What several test modules share: the index of the real world, built once a session."""

import numpy as np
import pytest

from scripts.reference.build_tz_world import read_packaged
from tests.unit.zone_index.brute_zones import make

collect_ignore = ["benchmarks"]  # no tests: `make bench`


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """Index of the unsimplified polygons of the installed data package, and brute force over the same polygons."""
    tzids, geoms = read_packaged()
    return make(tmp_path_factory.mktemp("zones") / "lookup_index.bin", np.array(tzids), geoms)
