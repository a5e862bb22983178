"""The user's own release of zone polygons or tzdb: a file that is there and has the bytes that config.yaml pins."""

from pathlib import Path

from scripts.lib.errors import Abort
from scripts.lib.files import sha256_file

CONFIG = "config/config.yaml"
PACKAGE = "package"  # as `source`: the data package of the locked environment


def check_pinned(kind: str, source: str, sha256: str) -> None:
    """Raises 2A-S0-010 where no file is, 2A-S0-015 for bytes of another digest; `kind` is `tz_world` or `tzdb`."""
    key = f"reference.{kind}"
    if not Path(source).is_file():
        action = f"Put the file there, or correct {key}.source in {CONFIG}; `{PACKAGE}` takes the packaged data."
        raise Abort("2A-S0-010", f"no {kind} release at this path", action=action, path=source)
    found = sha256_file(source)
    if found != sha256:
        message = f"{kind} release has SHA-256 {found}, {key}.sha256 is {sha256 or 'empty'}"
        action = f"Fetch the release again, or correct {key}.sha256 in {CONFIG} if the file is the one you mean."
        raise Abort("2A-S0-015", message, action=action, path=source)
