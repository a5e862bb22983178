"""The one way to say that something is wrong: what, where, and what to do next.

What several states read is read by shared functions, which raise a neutral `Fault`: a kind of breach and its place. A
state names its own code for each of them once, in a table `CODES`, and runs within `coded(CODES)`:

    CODES: Codes = {
        "2A-S1-010": [Breach.MISSING, Breach.SEAL],  # of whatever input
        "2A-S1-021": [(Breach.CONTENT, "tz_nudge")],  # this kind in this place: dataset, or a part such as dataset.rows
        "2A-S2-022": ["merchant_mcc_map"],  # whatever is wrong with this dataset
    }

What only one state can find it raises as an `Abort` with its code. Chapters without codes let a fault pass as it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from functools import cache
from typing import Any, NamedTuple

from scripts.lib.contracts import CONTRACTS, load_yaml

RERUN = "Delete the file named and run the same command again: the rule that makes it runs anew."


class Breach(Enum):
    """What can be wrong with a file, a table or its rows, whichever state meets it."""

    CONTRACTS = "schema, dictionary and registry contradict each other"
    RECEIPT = "no valid S0 receipt of this fingerprint"
    MISSING = "not there, or withheld"
    SEAL = "not sealed, or not the bytes that were sealed or published"
    PARTITION = "an input that lies at another path than its tokens say"
    CONTENT = "unreadable, or against its schema; also in one column of one row"
    DUPLICATE = "a key that stands twice"
    COVERAGE = "the rows written are not those that were read"
    ZONE = "names a zone that has no polygon"
    OUTPUT = "a dataset to be published, against its schema"
    EMBED = "tokens inside differ from those of the path"
    TIMESTAMP = "a time that is not the receipt's"
    OVERWRITE = "published with other bytes"


Codes = Mapping[str, Sequence[Breach | str | tuple[Breach, str]]]


class ReasonCode(NamedTuple):
    """One entry of the registry (states.md §2-7)."""

    name: str
    state: str
    validator: str
    effect: str  # Abort or Warn
    meaning: str
    action: str


@cache
def reason_codes() -> dict[str, ReasonCode]:
    """All reason codes, in order of the contract."""
    registry = load_yaml(CONTRACTS / "reason_codes.yaml")
    return {
        code: ReasonCode(
            row["name"],
            code.split("-")[1],
            row["validator"],
            row.get("effect", "Abort"),
            row["meaning"],
            registry["actions"][row["action"]],
        )
        for code, row in registry["codes"].items()
    }


class Finding(Exception):
    """Three lines: what is wrong, where, and what to do next.

    `context` holds what helps to find the place: seed, dataset, path, tzid, counts. Never raw rows or coordinates.
    `action` is the next step where this case asks for another one than the kind of finding in general.
    `report` are blocks that the run report of a failed state keeps as evidence.
    """

    def __init__(self, message: str, *, action: str = "", report: dict[str, Any] | None = None, **context: Any):
        self.message = " ".join(message.split())
        super().__init__(self.message)
        self.action, self.report, self.context = action, report or {}, context

    def lines(self, title: str, action: str) -> str:
        where = ", ".join(f"{key}={value}" for key, value in self.context.items())
        return f"{title}{self.message}\n  where: {where or 'see the log'}\n  next:  {self.action or action}"


class Fault(Finding):
    """A neutral breach at `place`: a dataset, or a part of one such as `dataset.rows`."""

    def __init__(self, kind: Breach, place: str, message: str, **about: Any):
        super().__init__(message, **about)
        self.kind, self.place = kind, place

    def __str__(self) -> str:
        return self.lines("", RERUN)


class Abort(Finding):
    """A breach of the contract with its reason code."""

    def __init__(self, code: str, message: str, **about: Any):
        super().__init__(message, **about)
        self.code = code

    def finding(self) -> dict[str, Any]:
        """The entry of a run report's `errors[]` or `warnings[]` (states.md §1)."""
        return {"code": self.code, "message": self.message, "context": self.context}

    def __str__(self) -> str:
        entry = reason_codes()[self.code]
        return self.lines(f"{self.code} {entry.name}: ", entry.action)


class AbortGroup(Exception):
    """Several breaches found by one check, so that all are reported at once."""

    def __init__(self, breaches: Sequence[Finding]):
        super().__init__(f"{len(breaches)} breaches")
        self.breaches = list(breaches)

    def __str__(self) -> str:
        return "\n".join(str(breach) for breach in self.breaches)


def raise_all(breaches: Sequence[Finding], report: dict[str, Any] | None = None) -> None:
    """Raise every breach in the list at once, with `report` as evidence; do nothing when the list is empty."""
    if breaches and report:
        breaches[0].report = report
    if len(breaches) == 1:
        raise breaches[0]
    if breaches:
        raise AbortGroup(breaches)


@contextmanager
def coded(codes: Codes) -> Iterator[None]:
    """Within it every fault becomes the Abort that the state's table names; `KeyError` where the table has no code."""
    try:
        yield
    except Fault as fault:
        raise _coded(codes, fault) from fault
    except AbortGroup as group:
        raise AbortGroup([_coded(codes, breach) for breach in group.breaches]) from None


def _coded(codes: Codes, breach: Finding) -> Finding:
    if not isinstance(breach, Fault):
        return breach
    code_of = {case: code for code, cases in codes.items() for case in cases}
    cases: list[Breach | str | tuple[Breach, str]] = []
    place = breach.place
    while place:  # the nearest place first
        cases += [(breach.kind, place), place]
        place = place.rpartition(".")[0]
    case = next((case for case in cases if case in code_of), breach.kind)
    return Abort(code_of[case], breach.message, action=breach.action, report=breach.report, **breach.context)


class UsageError(Exception):
    """The run cannot start: config, policy or file problem that has no contract code; `where` and `action` if known."""

    def __init__(self, message: str, *, where: str = "", action: str = ""):
        lines = [message, f"  where: {where}" if where else "", f"  next:  {action}" if action else ""]
        super().__init__("\n".join(line for line in lines if line))
