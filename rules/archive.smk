"""Proof and keeping of a result tree: verify it, pack it (decisions.md §3, §6).

Reads everything that a run left; writes results/archive. `docs/archive.md` says how to restore.
"""


rule verify:
    """Re-read and re-hash the whole tree and follow every link; exit 1 and name the first broken one."""
    log:
        "results/verify.log",
    conda:
        "../envs/environment.yaml"
    script:
        "../scripts/verify.py"


rule archive_run:
    """One run as a deterministic archive that verifies itself."""
    input:
        results=archived_results,
        project=project_files(),
        code=code("archive/archive_run"),
    output:
        archive=at("archive"),
        checksum=at("archive_checksum"),
        lineage="results/archive/lineage/{run}.json",
    log:
        "results/archive/logs/{run}.jsonl",
    benchmark:
        "results/archive/benchmarks/{run}.tsv"
    conda:
        "../envs/environment.yaml"
    params:
        run=lambda wildcards: wildcards.run,
        runs=archived_runs,
        large=config["archive"]["include_large"],
    script:
        "../scripts/archive/archive_run.py"


rule archive:
    """Pack the candidate with its baselines."""
    input:
        at("archive", run=config["candidate"]),
