"""The ledger of runs: baselines, current candidate, last-good, what is retained, whether storage is clean."""

from typing import Any

from scripts.lib.files import read_json, sha256_file, write_json

PROTOCOL = {
    "order": "S0 -> S1 -> S2 -> S3 -> S4 -> S5 -> score, one run root per seed; then certify over all required seeds",
    "run_choice": "the seed -> run id map of the pinned authority, never the newest run",
    "retention": "baselines, candidate, what it is compared with and last-good keep their data;"
    " `snakemake prune` deletes superseded failures'",
}


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
    found = {entry["run"]: entry | {"path": path} for path, entry in ((p, read_json(p)) for p in certifications)}
    good = candidate if passes(found[candidate]) else last_good
    if good and not passes(found[good]):
        good = None
    retained = list(dict.fromkeys([*baselines, *compared_with, candidate, *([last_good] if last_good else [])]))
    write_json(
        ledger,
        {
            "protocol": PROTOCOL | {"required_seeds": required_seeds},
            "baselines": {name: entry_of(found[name]) for name in baselines},
            "candidate": {candidate: entry_of(found[candidate])},
            "last_good": {good: entry_of(found[good])} if good else None,
            "retained": {name: found[name]["selected_seed_run_map"] for name in retained},
            "superseded_with_data": superseded,
            "unfinished": unfinished,
            "storage_clean": not superseded,
        },
    )


def passes(certificate: dict[str, Any]) -> bool:
    """Whether a certificate is a pass of either grade."""
    return certificate["status"] != "FAIL_REALISM"


def entry_of(certificate: dict[str, Any]) -> dict[str, Any]:
    """What the ledger says of one run."""
    return {
        "status": certificate["status"],
        "decision": certificate["decision"],
        "authority": certificate["authority"],
        "run_root": f"results/runs/{certificate['run']}",
        "run_ids": certificate["selected_seed_run_map"],
        "fingerprints": certificate["fingerprints"],
        "certification": {"path": certificate["path"], "sha256": sha256_file(certificate["path"])},
    }


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main, snakemake)
