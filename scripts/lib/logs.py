"""Structured log of one job: JSON lines in its log file, one readable line on the console for people (states.md §1)."""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from functools import partial
from typing import Any

_log = logging.getLogger("segment2a")
_log.addHandler(logging.NullHandler())
logging.raiseExceptions = False  # on a full disk the job's own message must not drown in tracebacks of logging


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "timestamp_utc": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "segment": "2A",
            "severity": {"WARNING": "WARN"}.get(record.levelname, record.levelname),
            **getattr(record, "fields", {}),
            "message": record.getMessage(),
        }
        return json.dumps(entry, sort_keys=True)


def _with_context(context: dict[str, Any], record: logging.LogRecord) -> bool:
    record.fields = {**context, **getattr(record, "fields", {})}
    return True


def configure(log_file: str, rule: str, **context: Any) -> None:
    """Send events to `log_file`; every record carries the rule, its state (S1 of `s1_tz_lookup`) and `context`.

    `context` are the job's wildcards as text, such as run, seed and manifest_fingerprint where they exist.
    """
    context["rule"] = rule
    if state := re.match(r"s[0-5](?=_)", rule):
        context["state"] = state[0].upper()
    if "seed" in context:
        context["seed"] = int(context["seed"])
    handler = logging.FileHandler(log_file, mode="w", encoding="utf-8")
    handler.setFormatter(_JsonLines())
    handler.addFilter(partial(_with_context, context))
    _log.handlers = [handler]
    _log.setLevel(logging.INFO)


def event(kind: str, message: str = "", *, severity: int = logging.INFO, **fields: Any) -> None:
    """Log one event; `kind` is one of the state's event names (GATE, INPUTS, LOOKUP, VALIDATION, EMIT ...)."""
    _log.log(severity, message or kind, extra={"fields": {"event": kind, **fields}})


def say(message: str) -> None:
    """Tell the person at the console how far a long step is."""
    print(message, file=sys.stderr, flush=True)
