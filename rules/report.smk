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
    output:
        report=at("report"),
    log:
        f"{CERTIFICATION_LOGS}/build_report.jsonl",
    script:
        "../scripts/report/build_report.py"
