"""What the phase ledger has read, for the checks of `phases.py` (certification.md §10)."""

from dataclasses import dataclass
from typing import Any

import pandas as pd


@dataclass
class Evidence:
    """What was read: certificates and seeds' metrics by run, and the single files of the candidate."""

    run: str
    baselines: list[str]
    certificates: dict[str, dict[str, Any]]
    seeds: dict[str, dict[int, dict[str, Any]]]
    counts: dict[str, dict[int, pd.DataFrame]]
    support: pd.DataFrame
    diagnostics: dict[int, dict[str, Any]]
    audit: dict[int, pd.DataFrame]
    comparison: dict[str, Any]
    freeze: dict[str, Any]
    ledger: dict[str, Any]
    reason_codes: dict[str, Any]
    gates: dict[str, Any]
    digests: dict[str, str]  # of the files of the seeds that were read, by path

    @property
    def certificate(self) -> dict[str, Any]:
        return self.certificates[self.run]

    @property
    def p0(self) -> str | None:
        """The baseline that the candidate is compared with."""
        return self.comparison["p0"]


def each(problems: list[str], good: str) -> tuple[bool, str]:
    """(holds, why): the good sentence, or the first problems."""
    return not problems, good if not problems else "; ".join(problems[:3]) + (" ..." if len(problems) > 3 else "")
