"""Realism scoring of one seed, beside the legality that S5 seals (certification.md §2-5).

Reads the reports and the egress of the seed; writes metrics and country diagnostics.
"""

SCORE = "results/runs/{run}/seed={seed}"


rule score_seed:
    """Structural checks, governance, cohort metrics and verdict of one seed."""
    input:
        reports=[at(f"s{number}_run_report") for number in range(6)],
        run_receipt=upstream("run_receipt_1B"),
        site_locations=upstream("site_locations"),
        s1_tz_lookup=at("s1_tz_lookup"),
        site_timezones=at("site_timezones"),
        country_zones=shared("country_zones"),
        governance=at("governance"),
        gates="config/certification/gates.yaml",
        cohorts="config/certification/cohorts.yaml",
        code=code("score_seed"),
    output:
        seed_metrics=at("seed_metrics"),
        country_diagnostics=at("country_diagnostics"),
        zone_counts=at("zone_counts"),
        lineage=trace(SCORE, "lineage", "score_seed.json"),
    log:
        trace(SCORE, "logs", "score_seed.jsonl"),
    benchmark:
        trace(SCORE, "benchmarks", "score_seed.tsv")
    conda:
        "../envs/environment.yaml"
    params:
        seed=lambda wildcards: int(wildcards.seed),
        fingerprint=lambda wildcards: wildcards.manifest_fingerprint,
    script:
        "../scripts/score_seed.py"
