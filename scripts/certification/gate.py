"""Exit 1 when the certificate of the candidate is below the grade that the config requires."""

import sys

from scripts.certification.certificate import Certificate
from scripts.certification.verdict import reaches
from scripts.lib.files import read_json
from scripts.lib.job import current_job
from scripts.lib.records import record
from scripts.scoring.checks import Verdict


def answer(certificate: Certificate, require: Verdict, path: str) -> tuple[bool, str]:
    """Whether the candidate is good enough, and the two lines that say so."""
    lines = f"gate: {certificate.run} is {certificate.status}; config.require asks for {require}\n  read: {path}"
    return reaches(certificate.status, require), lines


if __name__ == "__main__":
    job = current_job()
    path = job.input.certification
    good, lines = answer(record(Certificate, read_json(path)), job.params.require, path)
    print(lines, file=sys.stderr)
    sys.exit(not good)
