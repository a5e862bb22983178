"""The frozen 1A/1B authority of each seed: a pinned replica, or the user's own run root.

Reads config/authority and the reference data; writes results/upstream. Every byte is held against the pins.
"""

UPSTREAM = "results/upstream/{authority}/seed={seed}"


rule build_upstream:
    """A deterministic replica of the published 1B posture in the 1B contract layout."""
    input:
        tz_world=shared("tz_world_2025a"),
        places=shared("populated_places"),
        facts=authority_file("facts"),
        pins=pins,
        code=code("upstream/build_upstream"),
    output:
        site_locations=at("site_locations"),
        bundle_index=at("validation_bundle_index_1B"),
        bundle_flag=at("validation_passed_flag_1B"),
        run_receipt=at("run_receipt_1B"),
        replica_manifest=at("replica_manifest"),
        lineage=trace(UPSTREAM, "lineage", "build_upstream.json"),
    log:
        trace(UPSTREAM, "logs", "build_upstream.jsonl"),
    benchmark:
        trace(UPSTREAM, "benchmarks", "build_upstream.tsv")
    wildcard_constraints:
        authority=names_of_kind("replica"),
    conda:
        "../envs/environment.yaml"
    params:
        authority=lambda wildcards: wildcards.authority,
    script:
        "../scripts/upstream/build_upstream.py"


rule import_upstream:
    """A user's own 1B run root, copied as it is and held against its pins."""
    input:
        pins=pins,
        code=code("upstream/import_upstream"),
    output:
        site_locations=at("site_locations"),
        bundle_index=at("validation_bundle_index_1B"),
        bundle_flag=at("validation_passed_flag_1B"),
        run_receipt=at("run_receipt_1B"),
        replica_manifest=at("replica_manifest"),
        lineage=trace(UPSTREAM, "lineage", "import_upstream.json"),
    log:
        trace(UPSTREAM, "logs", "import_upstream.jsonl"),
    benchmark:
        trace(UPSTREAM, "benchmarks", "import_upstream.tsv")
    wildcard_constraints:
        authority=names_of_kind("import"),
    conda:
        "../envs/environment.yaml"
    params:
        source=authority_root,
    script:
        "../scripts/upstream/import_upstream.py"
