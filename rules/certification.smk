"""One verdict per run over all required seeds, and the gate that a script can ask (certification.md §6-9).

Reads the metrics of every seed; writes results/runs/{run}/certification.
"""

SEED_EVIDENCE = ["country_diagnostics", "share_matrix", "seed_diagnostics", "governance_audit"]


rule check_progression:
    """Let a run of a later lane start when the statements before it hold, or a record names those that are open."""
    input:
        phase_ledger=lambda wildcards: at("phase_ledger", run=project.ancestors(wildcards.run)[0]),
        baseline_metrics=project.of_p0("seed_metrics"),
        p3_comparisons=lambda wildcards: project.p3_comparisons(wildcards) if project.opens_late(wildcards.run) else [],
        approval=project.phase_approval,
        approvers=APPROVERS,
    output:
        progression=at("progression"),
    log:
        f"{CERTIFICATION_LOGS}/check_progression.jsonl",
    params:
        lane=lambda wildcards: project.candidates[wildcards.run].lane,
        p0=lambda wildcards: project.ancestors(wildcards.run)[0],
        p3_runs=lambda wildcards: project.trials_beside(wildcards.run),
        latest=lambda wildcards: project.first_day(wildcards.run),
    script:
        "../scripts/certification/check_progression.py"


rule certify_run:
    """Stability, seed verdicts and the one verdict of a run."""
    input:
        seed_metrics=of_seeds("seed_metrics"),
        earth=of_seeds("earth_scorecard"),
        zone_counts=of_seeds("zone_counts"),
        diagnostics=of_seeds(*SEED_EVIDENCE),
        comparison=at("comparison"),
        plan="config/certification/plan.yaml",
        gates="config/certification/gates.yaml",
        cohorts="config/certification/cohorts.yaml",
        triage="config/certification/triage.yaml",
        metrics="config/certification/metrics.yaml",
        facts="config/authority/facts.yaml",
        correction_budget=at("correction_budget"),
        governance=at("governance"),
        reopen_record=project.reopen_record,
        progression=project.progression,
    output:
        certification=at("certification"),
        gate_table=report(
            at("gate_table"),
            caption="../docs/captions/gates.txt",
            category="Verdict",
            labels={"run": "{run}", "what": "gates"},
        ),
        freeze_record=at("freeze_record"),
        verdict=at("verdict"),
    log:
        f"{CERTIFICATION_LOGS}/certify_run.jsonl",
    params:
        authority=project.authority_name,
        required_seeds=project.required_seeds,
        not_certifiable=project.not_certifiable,
        retained=lambda wildcards: {run: project.run_ids(run) for run in project.retained(wildcards.run)},
    script:
        "../scripts/certification/certify_run.py"


rule compare_runs:
    """Movement, distribution tests and vetoes of a run against its P0 baseline and its parent."""
    input:
        seed_metrics=of_seeds("seed_metrics"),
        country_diagnostics=of_seeds("country_diagnostics"),
        baseline_metrics=project.of_baselines("seed_metrics"),
        baseline_diagnostics=project.of_baselines("country_diagnostics"),
        gates="config/certification/gates.yaml",
    output:
        comparison=at("comparison"),
        comparison_report=at("comparison_report"),
    log:
        f"{CERTIFICATION_LOGS}/compare_runs.jsonl",
    params:
        authorities=lambda wildcards: {
            name: project.candidates[name].authority for name in [wildcards.run, *project.baselines_of(wildcards.run)]
        },
        baseline_names=lambda wildcards: project.a_name_a_seed(project.baselines_of(wildcards.run)),
    script:
        "../scripts/certification/compare_runs.py"


rule baseline_facts:
    """The published replica against every published fact: match, differs or unknown."""
    input:
        site_timezones=project.of_first_seed("site_timezones"),
        s1_tz_lookup=project.of_first_seed("s1_tz_lookup"),
        s1_report=project.of_first_seed("s1_run_report"),
        s2_report=project.of_first_seed("s2_run_report"),
        facts="config/authority/facts.yaml",
    output:
        out_csv=at("baseline_facts"),
        out_json=at("baseline_facts_json"),
    log:
        f"{CERTIFICATION_LOGS}/baseline_facts.jsonl",
    script:
        "../scripts/certification/baseline_facts.py"


rule gate:
    """Exit 1 when the candidate is below the grade that config.require names."""
    input:
        certification=at("certification", run=config["candidate"]),
        foundations=project.foundations([config["candidate"]]),
    log:
        "results/gate.log",
    params:
        require=config["require"],
    script:
        "../scripts/certification/gate.py"


rule watch_run:
    """Countries that hold the run back, by mechanism, and the correction budget per mechanism."""
    input:
        seed_metrics=of_seeds("seed_metrics"),
        country_diagnostics=of_seeds("country_diagnostics"),
        zone_counts=of_seeds("zone_counts"),
        gates="config/certification/gates.yaml",
    output:
        watchlist=report(
            at("watchlist"),
            caption="../docs/captions/watchlist.txt",
            category="Countries",
            labels={"run": "{run}", "what": "watchlist"},
        ),
        correction_budget=at("correction_budget"),
    log:
        f"{CERTIFICATION_LOGS}/watch_run.jsonl",
    script:
        "../scripts/certification/watch_run.py"


rule run_ledger:
    """Baselines, current candidate, last-good, what is retained, whether storage is clean."""
    input:
        certifications=lambda wildcards: [at("certification", run=run) for run in project.retained(wildcards.run)],
    output:
        ledger=at("run_ledger"),
    log:
        f"{CERTIFICATION_LOGS}/run_ledger.jsonl",
    params:
        candidate=lambda wildcards: wildcards.run,
        baselines=config["baselines"],
        compared_with=lambda wildcards: project.baselines_of(wildcards.run),
        last_good=lambda wildcards: project.last_good(wildcards.run),
        required_seeds=config["seeds"],
        superseded=left_over(superseded),
        unfinished=left_over(unfinished),
    script:
        "../scripts/certification/run_ledger.py"


rule publish_ledger:
    """The ledger of the current candidate at its one well-known place, results/ledger.json."""
    input:
        run_ledger=at("run_ledger", run=config["candidate"]),
    output:
        ledger=at("ledger"),
    log:
        "results/logs/publish_ledger.jsonl",
    script:
        "../scripts/certification/publish_ledger.py"


rule phase_ledger:
    """Every Definition-of-Done statement P0.1-P4.4 from its evidence, in strict progression."""
    input:
        certifications=lambda wildcards: [at("certification", run=run) for run in project.phase_runs(wildcards.run)],
        seed_metrics=project.of_phase_runs("seed_metrics"),
        zone_counts=project.of_phase_runs("zone_counts"),
        own_diagnostics=of_seeds("seed_diagnostics"),
        own_audit=of_seeds("governance_audit"),
        comparison=at("comparison"),
        freeze_record=at("freeze_record"),
        gate_table=at("gate_table"),
        ledger=at("run_ledger"),
        country_zones=shared("country_zones"),
        gates="config/certification/gates.yaml",
        p3_comparisons=project.p3_comparisons,
    output:
        phase_ledger=at("phase_ledger"),
        phase_ledger_table=at("phase_ledger_table"),
    log:
        f"{CERTIFICATION_LOGS}/phase_ledger.jsonl",
    params:
        baselines=config["baselines"],
        runs=lambda wildcards: project.a_name_a_seed(project.phase_runs(wildcards.run)),
        p3_runs=lambda wildcards: project.trials_beside(wildcards.run),
        p3_lying=lambda wildcards: lying(project.other_trials(wildcards.run), "comparison"),
    script:
        "../scripts/certification/phase_ledger.py"


rule candidates:
    """Certify every candidate of lane P3 and put them side by side with P0."""
    input:
        certifications=[at("certification", run=run) for run in project.p3_runs()],
        comparisons=[at("comparison", run=run) for run in project.p3_runs()],
    output:
        table=at("candidate_table"),
    log:
        "results/logs/candidates.jsonl",
    script:
        "../scripts/certification/candidates.py"


if "prune" in sys.argv:  # a dry run shows jobs, not what they delete
    doomed = superseded(Path("results/runs"), project.retained(config["candidate"]))
    print(
        f"prune: data of {', '.join(doomed) or 'no run'}; kept: {', '.join(project.retained(config['candidate']))} and every report",
        file=sys.stderr,
    )


rule prune:
    """Delete the data of superseded failed candidates; their reports stay. `-n` shows what would go."""
    log:
        "results/logs/prune.log",
    params:
        keep=project.retained(config["candidate"]),
    script:
        "../scripts/certification/prune.py"
