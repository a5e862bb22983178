"""What the phase ledger reads, and what it finds of one statement (certification.md §10)."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import pandas as pd

from scripts.certification.certificate import Certificate, FileDigest
from scripts.certification.comparison import Comparison
from scripts.certification.finding import Finding
from scripts.certification.freeze_record import FreezeRecord
from scripts.certification.ledger import Ledger
from scripts.certification.trials import Trials
from scripts.scoring.gates import Limits
from scripts.scoring.seed_metrics import SeedMetrics


@dataclass(frozen=True)
class Evidence:
    """Certificates, seeds' metrics and zone counts by run; the rest is of the run whose phases are judged."""

    run: str
    baselines: list[str]
    certificates: dict[str, Certificate]
    seeds: dict[str, dict[int, SeedMetrics]]
    zone_counts: dict[str, dict[int, pd.DataFrame]]
    support: pd.DataFrame  # country_iso, tzid of zone.tab
    diagnostics: dict[int, dict[str, Any]]
    audit: dict[int, pd.DataFrame]
    comparison: Comparison
    p3: Trials
    freeze: FreezeRecord
    ledger: Ledger
    reason_codes: Collection[str]
    limits: Limits
    files: dict[str, list[FileDigest]]  # as they were read, by the names that statements give them

    @property
    def certificate(self) -> Certificate:
        return self.certificates[self.run]

    @property
    def own(self) -> dict[int, SeedMetrics]:
        """The seeds of the run."""
        return self.seeds[self.run]

    def digests_of(self, run: str) -> dict[str, str]:
        """Digest by path of the seeds' files of a run, as they were read."""
        read = [*self.files["seed_metrics"], *self.files["zone_counts"]]
        return {file.path: file.sha256 for file in read if f"/runs/{run}/" in file.path}


@dataclass(frozen=True)
class Statement:
    """One row of the table: its number, its words, the evidence that it is judged by, and how."""

    id: str
    text: str
    evidence: tuple[str, ...]
    check: Callable[[Evidence], Finding]

    @property
    def phase(self) -> str:
        return self.id.split(".")[0]
