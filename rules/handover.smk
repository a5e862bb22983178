"""What a seed that passed gives to others: a user's own rows with their zones, and one run root for segment 2B.

Reads results/upstream and the contract tree of the seed; writes results/runs/{run}/seed={seed} and results/handover.
"""


rule return_sites:
    """The rows of a user's own table with their zones, and how each was decided."""
    input:
        reports=project.reports_of_seed,
        receipt=project.of_seed("s0_gate_receipt_2A"),
        inventory=project.of_seed("sealed_inputs_2A"),
        own_rows=project.own_rows,
        site_locations=project.site_locations,
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
