"""What several test modules share: the index of the real world, the lawful house before and after its states, pages."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from scripts.reference.build_tz_world import read_packaged
from tests.lawful import House
from tests.lawful_world import reference
from tests.planted_run import plant
from tests.unit.zone_index.brute_zones import make

collect_ignore = ["benchmarks"]  # no tests: `make bench`


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """Index of the unsimplified polygons of the installed data package, and brute force over the same polygons."""
    tzids, geoms = read_packaged()
    return make(tmp_path_factory.mktemp("zones") / "lookup_index.bin", np.array(tzids), geoms)


@pytest.fixture(scope="session")
def shared_reference(tmp_path_factory):
    return reference(tmp_path_factory.mktemp("reference"))


@pytest.fixture(scope="session")
def planted_once(tmp_path_factory, shared_reference):
    return House(tmp_path_factory.mktemp("planted") / "run", shared_reference)


@pytest.fixture(scope="session")
def passed_once(tmp_path_factory, shared_reference):
    return House(tmp_path_factory.mktemp("passed") / "run", shared_reference).through("S5")


@pytest.fixture
def planted(tmp_path, planted_once):
    """Upstream, reference and policies, nothing run yet."""
    return planted_once.copy(tmp_path / "run")


@pytest.fixture
def passed(tmp_path, passed_once):
    """All six states have passed."""
    return passed_once.copy(tmp_path / "run")


@pytest.fixture(scope="session")
def page_of(tmp_path_factory) -> Callable[[str], Path]:
    """The page of a planted run of a kind, built once for all tests of pages."""
    folder = tmp_path_factory.mktemp("pages")
    return cache(lambda kind: plant(folder / kind, kind))
