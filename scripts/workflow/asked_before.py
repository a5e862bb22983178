"""What the plan asks of a person before a run starts: to prune what is superseded, and to keep the order of phases."""

from pathlib import Path

from scripts.certification.retention import superseded
from scripts.workflow.project import Project

DRY = {"-n", "--dry-run", "--dryrun"}
OTHER = {"prune", "gate", "verify", "archive", "handover"}  # targets that start no run


def asked_before(project: Project, arguments: list[str], runs: Path = Path("results/runs")) -> list[str]:
    """Lines for a person who is about to certify; none for a run that is there, or where nothing is asked.

    `arguments` are those of the command line.
    """
    run = str(project.config["candidate"])
    if OTHER & {*arguments} or all(Path(path).is_file() for path in project.foundations([run])):
        return []
    left = superseded(runs, project.retained(run))
    lines = [f"{run} is a new run, and superseded data lie here: {', '.join(left)}"] if left else []
    lines += ["  next:  `snakemake prune` deletes them and keeps every report (certification.md §12)."] if left else []
    if project.opens_late(run) and DRY & {*arguments}:
        name = project.candidates[run].phase_approval
        named = f", or config/phases/{name}.yaml names those that are open" if name else "; it names no approval"
        lines.append(f"{run} is of lane P4 and starts when P0 to P3 hold{named}: check_progression decides before S0")
    return lines
