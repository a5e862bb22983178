"""The pages that people read; every number in them stands in a certificate or its evidence.

Reads results/runs/{run}/certification and the scoring of each seed; writes one page a run and one index over all runs.
"""


report: "../docs/captions/workflow.txt"


CAPTIONS = sorted(f"docs/captions/{path.name}" for path in Path(workflow.basedir, "docs/captions").glob("*.txt"))


rule map_zones:
    """Zone borders simplified for drawing."""
    input:
        tz_world=at("tz_world_2025a"),
    output:
        map_zones=at("map_zones"),
    log:
        "results/reference/logs/map_zones.{release}.jsonl",
    script:
        "../scripts/report/map_zones.py"


rule map_places:
    """Where people live, as population by cell and zone, for the maps."""
    input:
        places=at("populated_places"),
        lookup_index=shared("lookup_index"),
        country_zones=shared("country_zones"),
    output:
        map_places=at("map_places"),
    log:
        "results/reference/logs/map_places.{release}.jsonl",
    script:
        "../scripts/report/map_places.py"


rule map_sites:
    """Where the sites of one seed stand, as counts by cell and zone, for the maps."""
    input:
        seed_metrics=at("seed_metrics"),
        s1_tz_lookup=at("s1_tz_lookup"),
        site_timezones=at("site_timezones"),
    output:
        site_map=at("site_map"),
    log:
        f"{SEED_LOGS}/map_sites.jsonl",
    script:
        "../scripts/report/map_sites.py"


rule build_report:
    """Verdict, gates, maps, countries, blockers and evidence on one self-contained page."""
    input:
        certification=at("certification"),
        freeze_record=at("freeze_record"),
        comparison=at("comparison"),
        watchlist=at("watchlist"),
        seed_metrics=of_seeds("seed_metrics"),
        seed_diagnostics=of_seeds("seed_diagnostics"),
        earth_scorecard=of_seeds("earth_scorecard"),
        s4_reports=of_seeds("s4_run_report"),
        country_diagnostics=of_seeds("country_diagnostics"),
        zone_counts=of_seeds("zone_counts"),
        share_matrix=of_seeds("share_matrix"),
        governance_audit=of_seeds("governance_audit"),
        site_maps=of_seeds("site_map"),
        sealed_inputs=of_seeds("sealed_inputs_2A"),
        p0_countries=project.of_p0("country_diagnostics"),
        p0_diagnostics=project.of_p0("seed_diagnostics"),
        map_zones=shared("map_zones"),
        map_places=shared("map_places"),
        country_zones=shared("country_zones"),
        captions=CAPTIONS,
        project="pyproject.toml",
    output:
        report=report(
            at("report"),
            caption="../docs/captions/page.txt",
            category="Verdict",
            labels={"run": "{run}", "what": "verdict page"},
        ),
        report_data=at("report_data"),
        world_map=report(
            at("world_map"),
            caption="../docs/captions/world.txt",
            category="Maps",
            labels={"run": "{run}", "what": "world"},
        ),
        country_maps=report(
            at("country_maps"),
            caption="../docs/captions/country_maps.txt",
            category="Maps",
            labels={"run": "{run}", "what": "countries that decide"},
        ),
    log:
        f"{CERTIFICATION_LOGS}/build_report.jsonl",
    params:
        releases={kind: entry["release"] for kind, entry in config["reference"].items()},
    script:
        "../scripts/report/build_report.py"


MINE = project.retained(config["candidate"])
OTHERS = other_runs(Path("results/runs"), MINE)


rule build_index:
    """All runs at a glance: those of this command as inputs, and the others that lie below results/ as they are."""
    input:
        certifications=[at("certification", run=run) for run in MINE],
        comparisons=[at("comparison", run=run) for run in MINE],
        reports=[at("report", run=run) for run in MINE],
        phase_ledger=at("phase_ledger", run=config["candidate"]),
    output:
        index=report(at("index"), caption="../docs/captions/index.txt", category="Runs", labels={"what": "all runs"}),
    log:
        "results/logs/build_index.jsonl",
    params:
        candidate=config["candidate"],
        lanes={run: project.candidates[run].lane for run in [*MINE, *OTHERS] if run in project.candidates},
        others=OTHERS,
    script:
        "../scripts/report/build_index.py"
