"""Exit 1 when the certificate of the candidate is below the grade that the config requires."""

import sys

from scripts.lib.files import read_json
from scripts.scoring.gates import VERDICTS


def passes(status: str, require: str) -> bool:
    """Whether a verdict reaches the required grade."""
    return VERDICTS.index(status) >= VERDICTS.index(require)


if __name__ == "__main__":
    certificate = read_json(snakemake.input.certification)
    require = snakemake.params.require
    print(f"gate: {certificate['run']} is {certificate['status']}; config.require asks for {require}", file=sys.stderr)
    print(f"  read: {snakemake.input.certification}", file=sys.stderr)
    sys.exit(not passes(certificate["status"], require))
