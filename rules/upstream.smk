"""The frozen 1A/1B authority of each seed: a pinned replica, or the user's own run root.

Reads config/authority and the reference data; writes results/upstream. Every byte is held against the pins.
"""


rule build_upstream:
    """A deterministic replica of the published 1B posture in the 1B contract layout."""
    input:
        tz_world=shared("tz_world_2025a"),
        places=shared("populated_places"),
        facts=project.facts,
        pins=project.pins,
    output:
        site_locations=at("site_locations"),
        bundle_index=at("validation_bundle_index_1B"),
        bundle_flag=at("validation_passed_flag_1B"),
        run_receipt=at("run_receipt_1B"),
        replica_manifest=at("replica_manifest"),
    log:
        f"{UPSTREAM_LOGS}/build_upstream.jsonl",
    wildcard_constraints:
        authority=project.names_of_kind("replica"),
    script:
        "../scripts/upstream/build_upstream.py"


rule import_upstream:
    """A user's own 1B run root, copied as it is and held against its pins."""
    input:
        pins=project.pins,
    output:
        site_locations=at("site_locations"),
        bundle_index=at("validation_bundle_index_1B"),
        bundle_flag=at("validation_passed_flag_1B"),
        run_receipt=at("run_receipt_1B"),
        replica_manifest=at("replica_manifest"),
    log:
        f"{UPSTREAM_LOGS}/import_upstream.jsonl",
    wildcard_constraints:
        authority=project.names_of_kind("import"),
    params:
        source=project.own_root,
    script:
        "../scripts/upstream/import_upstream.py"
