"""The ledger of runs: run_ledger writes it, publish_ledger copies it, the phases read it (certification.md §12)."""

from dataclasses import dataclass
from typing import Any

from scripts.certification.certificate import Certificate, FileDigest
from scripts.lib.records import plain_fields


@dataclass(frozen=True)
class Protocol:
    """How runs are made, chosen and kept."""

    required_seeds: list[int]
    order: str = (
        "S0 -> S1 -> S2 -> S3 -> S4 -> S5 -> score, one run root per seed; then certify over all required seeds"
    )
    run_choice: str = "the seed -> run id map of the pinned authority, never the newest run"
    retention: str = (
        "baselines, candidate, what it is compared with and last-good keep their data;"
        " `snakemake prune` deletes superseded failures'"
    )


@dataclass(frozen=True)
class Entry:
    """What the ledger says of one run."""

    status: str
    decision: str
    authority: str
    run_root: str
    run_ids: dict[int, str]
    fingerprints: dict[int, str]
    certification: FileDigest

    @classmethod
    def of(cls, certificate: Certificate, path: str) -> "Entry":
        return cls(
            certificate.status,
            certificate.decision,
            certificate.authority,
            certificate.run_root,
            certificate.selected_seed_run_map,
            certificate.fingerprints,
            FileDigest.of(path),
        )


@dataclass(frozen=True)
class Ledger:
    """Baselines, candidate and last-good by name, run ids of all runs whose data are kept, and what is left over."""

    protocol: Protocol
    baselines: dict[str, Entry]
    candidate: dict[str, Entry]
    last_good: dict[str, Entry] | None
    retained: dict[str, dict[int, str]]
    superseded_with_data: list[str]
    unfinished: list[str]

    def to_json(self) -> dict[str, Any]:
        return plain_fields(self) | {"storage_clean": not self.superseded_with_data}
