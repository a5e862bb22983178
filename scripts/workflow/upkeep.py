"""What every rule has and none repeats: its environment, its code, a lineage record, its run time and memory."""

from typing import Any

from scripts.workflow.imports import code_of

ENVIRONMENT = "../envs/environment.yaml"  # as seen from rules/


def beside(log: str, kind: str, suffix: str) -> str:
    """Path of another trace of the job whose log is `log`: .../logs/NAME.jsonl -> .../KIND/NAME.SUFFIX."""
    folder, _, name = log.rpartition("logs/")
    return f"{folder}{kind}/{name.removesuffix('jsonl')}{suffix}"


def complete(rule: Any) -> None:
    """Add to a rule, as Snakemake has read it, the parts that follow from its script and its log.

    The script with every module that it imports is an input, so that an edited helper reruns exactly its users.
    """
    if rule.script:
        rule.conda_env = ENVIRONMENT
    if rule.script and rule.output:
        (log,) = rule.ruleinfo.log.paths
        rule.input_modifier = rule.benchmark_modifier = rule.log_modifier  # a rule may have no input of its own
        rule.set_input(code=code_of(rule.script.removeprefix("../")))
        rule.set_output(lineage=beside(log, "lineage", "json"))
        rule.benchmark = beside(log, "benchmarks", "tsv")
