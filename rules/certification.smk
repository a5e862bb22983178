"""One verdict per run over all required seeds, and the gate that a script can ask (certification.md §6-9).

Reads the metrics of every seed; writes results/runs/{run}/certification.
"""

CERTIFICATION = "results/runs/{run}/certification"


rule certify_run:
    """Stability, seed verdicts and the one verdict of a run."""
    input:
        seed_metrics=of_seeds("seed_metrics"),
        gates="config/certification/gates.yaml",
        code=code("certify_run"),
    output:
        certification=at("certification"),
        verdict=at("verdict"),
        lineage=f"{CERTIFICATION}/lineage/certify_run.json",
    log:
        f"{CERTIFICATION}/logs/certify_run.jsonl",
    benchmark:
        f"{CERTIFICATION}/benchmarks/certify_run.tsv"
    conda:
        "../envs/environment.yaml"
    params:
        run=lambda wildcards: wildcards.run,
        required_seeds=required_seeds,
    script:
        "../scripts/certify_run.py"


rule compare_baseline:
    """The published replica against every published fact: match, differs or unknown."""
    input:
        site_timezones=of_first_seed("site_timezones"),
        s1_tz_lookup=of_first_seed("s1_tz_lookup"),
        s1_report=of_first_seed("s1_run_report"),
        s2_report=of_first_seed("s2_run_report"),
        facts="config/authority/facts.yaml",
        code=code("compare_baseline"),
    output:
        out_csv=at("baseline_facts"),
        out_json=at("baseline_facts_json"),
        lineage=f"{CERTIFICATION}/lineage/compare_baseline.json",
    log:
        f"{CERTIFICATION}/logs/compare_baseline.jsonl",
    benchmark:
        f"{CERTIFICATION}/benchmarks/compare_baseline.tsv"
    conda:
        "../envs/environment.yaml"
    script:
        "../scripts/compare_baseline.py"


rule gate:
    """Exit 1 when the candidate is below the grade that config.require names."""
    input:
        certification=at("certification", run=config["candidate"]),
        code=code("gate"),
    log:
        "results/gate.log",
    conda:
        "../envs/environment.yaml"
    params:
        require=config["require"],
    script:
        "../scripts/gate.py"
