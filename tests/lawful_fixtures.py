"""Fixtures over `tests.lawful`: a lawful house before S0, and one with all six states passed; a copy for each test."""

import pytest

from tests.lawful import House
from tests.lawful_world import reference


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
