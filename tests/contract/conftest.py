"""The lawful house of these tests."""

from tests.lawful_fixtures import *  # noqa: F403
