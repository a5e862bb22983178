"""Exit 1 when the certificate of the candidate is below the grade that the config requires, or does not stand.

The certificate is believed only on the tree as it lies, judged again from its seeds, and while its approvals last.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from scripts.certification.certificate import Certificate
from scripts.certification.verdict import reaches
from scripts.lib.files import read_json, sha256_file
from scripts.lib.job import current_job
from scripts.lib.records import record
from scripts.lib.standing import NEXT, faults, record_of
from scripts.scoring.gates import Verdict
from scripts.scoring.seed_metrics import read_seeds

UNSOUND = (OSError, ValueError, LookupError, TypeError, AttributeError)  # what a file of another form raises


def answer(path: str, require: Verdict, today: str) -> tuple[bool, str]:
    """Whether the certificate at `path` is good enough on the day `today`, and the two or three lines that say so."""
    broken = faults(record_of(path, "certify_run"))
    try:
        certificate = record(Certificate, read_json(path))
        broken += [] if broken else forged(certificate)
    except UNSOUND as problem:
        broken.append(f"{path} is no certificate: {type(problem).__name__} {problem}")
    if broken:
        more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
        found = f"  {broken[0]}{more}\n  next:  {NEXT}"
        return False, f"gate: no answer: the certificate does not stand on this tree\n{found}"
    lines = f"gate: {certificate.run} is {certificate.status}; config.require asks for {require}\n  read: {path}"
    if lapsed := [entry.lapsed(today) for entry in certificate.approvals if entry.lapsed(today)]:
        return False, f"{lines}\n  but: {'; '.join(lapsed)}"
    return reaches(certificate.status, require), lines


def forged(certificate: Certificate) -> list[str]:
    """How the certificate differs from its evidence: files by their digests, the judgement by judging again."""
    found = [
        f"{file.path} is not what was certified"
        for file in certificate.evidence
        if not Path(file.path).is_file() or sha256_file(file.path) != file.sha256
    ]
    seeds = read_seeds(file.path for file in certificate.evidence if file.path.endswith("_seed_metrics.json"))
    return found + (
        [] if certificate.follows_from(seeds) else ["its seeds' metrics give another verdict than it states"]
    )


if __name__ == "__main__":
    job = current_job()
    good, lines = answer(job.input.certification, job.params.require, datetime.now(UTC).date().isoformat())
    print(lines, file=sys.stderr)
    sys.exit(not good)
