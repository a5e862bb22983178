"""Reference data: zone polygons and their index, the tzdb archive, country attribution, populated places.

Reads the data packages of the locked environment, or the user's own releases; writes results/reference.
"""


rule build_tz_world:
    """Zone polygons as GeoParquet, valid and unsimplified."""
    output:
        tz_world=at("tz_world_2025a"),
    log:
        "results/reference/logs/build_tz_world.{release}.jsonl",
    resources:
        mem_mb=2000,  # measured peak 0.9 GB
    params:
        source=config["reference"]["tz_world"]["source"],
        sha256=config["reference"]["tz_world"]["sha256"],
    script:
        "../scripts/reference/build_tz_world.py"


rule build_lookup_index:
    """The exact zone index that S1 maps into memory."""
    input:
        tz_world=at("tz_world_2025a"),
    output:
        lookup_index=at("lookup_index"),
    log:
        "results/reference/logs/build_lookup_index.{release}.jsonl",
    resources:
        mem_mb=3500,  # measured peak 2.4 GB
    script:
        "../scripts/reference/build_lookup_index.py"


rule build_tzdb_release:
    """The tzdb release as one tzdb archive with its digest and provenance."""
    output:
        tzdb=at("tzdb_release"),
        meta=at("tzdb_release_meta"),
        provenance=at("tzdb_release_provenance"),
    log:
        "results/reference/logs/build_tzdb_release.{release}.jsonl",
    params:
        source=config["reference"]["tzdb"]["source"],
        sha256=config["reference"]["tzdb"]["sha256"],
    script:
        "../scripts/reference/build_tzdb_release.py"


rule build_country_zones:
    """Zones of each country, from the zone.tab of the tzdb archive."""
    input:
        tzdb=at("tzdb_release"),
    output:
        country_zones=at("country_zones"),
    log:
        "results/reference/logs/build_country_zones.{release}.jsonl",
    script:
        "../scripts/reference/build_country_zones.py"


rule build_places:
    """Populated places with population and zone, from GeoNames."""
    output:
        places=at("populated_places"),
    log:
        "results/reference/logs/build_places.{release}.jsonl",
    script:
        "../scripts/reference/build_places.py"


rule build_polygon_zones:
    """Zones of each country as the polygons would have them: shown beside zone.tab's, never gated."""
    input:
        lookup_index=at("lookup_index"),
        places=shared("populated_places"),
    output:
        polygon_zones=at("polygon_zones"),
    log:
        "results/reference/logs/build_polygon_zones.{release}.jsonl",
    script:
        "../scripts/reference/build_polygon_zones.py"


rule identify_reference:
    """Which releases the polygons, the tzdb and the places are, by what they hold."""
    input:
        tz_world=shared("tz_world_2025a"),
        tzdb=shared("tzdb_release"),
        places=shared("populated_places"),
        known_releases="config/contracts/known_releases.yaml",
    output:
        identity=at("reference_identity"),
    log:
        "results/reference/logs/identify_reference.jsonl",
    params:
        releases={name: entry["release"] for name, entry in config["reference"].items()},
    script:
        "../scripts/reference/identify_reference.py"
