"""The version of this project, which pyproject.toml alone states. Standard library only."""

import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


def project_version() -> str:
    """Version of the project that this module lies in."""
    return _project()["version"]


def supported_python() -> str:
    """The Python versions under which results are the same bytes, as pyproject.toml says it: `>=3.11,<3.14`."""
    return _project()["requires-python"]


def _project() -> dict[str, str]:
    found: dict[str, str] = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    return found
