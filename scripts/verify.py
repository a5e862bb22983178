"""Prove a result tree, a project folder or an unpacked archive: exit 0 when all is ok, else 1 and every broken link.

`python3 -I -S scripts/verify.py PATH` needs the standard library only; the proof itself is scripts/archive/prove.py.
"""

import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from types import ModuleType

if __name__ == "__main__":
    # The modules beside this file and no others, whatever the search path holds; and no byte code: it would be a file
    # put into the tree, and one that lies there already may be that of other sources (an archive sets all times to 0).
    sys.dont_write_bytecode, sys.pycache_prefix = True, os.devnull
    sys.modules["scripts"] = scripts = ModuleType("scripts")
    scripts.__path__ = [str(Path(__file__).resolve().parent)]
    from scripts.archive.prove import say

    parser = ArgumentParser(description=__doc__)
    parser.add_argument("path", nargs="?", default=".", metavar="PATH", help="the project or the unpacked archive")
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(say(parser.parse_args().path))
