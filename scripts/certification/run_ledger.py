"""The ledger of runs: baselines, candidate, last-good, what is retained, whether storage is clean.

publish_ledger copies it, the phases read it (certification.md §12).
"""

from dataclasses import dataclass
from typing import Any

from scripts.certification.certificate import Certificate, FileDigest
from scripts.lib.files import read_json, write_json
from scripts.lib.records import plain, plain_fields, record

Entry = dict[str, Any]  # what the ledger says of one run
PROTOCOL = {  # how runs are made, chosen and kept
    "order": "S0 -> S1 -> S2 -> S3 -> S4 -> S5 -> score, one run root per seed; then certify over all required seeds",
    "run_choice": "the seed -> run id map of the pinned authority, never the newest run",
    "retention": "baselines, candidate, what it is compared with and last-good keep their data;"
    " `snakemake prune` deletes superseded failures'",
}


@dataclass(frozen=True)
class Ledger:
    """Baselines, candidate and last-good by name, run ids of all runs whose data are kept, and what is left over."""

    protocol: dict[str, Any]
    baselines: dict[str, Entry]
    candidate: dict[str, Entry]
    last_good: dict[str, Entry] | None
    retained: dict[str, dict[int, str]]
    superseded_with_data: list[str]
    unfinished: list[str]

    def to_json(self) -> dict[str, Any]:
        return plain_fields(self) | {"storage_clean": not self.superseded_with_data}


def main(
    *,
    certifications: list[str],
    ledger: str,
    candidate: str,
    baselines: list[str],
    compared_with: list[str],
    last_good: str | None,
    required_seeds: list[int],
    superseded: list[str],
    unfinished: list[str],
) -> None:
    certificates = {found.run: found for found in (record(Certificate, read_json(path)) for path in certifications)}
    entries: dict[str, Entry] = {
        run: {
            "status": found.status,
            "decision": found.decision,
            "authority": found.authority,
            "run_root": found.run_root,
            "run_ids": found.selected_seed_run_map,
            "fingerprints": found.fingerprints,
            "certification": FileDigest.of(path),
        }
        for (run, found), path in zip(certificates.items(), certifications, strict=True)
    }
    good = next((name for name in (candidate, last_good) if name and certificates[name].passes), None)
    kept = dict.fromkeys(name for name in (*baselines, *compared_with, candidate, last_good) if name)
    made = Ledger(
        protocol=PROTOCOL | {"required_seeds": required_seeds},
        baselines={name: entries[name] for name in baselines},
        candidate={candidate: entries[candidate]},
        last_good={good: entries[good]} if good else None,
        retained={name: entries[name]["run_ids"] for name in kept},
        superseded_with_data=superseded,
        unfinished=unfinished,
    )
    write_json(ledger, plain(made))


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
