"""The freeze record: what stands when a run is locked, or frozen as best effort with blockers."""

from dataclasses import dataclass
from typing import Any

from scripts.certification.blockers import Blocker, blocker_matrix
from scripts.certification.certificate import Certificate, FileDigest
from scripts.certification.triage import Action, Triage


@dataclass(frozen=True)
class FreezeRecord:
    """What is frozen and why. After a pass it locks the run and has no blockers."""

    run: str
    verdict: str
    decision: str
    authority: str
    run_root: str
    run_ids: dict[int, str]
    fingerprints: dict[int, str]
    retained: dict[str, dict[str, str]]  # run ids by run and seed (as text)
    blockers: list[Blocker]
    other_failed_checks: dict[int, list[str]]  # by seed: those that are no gate
    reopen_contract: dict[str, Any]
    next_actions: list[Action]
    reports: list[FileDigest]


def freeze(certificate: Certificate, triage: Triage, retained: dict[str, dict[str, str]]) -> FreezeRecord:
    """The freeze record of a certified run (certification.md §14)."""
    gates = certificate.thresholds.gates
    return FreezeRecord(
        run=certificate.run,
        verdict=certificate.status,
        decision=certificate.decision,
        authority=certificate.authority,
        run_root=certificate.run_root,
        run_ids=certificate.selected_seed_run_map,
        fingerprints=certificate.fingerprints,
        retained=retained,
        blockers=blocker_matrix(certificate.gates, triage),
        other_failed_checks={
            seed: [name for name in failed["B"] if name not in gates]
            for seed, failed in certificate.seed_failing_gates.items()
        },
        reopen_contract=triage.reopen_contract,
        next_actions=certificate.triage,
        reports=certificate.evidence,
    )
