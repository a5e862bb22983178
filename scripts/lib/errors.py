"""The one way to say that something is wrong: a code, what, where, and what to do next."""

from functools import cache
from typing import Any

from scripts.lib.contracts import CONTRACTS, load_yaml


@cache
def reason_codes() -> dict[str, dict[str, str]]:
    """All reason codes: `{code: {name, state, validator, effect, meaning, action}}` (states.md §2-7)."""
    return load_yaml(CONTRACTS / "reason_codes.yaml")


class Abort(Exception):
    """A breach of the contract with its reason code.

    `context` holds what helps to find the place: seed, dataset, path, tzid, counts. Never raw rows or coordinates.
    `action` is the next step where this case asks for another one than the code in general.
    """

    def __init__(self, code: str, message: str, *, action: str = "", **context: Any):
        message = " ".join(message.split())  # a finding is three lines: what, where, next
        super().__init__(message)
        self.code = code
        self.message = message
        self.action = action
        self.context = context

    def finding(self) -> dict[str, Any]:
        """The entry of a run report's `errors[]` or `warnings[]` (states.md §1)."""
        return {"code": self.code, "message": self.message, "context": self.context}

    def __str__(self) -> str:
        entry = reason_codes()[self.code]
        where = ", ".join(f"{key}={value}" for key, value in self.context.items())
        return (
            f"{self.code} {entry['name']}: {self.message}\n"
            f"  where: {where or 'see the log'}\n"
            f"  next:  {self.action or entry['action']}"
        )


class AbortGroup(Exception):
    """Several breaches found by one check, so that all are reported at once."""

    def __init__(self, breaches: list[Abort]):
        super().__init__(f"{len(breaches)} breaches")
        self.breaches = breaches

    def __str__(self) -> str:
        return "\n".join(str(breach) for breach in self.breaches)


def raise_all(breaches: list[Abort]) -> None:
    """Raise every breach in the list at once; do nothing when it is empty."""
    if len(breaches) == 1:
        raise breaches[0]
    if breaches:
        raise AbortGroup(breaches)


class UsageError(Exception):
    """The run cannot start: config, policy or file problem that has no contract code; `where` and `action` if known."""

    def __init__(self, message: str, *, where: str = "", action: str = ""):
        lines = [message, f"  where: {where}" if where else "", f"  next:  {action}" if action else ""]
        super().__init__("\n".join(line for line in lines if line))
