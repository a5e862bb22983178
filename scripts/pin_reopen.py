"""Write the digests of a reopen record's evidence: `python -m scripts.pin_reopen config/reopen/NAME.yaml`."""

import sys
from pathlib import Path

from scripts.lib.contracts import load_yaml
from scripts.lib.files import sha256_file, write_text


def pin(record: Path) -> list[str]:
    """Put the digest of each evidence file in place of the one that stands there; returns a line a file."""
    lines = record.read_text(encoding="utf-8").splitlines(keepends=True)
    found = []
    for entry in load_yaml(record)["evidence"]:
        digest = sha256_file(entry["path"])
        place = next(number for number, line in enumerate(lines) if f"path: {entry['path']}," in line)
        lines[place] = lines[place].replace(entry["sha256"], digest)
        found.append(f"{digest}  {entry['path']}")
    write_text(record, "".join(lines))
    return found


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print("\n".join(pin(Path(sys.argv[1]))))
