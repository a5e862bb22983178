"""One verdict per run over all required seeds, and the gate that a script can ask (certification.md §6-9).

Reads the metrics of every seed; writes results/runs/{run}/certification.
"""

CERTIFICATION = "results/runs/{run}/certification"
SEED_EVIDENCE = ["country_diagnostics", "zone_counts", "share_matrix", "seed_diagnostics", "governance_audit"]


rule certify_run:
    """Stability, seed verdicts and the one verdict of a run."""
    input:
        seed_metrics=of_seeds("seed_metrics"),
        earth=of_seeds("earth_scorecard"),
        diagnostics=lambda wildcards: [path for name in SEED_EVIDENCE for path in of_seeds(name)(wildcards)],
        comparison=at("comparison"),
        gates="config/certification/gates.yaml",
        triage="config/certification/triage.yaml",
        metrics="config/certification/metrics.yaml",
        code=code("certification/certify_run"),
    output:
        certification=at("certification"),
        gate_table=at("gate_table"),
        freeze_record=at("freeze_record"),
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
        authority=lambda wildcards: CANDIDATES[wildcards.run]["authority"],
        required_seeds=required_seeds,
        retained=lambda wildcards: {run: run_ids(run) for run in retained(wildcards.run)},
    script:
        "../scripts/certification/certify_run.py"


rule compare_runs:
    """Movement, distribution tests and vetoes of a run against its P0 baseline and its parent."""
    input:
        seed_metrics=of_seeds("seed_metrics"),
        country_diagnostics=of_seeds("country_diagnostics"),
        baseline_metrics=of_baselines("seed_metrics"),
        baseline_diagnostics=of_baselines("country_diagnostics"),
        gates="config/certification/gates.yaml",
        code=code("certification/compare_runs"),
    output:
        comparison=at("comparison"),
        comparison_report=at("comparison_report"),
        lineage=f"{CERTIFICATION}/lineage/compare_runs.json",
    log:
        f"{CERTIFICATION}/logs/compare_runs.jsonl",
    benchmark:
        f"{CERTIFICATION}/benchmarks/compare_runs.tsv"
    conda:
        "../envs/environment.yaml"
    params:
        run=lambda wildcards: wildcards.run,
        authorities=lambda wildcards: {
            name: CANDIDATES[name]["authority"] for name in [wildcards.run, *baselines_of(wildcards.run)]
        },
        baseline_names=lambda wildcards: [name for name in baselines_of(wildcards.run) for _ in seeds_of(name)],
    script:
        "../scripts/certification/compare_runs.py"


rule baseline_facts:
    """The published replica against every published fact: match, differs or unknown."""
    input:
        site_timezones=of_first_seed("site_timezones"),
        s1_tz_lookup=of_first_seed("s1_tz_lookup"),
        s1_report=of_first_seed("s1_run_report"),
        s2_report=of_first_seed("s2_run_report"),
        facts="config/authority/facts.yaml",
        code=code("certification/baseline_facts"),
    output:
        out_csv=at("baseline_facts"),
        out_json=at("baseline_facts_json"),
        lineage=f"{CERTIFICATION}/lineage/baseline_facts.json",
    log:
        f"{CERTIFICATION}/logs/baseline_facts.jsonl",
    benchmark:
        f"{CERTIFICATION}/benchmarks/baseline_facts.tsv"
    conda:
        "../envs/environment.yaml"
    script:
        "../scripts/certification/baseline_facts.py"


rule gate:
    """Exit 1 when the candidate is below the grade that config.require names."""
    input:
        certification=at("certification", run=config["candidate"]),
        code=code("certification/gate"),
    log:
        "results/gate.log",
    conda:
        "../envs/environment.yaml"
    params:
        require=config["require"],
    script:
        "../scripts/certification/gate.py"


rule watch_run:
    """Countries that hold the run back, by mechanism, and the correction budget per mechanism."""
    input:
        seed_metrics=of_seeds("seed_metrics"),
        country_diagnostics=of_seeds("country_diagnostics"),
        gates="config/certification/gates.yaml",
        code=code("certification/watch_run"),
    output:
        watchlist=at("watchlist"),
        correction_budget=at("correction_budget"),
        lineage=f"{CERTIFICATION}/lineage/watch_run.json",
    log:
        f"{CERTIFICATION}/logs/watch_run.jsonl",
    benchmark:
        f"{CERTIFICATION}/benchmarks/watch_run.tsv"
    conda:
        "../envs/environment.yaml"
    script:
        "../scripts/certification/watch_run.py"


rule run_ledger:
    """Baselines, current candidate, last-good, what is retained, whether storage is clean."""
    input:
        certifications=lambda wildcards: [at("certification", run=run) for run in retained(wildcards.run)],
        code=code("certification/run_ledger"),
    output:
        ledger=at("run_ledger"),
        lineage=f"{CERTIFICATION}/lineage/run_ledger.json",
    log:
        f"{CERTIFICATION}/logs/run_ledger.jsonl",
    benchmark:
        f"{CERTIFICATION}/benchmarks/run_ledger.tsv"
    conda:
        "../envs/environment.yaml"
    params:
        candidate=lambda wildcards: wildcards.run,
        baselines=config["baselines"],
        compared_with=lambda wildcards: baselines_of(wildcards.run),
        last_good=config["last_good"],
        required_seeds=config["seeds"],
        superseded=lambda wildcards: superseded(Path("results/runs"), retained(wildcards.run)),
        unfinished=lambda wildcards: unfinished(Path("results/runs"), retained(wildcards.run)),
    script:
        "../scripts/certification/run_ledger.py"


rule publish_ledger:
    """The ledger of the current candidate at its one well-known place, results/ledger.json."""
    input:
        run_ledger=at("run_ledger", run=config["candidate"]),
        code=code("certification/publish_ledger"),
    output:
        ledger=at("ledger"),
        lineage="results/lineage/publish_ledger.json",
    log:
        "results/logs/publish_ledger.jsonl",
    benchmark:
        "results/benchmarks/publish_ledger.tsv"
    conda:
        "../envs/environment.yaml"
    script:
        "../scripts/certification/publish_ledger.py"


rule phase_ledger:
    """Every Definition-of-Done statement P0.1-P4.4 from its evidence, in strict progression."""
    input:
        certifications=lambda wildcards: [at("certification", run=run) for run in phase_runs(wildcards.run)],
        seed_metrics=lambda wildcards: of_runs("seed_metrics", phase_runs(wildcards.run)),
        zone_counts=lambda wildcards: of_runs("zone_counts", phase_runs(wildcards.run)),
        own_diagnostics=of_seeds("seed_diagnostics"),
        own_audit=of_seeds("governance_audit"),
        comparison=at("comparison"),
        freeze_record=at("freeze_record"),
        gate_table=at("gate_table"),
        ledger=at("run_ledger"),
        country_zones=shared("country_zones"),
        gates="config/certification/gates.yaml",
        reason_codes="config/contracts/reason_codes.yaml",
        phases="config/certification/phases.yaml",
        code=code("certification/phase_ledger"),
    output:
        phase_ledger=at("phase_ledger"),
        phase_ledger_table=at("phase_ledger_table"),
        lineage=f"{CERTIFICATION}/lineage/phase_ledger.json",
    log:
        f"{CERTIFICATION}/logs/phase_ledger.jsonl",
    benchmark:
        f"{CERTIFICATION}/benchmarks/phase_ledger.tsv"
    conda:
        "../envs/environment.yaml"
    params:
        run=lambda wildcards: wildcards.run,
        baselines=config["baselines"],
        runs=lambda wildcards: [run for run in phase_runs(wildcards.run) for _ in seeds_of(run)],
    script:
        "../scripts/certification/phase_ledger.py"


rule candidates:
    """Certify every candidate of lane P3 and put them side by side with P0."""
    input:
        certifications=[at("certification", run=run) for run in p3_runs()],
        comparisons=[at("comparison", run=run) for run in p3_runs()],
        code=code("certification/candidates"),
    output:
        table=at("candidate_table"),
        lineage="results/lineage/candidates.json",
    log:
        "results/logs/candidates.jsonl",
    benchmark:
        "results/benchmarks/candidates.tsv"
    conda:
        "../envs/environment.yaml"
    script:
        "../scripts/certification/candidates.py"


if "prune" in sys.argv:  # a dry run shows jobs, not what they delete
    doomed = superseded(Path("results/runs"), retained(config["candidate"]))
    print(
        f"prune: data of {', '.join(doomed) or 'no run'}; kept: {', '.join(retained(config['candidate']))} and every report",
        file=sys.stderr,
    )


rule prune:
    """Delete the data of superseded failed candidates; their reports stay. `-n` shows what would go."""
    input:
        code=code("certification/prune"),
    log:
        "results/logs/prune.log",
    conda:
        "../envs/environment.yaml"
    params:
        keep=retained(config["candidate"]),
    script:
        "../scripts/certification/prune.py"
