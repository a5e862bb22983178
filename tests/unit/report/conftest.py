"""Planted runs, each built once for all tests of the page."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.planted_run import plant


@pytest.fixture(scope="session")
def page_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The page of a planted run of a kind."""
    folder = tmp_path_factory.mktemp("planted")
    return cache(lambda kind: plant(folder / kind, kind))
