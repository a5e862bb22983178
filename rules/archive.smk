"""Proof and keeping of a result tree: verify it, pack it (decisions.md §3, §6).

Reads everything that a run left; writes results/archive. `docs/archive.md` says how to restore.
"""


rule verify:
    """Re-read and re-hash the whole tree and follow every link; exit 1 and name the first broken one."""
    log:
        "results/verify.log",
    script:
        "../scripts/verify.py"


rule archive_run:
    """One run as a deterministic archive that verifies itself."""
    input:
        results=project.archived_results,
        project=carried_files(),
    output:
        archive=at("archive"),
        checksum=at("archive_checksum"),
    log:
        "results/archive/logs/{run}.jsonl",
    params:
        runs=project.archived_runs,
        large=config["archive"]["include_large"],
        signing_key=config["archive"]["signing_key"],
    script:
        "../scripts/archive/archive_run.py"


rule archive:
    """Pack the candidate with its baselines."""
    input:
        at("archive", run=config["candidate"]),
