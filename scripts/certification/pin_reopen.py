"""Write the digests of a reopen record's evidence: `python -m scripts.certification.pin_reopen RECORD`."""

import argparse
import re
from pathlib import Path

import yaml

from scripts.lib.contracts import load_yaml
from scripts.lib.errors import UsageError
from scripts.lib.files import sha256_file, write_text
from scripts.lib.version import project_version

FIELD = re.compile(r'(sha256: )("[^"]*"|[^,}]*)')


def pin(record: Path) -> list[str]:
    """Put the digest of each evidence file in place of the one that stands there; returns a line a file.

    Raises `UsageError` for a record without entries `{path: ..., sha256: ...}` of one line each, OSError for a file
    that is missing.
    """
    lines = record.read_text(encoding="utf-8").splitlines(keepends=True)
    found = []
    try:
        for entry in load_yaml(record)["evidence"]:
            digest = sha256_file(entry["path"])
            place = next(number for number, line in enumerate(lines) if f"path: {entry['path']}," in line)
            lines[place], fields = FIELD.subn(rf'\1"{digest}"', lines[place], count=1)
            if not fields:
                raise KeyError("sha256")
            found.append(f"{digest}  {entry['path']}")
    except (yaml.YAMLError, KeyError, TypeError, StopIteration):
        form = "{path: results/..., sha256: ..., says: ...}"
        raise UsageError(f"{record}: its `evidence` is no list of entries {form}, one a line") from None
    write_text(record, "".join(lines))
    return found


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", action="version", version=project_version())
    parser.add_argument("record", type=Path, metavar="RECORD", help="the record, config/reopen/NAME.yaml")
    given = parser.parse_args(arguments)
    try:
        print("\n".join(pin(given.record)))
    except (UsageError, OSError) as problem:
        parser.exit(2, f"{problem}\n")


if __name__ == "__main__":
    main()
