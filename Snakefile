"""Segment 2A certification: time zones for every merchant site, proved lawful, scored for realism, one verdict."""

from snakemake.utils import min_version

min_version("9.0")


configfile: "config/config.yaml"


wildcard_constraints:
    run=r"[a-z0-9_]+",
    authority=r"[a-z0-9_]+",
    seed=r"\d+",
    manifest_fingerprint=r"[a-f0-9]{64}",
    release=r"[A-Za-z0-9._-]+",


include: "rules/common.smk"
include: "rules/reference.smk"
include: "rules/upstream.smk"
include: "rules/states.smk"
include: "rules/handover.smk"
include: "rules/scoring.smk"
include: "rules/certification.smk"
include: "rules/report.smk"
include: "rules/archive.smk"


for each in workflow.rules:
    complete(each)


# What a person asks for. `snakemake --list-target-rules` is the menu.
localrules:
    certify,
    gate,
    verify,
    handover,
    archive,
    candidates,
    prune,


rule certify:
    """Run and score the candidate and its baselines, and issue the verdict."""
    default_target: True
    input:
        [project.certificates(run) for run in [*config["baselines"], config["candidate"]]],
        project.foundations([*config["baselines"], config["candidate"]]),
        at("ledger"),
        at("index"),


onsuccess:
    say_end(console.result())
    if console.refused:
        sys.exit(1)


onerror:
    say_end(console.failure())
