"""What a seed that passed gives to others: a user's own rows with their zones, and one run root for segment 2B.

Reads results/upstream and the contract tree of the seed; writes results/runs/{run}/seed={seed} and results/handover.
"""


rule return_sites:
    """The rows of a user's own table with their zones, and how each was decided."""
    input:
        reports=project.reports_of_seed,
        receipt=project.of_seed("s0_gate_receipt_2A"),
        inventory=project.of_seed("sealed_inputs_2A"),
        own_rows=project.pinned("own_rows"),
        site_locations=project.pinned("site_locations"),
        site_timezones=project.of_seed("site_timezones"),
        lookup_index=shared("lookup_index"),
        country_zones=shared("country_zones"),
        tz_nudge=at("tz_nudge"),
        tz_overrides=at("tz_overrides"),
        governance=at("governance"),
    output:
        sites_with_zones=at("sites_with_zones"),
        sites_with_zones_csv=at("sites_with_zones_csv"),
    log:
        "results/runs/{run}/seed={seed}/logs/return_sites.jsonl",
    script:
        "../scripts/handover/return_sites.py"


rule hand_over_seed:
    """One run root for segment 2B, or the reason why the seed may not be read."""
    input:
        pins=project.pins_of_run,
        run_receipt=project.of_seed("run_receipt_1B"),
        upstream=project.upstream_data,
        contract_tree=project.contract_tree,
        s5_report=project.of_seed("s5_run_report"),
    output:
        handover=at("handover"),
    log:
        "results/logs/handover/{run}/seed={seed}/hand_over_seed.jsonl",
    script:
        "../scripts/handover/hand_over_seed.py"


rule handover:
    """A run root for each seed of the candidate that passed; exit 1 when one was refused."""
    input:
        seeds=project.handovers(config["candidate"]),
    log:
        "results/logs/handover/handover.log",
    script:
        "../scripts/handover/handover.py"
