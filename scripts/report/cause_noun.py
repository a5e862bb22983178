"""A cause of a verdict, and who owns the surface that it lies on."""

from dataclasses import dataclass, field

from scripts.report.run_evidence import Run


@dataclass(frozen=True)
class Cause:
    """One reason for the verdict. `owner` acts, `change` says what would change the verdict, `read` where to look."""

    kind: str
    headline: str
    why: str
    owner: str
    change: str
    read: list[tuple[str, str]] = field(default_factory=list)  # (label, link)
    gates: list[str] = field(default_factory=list)


def surface_of(run: Run, name: str) -> dict[str, str]:
    """Owning surface of a gate, check or code, as the freeze record or the triage states it."""
    for entry in run.freeze.data["blockers"]:
        if entry["gate"] == name:
            return dict(entry["surface"])
    for entry in run.certificate.data["triage"]:
        if name in entry["symptoms"]:
            return dict(entry["look_at"])
    return {}


def seeds_text(seeds: list[int]) -> str:
    """`seed 42`, or `seeds 42, 7`."""
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"
