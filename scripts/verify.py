"""Prove a result tree, a project folder or an unpacked archive: exit 0 when all is ok, else 1 and every broken link.

It needs Python 3.11 and its standard library only, and writes nothing: python3 -I -S scripts/verify.py PATH
"""

import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from types import ModuleType

if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036  # the one file that an older Python may be given
        sys.exit("verify needs Python 3.11 or later; this is {}.{}".format(*sys.version_info))
    # The modules beside this file and no others, whatever the search path holds; and no byte code: it would be a file
    # put into the tree, and one that lies there already may be that of other sources (an archive sets all times to 0).
    sys.dont_write_bytecode, sys.pycache_prefix = True, os.devnull
    sys.modules["scripts"] = scripts = ModuleType("scripts")
    scripts.__path__ = [str(Path(__file__).resolve().parent)]
    from scripts.archive.prove import say
    from scripts.lib.version import project_version

    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument(
        "path", nargs="?", default=".", metavar="PATH", help="the project or the unpacked archive; here"
    )
    parser.add_argument("--public-key", metavar="FILE", help="the archive must be signed by this OpenSSH public key")
    parser.add_argument("--version", action="version", version=project_version())
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    given = parser.parse_args()
    sys.exit(say(given.path, given.public_key))
