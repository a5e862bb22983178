"""The six states of one seed, each from sealed inputs to a dataset and a run report (states.md §2-7).

Reads results/reference, results/upstream and the policies of the candidate; writes the contract tree of the seed.
"""


rule build_policy:
    """Overrides, nudge and caps of a candidate: the base files with its ancestors' changes and its own."""
    input:
        base_overrides="config/policy/tz_overrides.yaml",
        base_nudge="config/policy/tz_nudge.yml",
        base_governance="config/policy/governance.yaml",
        approvers="config/governance/approvers.yaml",
        candidates=project.ancestry,
    output:
        tz_overrides=at("tz_overrides"),
        tz_nudge=at("tz_nudge"),
        governance=at("governance"),
    log:
        "results/runs/{run}/policy/logs/build_policy.jsonl",
    script:
        "../scripts/states/build_policy.py"


rule s0_gate:
    """S0: prove that 1B passed, seal every input by digest, write the receipt."""
    input:
        pins=project.pins_of_run,
        run_receipt=of_seed("run_receipt_1B"),
        bundle_index=of_seed("validation_bundle_index_1B"),
        bundle_flag=of_seed("validation_passed_flag_1B"),
        site_locations=project.pinned("site_locations"),
        tz_world=shared("tz_world_2025a"),
        lookup_index=shared("lookup_index"),
        tzdb=shared("tzdb_release"),
        tzdb_meta=shared("tzdb_release_meta"),
        country_zones=shared("country_zones"),
        tz_overrides=at("tz_overrides"),
        tz_nudge=at("tz_nudge"),
        governance=at("governance"),
        merchant_mcc_map=project.pinned("merchant_mcc_map"),
        reopen_record=project.reopen_record,
        reopen_evidence=project.reopen_evidence,
        approvers=project.approvers,
        after=project.progression_before_states,
    output:
        receipt=at("s0_gate_receipt_2A"),
        inventory=at("sealed_inputs_2A"),
        determinism=at("s0_determinism_receipt"),
        report=at("s0_run_report"),
    log:
        f"{SEED_LOGS}/s0_gate.jsonl",
    params:
        releases=project.releases,
        reopens=project.reopens,
    script:
        "../scripts/states/s0_gate.py"


rule s1_tz_lookup:
    """S1: one provisional zone per site, by geometry first."""
    input:
        receipt=at("s0_gate_receipt_2A"),
        inventory=at("sealed_inputs_2A"),
        site_locations=project.pinned("site_locations"),
        lookup_index=shared("lookup_index"),
        country_zones=shared("country_zones"),
        tz_overrides=at("tz_overrides"),
        tz_nudge=at("tz_nudge"),
        governance=at("governance"),
        merchant_mcc_map=project.pinned("merchant_mcc_map"),
    output:
        dataset=at("s1_tz_lookup"),
        report=at("s1_run_report"),
    log:
        f"{SEED_LOGS}/s1_tz_lookup.jsonl",
    script:
        "../scripts/states/s1_tz_lookup.py"


rule s2_overrides:
    """S2: the final zone of every site; overrides are confirmed."""
    input:
        receipt=at("s0_gate_receipt_2A"),
        inventory=at("sealed_inputs_2A"),
        s1_report=at("s1_run_report"),
        s1_tz_lookup=at("s1_tz_lookup"),
        tz_world=shared("tz_world_2025a"),
        tz_overrides=at("tz_overrides"),
        governance=at("governance"),
        merchant_mcc_map=project.pinned("merchant_mcc_map"),
    output:
        dataset=at("site_timezones"),
        report=at("s2_run_report"),
    log:
        f"{SEED_LOGS}/s2_overrides.jsonl",
    script:
        "../scripts/states/s2_overrides.py"


rule s3_timetable:
    """S3: the transition cache of the sealed tzdb; it waits for S2 only because the plan orders it so."""
    input:
        receipt=at("s0_gate_receipt_2A"),
        inventory=at("sealed_inputs_2A"),
        tzdb=shared("tzdb_release"),
        tzdb_meta=shared("tzdb_release_meta"),
        tz_world=shared("tz_world_2025a"),
        after=at("s2_run_report"),
    output:
        manifest=at("tz_timetable_cache"),
        payload=at("tz_timetable_payload"),
        adjustments=at("tz_offset_adjustments"),
        report=at("s3_run_report"),
    log:
        f"{SEED_LOGS}/s3_timetable.jsonl",
    params:
        horizon_year=config["horizon_year"],
    script:
        "../scripts/states/s3_timetable.py"


rule s4_legality:
    """S4: gap and fold windows of the zones in use."""
    input:
        receipt=at("s0_gate_receipt_2A"),
        inventory=at("sealed_inputs_2A"),
        s2_report=at("s2_run_report"),
        s3_report=at("s3_run_report"),
        site_timezones=at("site_timezones"),
        manifest=at("tz_timetable_cache"),
        payload=at("tz_timetable_payload"),
    output:
        dataset=at("s4_legality_report"),
        report=at("s4_run_report"),
    log:
        f"{SEED_LOGS}/s4_legality.jsonl",
    script:
        "../scripts/states/s4_legality.py"


rule s5_bundle:
    """S5: seal the evidence; the flag is written only if all of it passed."""
    input:
        receipt=at("s0_gate_receipt_2A"),
        inventory=at("sealed_inputs_2A"),
        s4_report=at("s4_run_report"),
        site_timezones=at("site_timezones"),
        manifest=at("tz_timetable_cache"),
        payload=at("tz_timetable_payload"),
        legality=at("s4_legality_report"),
    output:
        report=at("s5_run_report"),
    log:
        f"{SEED_LOGS}/s5_bundle.jsonl",
    script:
        "../scripts/states/s5_bundle.py"
