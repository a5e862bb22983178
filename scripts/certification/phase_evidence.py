"""What the phases are judged from (certification.md §10)."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from scripts.certification.certificate import Certificate, FileDigest
from scripts.certification.comparison import Comparison
from scripts.certification.freeze_record import FreezeRecord
from scripts.certification.run_ledger import Ledger
from scripts.certification.trials import Trials
from scripts.scoring.cohorts import add_cohorts
from scripts.scoring.country_table import country_table
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

    def recounted(self, run: str, seed: int) -> pd.DataFrame | None:
        """The country table of a seed, worked out again from its zone counts; None where it has no rows."""
        counts = self.zone_counts[run][seed]
        if counts.empty:
            return None
        return add_cohorts(country_table(counts, self.support), self.seeds[run][seed].cohort_definitions)
