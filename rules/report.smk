"""The verdict page that people read; every number in it stands in the certificate or its evidence.

Reads results/runs/{run}/certification and the scoring of each seed; writes one HTML file.
"""


rule build_report:
    """Verdict, gates, seeds, countries, blockers and provenance on one self-contained page."""
    input:
        certification=at("certification"),
        freeze_record=at("freeze_record"),
        seed_metrics=of_seeds("seed_metrics"),
        s4_reports=of_seeds("s4_run_report"),
        country_diagnostics=of_seeds("country_diagnostics"),
        share_matrix=of_seeds("share_matrix"),
        governance_audit=of_seeds("governance_audit"),
        metrics="config/certification/metrics.yaml",
        captions=[f"docs/captions/{name}.txt" for name in ("c_large", "countries", "gates", "matrix", "variants")],
        code=[
            *code("report/build_report"),
            *(f"scripts/report/{name}.html" for name in ("verdict", "verdict_parts")),
        ],
    output:
        report=at("report"),
        lineage=f"{CERTIFICATION}/lineage/build_report.json",
    log:
        f"{CERTIFICATION}/logs/build_report.jsonl",
    benchmark:
        f"{CERTIFICATION}/benchmarks/build_report.tsv"
    conda:
        "../envs/environment.yaml"
    script:
        "../scripts/report/build_report.py"
