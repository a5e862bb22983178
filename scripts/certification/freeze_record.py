"""The freeze record: what stands when a run is locked, or frozen as best effort with blockers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.certification.blockers import Blocker, blocker_matrix
from scripts.certification.certificate import Certificate, FileDigest, UpstreamOfRecord
from scripts.certification.triage import Action, Triage


@dataclass(frozen=True)
class FreezeRecord:
    """What is frozen and why. After a pass it locks the run and has no blockers."""

    run: str
    verdict: str
    decision: str
    authority: str
    upstream_of_record: list[UpstreamOfRecord]
    run_root: str
    run_ids: dict[int, str]
    fingerprints: dict[int, str]
    retained: dict[str, dict[str, str]]  # run ids by run and seed (as text)
    blockers: list[Blocker]
    other_failed_checks: dict[int, list[str]]  # by seed: those that are no gate
    reopen_contract: dict[str, Any]
    next_actions: list[Action]
    reports: list[FileDigest]


def freeze(
    certificate: Certificate, triage: Triage, retained: dict[str, dict[str, str]], budget: Mapping[str, Any]
) -> FreezeRecord:
    """The freeze record of a certified run (certification.md §14); `budget` is its correction budget."""
    bought = {seed: entry.get("concentration", {}).get("rows_to_buy", {}) for seed, entry in budget.items()}
    gates = certificate.thresholds.gates
    return FreezeRecord(
        run=certificate.run,
        verdict=certificate.status,
        decision=certificate.decision,
        authority=certificate.authority,
        upstream_of_record=certificate.upstream_of_record,
        run_root=certificate.run_root,
        run_ids=certificate.selected_seed_run_map,
        fingerprints=certificate.fingerprints,
        retained=retained,
        blockers=blocker_matrix(certificate.gates, triage, bought),
        other_failed_checks={
            seed: [name for name in failed["B"] if name not in gates]
            for seed, failed in certificate.seed_failing_gates.items()
        },
        reopen_contract=triage.reopen_contract,
        next_actions=certificate.triage,
        reports=certificate.evidence,
    )
