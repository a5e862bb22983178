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
    resources:
        mem_mb=2000,  # measured peak 1.0 GB
    script:
        "../scripts/upstream/build_upstream.py"


for own, pinned in project.imports():  # one rule for each seed, as each has its own number of parts

    rule:
        """A seed of a user's own upstream, set here as it is and held against its pins."""
        name:
            f"import_upstream_{own.name}_{pinned.seed}"
        input:
            authority_file=authority_path(own.name),
            pins=project.pins,
        output:
            **project.imported_parts(own, pinned.seed),
            bundle_index=at("validation_bundle_index_1B"),
            bundle_flag=at("validation_passed_flag_1B"),
            run_receipt=at("run_receipt_1B"),
            replica_manifest=at("replica_manifest"),
        log:
            f"{UPSTREAM_LOGS}/import_upstream.jsonl",
        wildcard_constraints:
            authority=own.name,
            seed=str(pinned.seed),
            manifest_fingerprint=pinned.manifest_fingerprint,
        script:
            "../scripts/upstream/import_upstream.py"
