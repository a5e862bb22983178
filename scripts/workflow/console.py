"""What a person reads while the workflow runs: a line a finished job, what failed and where, at the end the verdict.

Snakemake's own account names jobs by number and hides their errors under `quiet: rules`. `speak` puts a filter on its
stream handler, through the logging of the standard library, and leaves dry runs, queries, jobs of a cluster and
`--verbose` as they are.
"""

import logging
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from snakemake_interface_logger_plugins.common import LogEvent

from scripts.lib.contracts import dataset_path, dictionary
from scripts.lib.files import read_json
from scripts.lib.schema_words import near
from scripts.lib.standing import NEXT, faults, record_of

STREAM, LOGGER = "DefaultStreamHandler", "snakemake.logging"
OUTCOMES = {"certification": "status", "seed_metrics": "verdict", **{f"s{n}_run_report": "status" for n in range(6)}}
SAID = (  # of every run in which a job fails: the job and the last line say it better
    "WorkflowError:\nAt least one job did not complete successfully.",
    "Exiting because a job execution failed. Look above for error messages",
)
NOTHING = "Nothing to be done"
OWN_WORDS = ("gate", "verify", "prune", "handover")  # what they print is the answer, also when they exit with 1
GO_ON = "The same command goes on from there; what is finished is kept."


class Job(NamedTuple):
    """A job that has started: `wildcards` and `outputs` as its rule has them, `began` by the monotonic clock."""

    rule: str
    wildcards: dict[str, str]
    outputs: list[str]
    began: float


class Console:
    """The filter of the stream handler: `filter` answers whether a record is worth a line, and leaves it in `said`."""

    def __init__(self, handler: logging.Handler, workflow: Any, candidate: str):
        self.workflow, self.candidate = workflow, candidate
        self.formatter, self.own = handler.formatter or logging.Formatter(), logging.Filterer()
        self.own.filters = [*handler.filters]
        self.jobs: dict[int, Job] = {}
        self.failed: list[str] = []
        self.done = self.total = 0
        self.speaks = self.stopped = self.answered = self.refused = False
        self.answers: dict[LogEvent | None, Callable[[Any], str]] = {
            LogEvent.RUN_INFO: self._planned,
            LogEvent.JOB_INFO: self._started,
            LogEvent.JOB_FINISHED: self._finished,
            LogEvent.JOB_ERROR: self._failed,
            LogEvent.GROUP_ERROR: self._group_failed,
            LogEvent.ERROR: self._error,
        }

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether Snakemake's handler prints the record: what `said` holds then."""
        if getattr(record, "event", None) == LogEvent.WORKFLOW_STARTED:
            self.speaks = _is_wanted(self.workflow)
        said = self.answer(record) if self.speaks or _is_typo(record) else self.own_words(record)
        record.__dict__["said"] = said
        return bool(said)

    def own_words(self, record: logging.LogRecord) -> str:
        """What Snakemake would print."""
        return self.formatter.format(record) if self.own.filter(record) else ""

    def answer(self, record: logging.LogRecord) -> str:
        """The line for a record, or nothing."""
        event = getattr(record, "event", None)
        return "" if self.stopped else self.answers.get(event, self._remark)(record)

    def _planned(self, record: Any) -> str:
        self.total = record.stats["total"]
        return ""

    def _started(self, record: Any) -> str:
        self.jobs[record.jobid] = Job(record.rule_name, record.wildcards, record.output, time.monotonic())
        return ""

    def _finished(self, record: Any) -> str:
        self.done += 1
        job = self.jobs.get(record.job_id)
        if job is None or not job.outputs:
            return ""
        seconds, width = time.monotonic() - job.began, len(str(self.total))
        line = f"{self.done:>{width}}/{self.total}  {seconds:5.1f} s  {_name(job):<19} {_place(job.wildcards):<34}"
        return f"{line}{_outcome(job.outputs)}".rstrip()

    def _failed(self, record: Any) -> str:
        self.answered |= record.rule_name in OWN_WORDS
        if record.indent or record.rule_name in OWN_WORDS:  # indented: one of a group that was told already
            return ""
        job = self.jobs.get(record.jobid)
        where = f"{_name(job)} {_place(job.wildcards)}".rstrip() if job else record.rule_name
        self.failed.append(where)
        why = f"\n  {record.rule_msg}" if record.rule_msg else ""
        return f"Error in {where}{why}{scheduler_words(record.log)}\n  log:   {', '.join(record.log)}"

    def _group_failed(self, record: Any) -> str:
        self.failed.append(f"group {record.groupid}")
        return f"Error in group {record.groupid}:\n{self.formatter.format(record)}"

    def _error(self, record: Any) -> str:
        text = str(record.getMessage())
        if _is_typo(record):
            return self._unknown_target(record)
        is_told = record.exception == "RuleException" and "CalledProcessError" in text  # its job's error comes
        return "" if is_told or text in SAID else text

    def _remark(self, record: Any) -> str:
        text = str(record.getMessage())
        if text.startswith(NOTHING):
            said = f"nothing to do: everything is there and up to date{self.result()}"
            if self.refused:  # no hook follows, and a script must hear that there is no verdict
                print(said, file=sys.stderr)
                raise SystemExit(1)
            return said
        return text if record.levelno >= logging.WARNING and text not in SAID else ""

    def _unknown_target(self, record: logging.LogRecord) -> str:
        rules = {rule.name for rule in self.workflow.rules}
        unknown = [name for name in self.workflow.dag_settings.targets if name not in rules and "/" not in str(name)]
        if not unknown:
            return self.own_words(record)
        words = "\n".join(f"no target `{name}`{near(str(name), rules)}" for name in unknown)
        return f"{words}\n  next:  `snakemake --list-target-rules` is the menu; a file is named by its path."

    def result(self) -> str:
        """The end of a run without a failed job: the verdict, or where that lies which was asked for."""
        made = {"archive": dataset_path("archive", run=self.candidate), "candidates": dataset_path("candidate_table")}
        lines = []
        for target in self.workflow.dag_settings.targets or ["certify"]:
            if target == "certify":
                said, stands = verdict_of(self.candidate)
                self.refused = not stands
                lines.append(said)
            elif target in made:
                lines.append(f"{target}: {made[target]}")
        return "".join(f"\n{line}" for line in lines)

    def failure(self) -> str:
        """The end of a run that has failed or was stopped; nothing where the failed job speaks for itself."""
        if self.failed:
            told = f"no verdict: {len(self.failed)} failed, first {self.failed[0]}"
            return f"{told}\n  next:  Mend what its message names. {GO_ON}"
        if self.answered:
            return ""
        return f"stopped: {self.done} of {self.total} jobs are finished; no verdict\n  next:  {GO_ON}"

    def stop(self, number: int, frame: Any) -> None:
        """Ctrl-C: end the jobs, which do not hear it themselves (see `speak`), then Snakemake, without a traceback."""
        import psutil

        self.stopped = True
        for child in psutil.Process().children(recursive=True):
            child.terminate()
        raise SystemExit(130)


def verdict_of(candidate: str) -> tuple[str, bool]:
    """The verdict of a run, if there is one, and whether it stands on the tree as it lies (certification.md §16)."""
    path = Path(dataset_path("verdict", run=candidate))
    if not path.exists():
        return "no verdict: it was not asked for", True  # as after `--until`
    broken = faults(record_of(str(path), "certify_run"))
    if broken:
        more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
        return f"no verdict: it does not stand on this tree\n  {broken[0]}{more}\n  next:  {NEXT}", False
    return path.read_text().rstrip(), True


def speak(workflow: Any, candidate: str) -> Console | None:
    """Let the console of this run speak; None where Snakemake has another one, whose words are then its own."""
    logger = logging.getLogger(LOGGER)
    handler = next((each for each in logger.handlers if each.name == STREAM), None)
    if handler is None:
        return None
    console = Console(handler, workflow, candidate)
    for each in console.own.filters:
        handler.removeFilter(each)
    handler.addFilter(console)
    handler.setFormatter(logging.Formatter("%(said)s"))
    if _is_wanted(workflow):
        from snakemake.shell import shell

        # A terminal sends Ctrl-C to every job, and each would print where it was: they ignore it, and `stop` ends them.
        shell.prefix("set -euo pipefail; trap '' INT; ")
        signal.signal(signal.SIGINT, console.stop)
    return console


def say_end(text: str) -> None:
    """The last lines of a run, set apart."""
    if text:
        print(f"\n{text.lstrip()}", file=sys.stderr, flush=True)


def _is_wanted(workflow: Any) -> bool:
    """Whether this is a run, of a person who did not ask for Snakemake's own account."""
    settings = workflow.output_settings
    quiet = {each.name for each in settings.quiet or ()}
    is_run = workflow.is_main_process and not settings.dryrun
    return bool(is_run and not settings.verbose and "RULES" in quiet and "ALL" not in quiet)


def scheduler_words(logs: list[str]) -> str:
    """Why Slurm ended a job (memory, time, a person), which stands in its log alone."""
    kept = [Path(path) for path in logs if "slurm_logs" in path]
    lines = [line for path in kept if path.is_file() for line in path.read_text(errors="replace").splitlines()]
    return "".join(f"\n  {line}" for line in dict.fromkeys(lines) if line.startswith("slurmstepd"))


def _is_typo(record: logging.LogRecord) -> bool:
    return getattr(record, "exception", None) == "MissingRuleException"


def _name(job: Job) -> str:
    """The rule of a job; those of an import, one for each seed, without the place that is said beside it."""
    return job.rule.removesuffix(f"_{job.wildcards.get('authority')}_{job.wildcards.get('seed')}")


def _place(wildcards: dict[str, str]) -> str:
    """What distinguishes a job from others of its rule: run, authority or release, and seed."""
    seed = [f"seed {wildcards['seed']}"] if "seed" in wildcards else []
    return " ".join([*(value for name, value in wildcards.items() if name in ("run", "authority", "release")), *seed])


def _outcome(outputs: list[str]) -> str:
    """The status or verdict that a job wrote, where it writes one that can be read."""
    keys = {Path(dictionary()[name]["path"]).name: key for name, key in OUTCOMES.items()}
    try:
        return " ".join(str(read_json(path)[keys[Path(path).name]]) for path in outputs if Path(path).name in keys)
    except (OSError, ValueError, LookupError, TypeError):
        return ""
