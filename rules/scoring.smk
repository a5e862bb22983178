"""Realism scoring of one seed, beside the legality that S5 seals (certification.md §2-5, §7).

Reads the reports and the egress of the seed; writes metrics, diagnostics, and what Earth itself would score.
"""


rule score_seed:
    """Structural checks, governance, cohort metrics and verdict of one seed."""
    input:
        reports=[at(f"s{number}_run_report") for number in range(6)],
        receipt=at("s0_gate_receipt_2A"),
        inventory=at("sealed_inputs_2A"),
        run_receipt=of_seed("run_receipt_1B"),
        site_locations=project.pinned("site_locations"),
        s1_tz_lookup=at("s1_tz_lookup"),
        site_timezones=at("site_timezones"),
        country_zones=shared("country_zones"),
        polygon_zones=shared("polygon_zones"),
        reference_identity=at("reference_identity"),
        governance=at("governance"),
        gates="config/certification/gates.yaml",
        cohorts="config/certification/cohorts.yaml",
    output:
        seed_metrics=at("seed_metrics"),
        country_diagnostics=at("country_diagnostics"),
        zone_counts=at("zone_counts"),
    log:
        f"{SEED_LOGS}/score_seed.jsonl",
    script:
        "../scripts/scoring/score_seed.py"


rule diagnose_seed:
    """Share matrix, spatial coupling, concentration and governance audit of one seed; none of them gates."""
    input:
        s1_report=at("s1_run_report"),
        s2_report=at("s2_run_report"),
        site_locations=project.pinned("site_locations"),
        country_diagnostics=at("country_diagnostics"),
        zone_counts=at("zone_counts"),
        tz_overrides=at("tz_overrides"),
        triage="config/certification/triage.yaml",
        gates="config/certification/gates.yaml",
    output:
        share_matrix=at("share_matrix"),
        seed_diagnostics=at("seed_diagnostics"),
        governance_audit=at("governance_audit"),
    log:
        f"{SEED_LOGS}/diagnose_seed.jsonl",
    script:
        "../scripts/scoring/diagnose_seed.py"


rule score_earth:
    """What real population would score in the same countries, and the best that the cohort can reach."""
    input:
        receipt=at("s0_gate_receipt_2A"),
        inventory=at("sealed_inputs_2A"),
        site_locations=project.pinned("site_locations"),
        places=shared("populated_places"),
        lookup_index=shared("lookup_index"),
        country_zones=shared("country_zones"),
        gates="config/certification/gates.yaml",
        cohorts="config/certification/cohorts.yaml",
    output:
        earth_scorecard=at("earth_scorecard"),
    log:
        f"{SEED_LOGS}/score_earth.jsonl",
    script:
        "../scripts/scoring/score_earth.py"
