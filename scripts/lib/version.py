"""The version of this project, which pyproject.toml alone states. Standard library only."""

import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


def project_version() -> str:
    """Version of the project that this module lies in."""
    return str(tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["version"])
