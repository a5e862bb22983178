"""The six states of one seed, each from sealed inputs to a dataset and a run report (states.md §2-7).

Reads results/reference, results/upstream and the policies of the candidate; writes the contract tree of the seed.
"""

RUN = "results/runs/{run}/seed={seed}"


rule build_policy:
    """Overrides, nudge and caps of a candidate: the base files with its ancestors' changes and its own."""
    input:
        base_overrides="config/policy/tz_overrides.yaml",
        base_nudge="config/policy/tz_nudge.yml",
        base_governance="config/policy/governance.yaml",
        candidates=lambda wildcards: ancestry(wildcards.run),
        code=code("states/build_policy"),
    output:
        tz_overrides=at("tz_overrides"),
        tz_nudge=at("tz_nudge"),
        governance=at("governance"),
        lineage="results/runs/{run}/policy/lineage/build_policy.json",
    log:
        "results/runs/{run}/policy/logs/build_policy.jsonl",
    benchmark:
        "results/runs/{run}/policy/benchmarks/build_policy.tsv"
    conda:
        "../envs/environment.yaml"
    script:
        "../scripts/states/build_policy.py"


rule s0_gate:
    """S0: prove that 1B passed, seal every input by digest, write the receipt."""
    input:
        pins=pins_of_run,
        run_receipt=upstream("run_receipt_1B"),
        bundle_index=upstream("validation_bundle_index_1B"),
        bundle_flag=upstream("validation_passed_flag_1B"),
        site_locations=upstream("site_locations"),
        tz_world=shared("tz_world_2025a"),
        tzdb=shared("tzdb_release"),
        tzdb_meta=shared("tzdb_release_meta"),
        country_zones=shared("country_zones"),
        tz_overrides=at("tz_overrides"),
        tz_nudge=at("tz_nudge"),
        governance=at("governance"),
        merchant_mcc_map=mcc_map,
        reopen_record=reopen_record,
        reopen_evidence=reopen_evidence,
        code=code("states/s0_gate"),
    output:
        receipt=at("s0_gate_receipt_2A"),
        inventory=at("sealed_inputs_2A"),
        determinism=at("s0_determinism_receipt"),
        report=at("s0_run_report"),
        lineage=trace(RUN, "lineage", "s0_gate.json"),
    log:
        trace(RUN, "logs", "s0_gate.jsonl"),
    benchmark:
        trace(RUN, "benchmarks", "s0_gate.tsv")
    conda:
        "../envs/environment.yaml"
    params:
        releases=releases,
        authority=lambda wildcards: CANDIDATES[wildcards.run]["authority"],
        frozen_authority=lambda wildcards: CANDIDATES[wildcards.run]["authority"] in config["frozen_authorities"],
    script:
        "../scripts/states/s0_gate.py"


rule s1_tz_lookup:
    """S1: one provisional zone per site, by geometry first."""
    input:
        receipt=at("s0_gate_receipt_2A"),
        inventory=at("sealed_inputs_2A"),
        site_locations=upstream("site_locations"),
        lookup_index=shared("lookup_index"),
        country_zones=shared("country_zones"),
        tz_overrides=at("tz_overrides"),
        tz_nudge=at("tz_nudge"),
        governance=at("governance"),
        merchant_mcc_map=mcc_map,
        code=code("states/s1_tz_lookup"),
    output:
        dataset=at("s1_tz_lookup"),
        report=at("s1_run_report"),
        lineage=trace(RUN, "lineage", "s1_tz_lookup.json"),
    log:
        trace(RUN, "logs", "s1_tz_lookup.jsonl"),
    benchmark:
        trace(RUN, "benchmarks", "s1_tz_lookup.tsv")
    conda:
        "../envs/environment.yaml"
    params:
        seed=lambda wildcards: int(wildcards.seed),
        fingerprint=lambda wildcards: wildcards.manifest_fingerprint,
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
        merchant_mcc_map=mcc_map,
        code=code("states/s2_overrides"),
    output:
        dataset=at("site_timezones"),
        report=at("s2_run_report"),
        lineage=trace(RUN, "lineage", "s2_overrides.json"),
    log:
        trace(RUN, "logs", "s2_overrides.jsonl"),
    benchmark:
        trace(RUN, "benchmarks", "s2_overrides.tsv")
    conda:
        "../envs/environment.yaml"
    params:
        seed=lambda wildcards: int(wildcards.seed),
        fingerprint=lambda wildcards: wildcards.manifest_fingerprint,
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
        code=code("states/s3_timetable"),
    output:
        manifest=at("tz_timetable_cache"),
        payload=at("tz_timetable_payload"),
        adjustments=at("tz_offset_adjustments"),
        report=at("s3_run_report"),
        lineage=trace(RUN, "lineage", "s3_timetable.json"),
    log:
        trace(RUN, "logs", "s3_timetable.jsonl"),
    benchmark:
        trace(RUN, "benchmarks", "s3_timetable.tsv")
    conda:
        "../envs/environment.yaml"
    params:
        fingerprint=lambda wildcards: wildcards.manifest_fingerprint,
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
        code=code("states/s4_legality"),
    output:
        dataset=at("s4_legality_report"),
        report=at("s4_run_report"),
        lineage=trace(RUN, "lineage", "s4_legality.json"),
    log:
        trace(RUN, "logs", "s4_legality.jsonl"),
    benchmark:
        trace(RUN, "benchmarks", "s4_legality.tsv")
    conda:
        "../envs/environment.yaml"
    params:
        seed=lambda wildcards: int(wildcards.seed),
        fingerprint=lambda wildcards: wildcards.manifest_fingerprint,
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
        code=code("states/s5_bundle"),
    output:
        report=at("s5_run_report"),
        lineage=trace(RUN, "lineage", "s5_bundle.json"),
    log:
        trace(RUN, "logs", "s5_bundle.jsonl"),
    benchmark:
        trace(RUN, "benchmarks", "s5_bundle.tsv")
    conda:
        "../envs/environment.yaml"
    params:
        seed=lambda wildcards: int(wildcards.seed),
        fingerprint=lambda wildcards: wildcards.manifest_fingerprint,
    script:
        "../scripts/states/s5_bundle.py"
