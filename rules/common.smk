"""Names that the rules share; no rules. Paths come from the dataset dictionary, answers from scripts/workflow/project.py."""

import sys

sys.path.insert(0, workflow.basedir)  # `scripts` is a package of this project, also when Snakemake is started elsewhere

from scripts.certification.prune import superseded, unfinished
from scripts.lib.approvals import APPROVERS
from scripts.lib.contracts import dataset_path as at
from scripts.upstream.authority import authority_path
from scripts.workflow.check_config import check_config
from scripts.workflow.console import say_end, speak
from scripts.workflow.project import carried_files
from scripts.workflow.runs import lying, other_runs
from scripts.workflow.upkeep import complete

project = check_config(config)
for line in project.asked_before(sys.argv) if workflow.is_main_process else []:
    print(line, file=sys.stderr)
console = speak(workflow, config["candidate"])
shared, of_seed, of_seeds = project.shared, project.of_seed, project.of_seeds

BY_FINGERPRINT = "logs/manifest_fingerprint={manifest_fingerprint}"
SEED_LOGS = f"results/runs/{{run}}/seed={{seed}}/{BY_FINGERPRINT}"
UPSTREAM_LOGS = f"results/upstream/{{authority}}/seed={{seed}}/{BY_FINGERPRINT}"
CERTIFICATION_LOGS = "results/runs/{run}/certification/logs"


def left_over(find):
    """A params function: runs whose data lie beside the run's own. A baseline's ledger, which later jobs of every candidate
    read, looks at none, as it would change under them."""
    return lambda wildcards: (
        [] if project.is_baseline(wildcards.run) else find(Path("results/runs"), project.retained(wildcards.run))
    )
