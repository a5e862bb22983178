"""What a reader must know beside a verdict; one noun from scoring to certificate and page (certification.md §16)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from scripts.scoring.gates import Gate, Grade, Verdict
from scripts.scoring.metric_value import MetricValue

PassGrade = Literal["B", "BPLUS"]
GRADE_OF: dict[Grade, PassGrade] = {"b": "B", "bplus": "BPLUS"}  # of a gate's thresholds
NAME_OF: dict[Grade, str] = {"b": "B", "bplus": "B+"}
OWN = ("caveat", "grade", "says", "gate", "seed")


@dataclass(frozen=True)
class Caveat:
    """A caveat by name: the grade of a pass that it qualifies, or None where it only informs, and a sentence.

    `says` is for people and stands in the verdict's line where the pass is qualified; `numbers` are what it rests on,
    in the JSON beside the other fields.
    """

    caveat: str
    grade: PassGrade | None
    says: str
    gate: str | None = None
    seed: int | None = None
    numbers: dict[str, Any] = field(default_factory=dict)

    def qualifies(self, status: Verdict) -> bool:
        """Whether a verdict is a pass that this caveat limits: one on B limits both passes."""
        return status == "PASS_BPLUS" or (status == "PASS_B" and self.grade == "B") if self.grade else False

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "Caveat":
        numbers = {key: value for key, value in found.items() if key not in OWN}
        return cls(**{key: found.get(key) for key in OWN}, numbers=numbers)  # type: ignore[arg-type]

    def to_json(self) -> dict[str, Any]:
        place = {key: value for key, value in (("gate", self.gate), ("seed", self.seed)) if value is not None}
        return {"caveat": self.caveat, "grade": self.grade, "says": self.says, **place, **self.numbers}


def shown(value: float | None) -> str:
    """A number as sentences have it."""
    return "no value" if value is None else f"{value:.4g}"


def rests_on(cause: str, gate: Gate, grade: Grade, without: MetricValue, **numbers: Any) -> Caveat:
    """Of a gate that holds, and does not `without` what the cause names."""
    means = "the cohort's floor" if cause == "cohort_floor" else cause.replace("_", " ")
    says = f"{gate.name} holds {NAME_OF[grade]} only thanks to {means}: {shown(without.value)} without"
    numbers = {"value_without": without.value, **numbers}
    return Caveat(f"rests_on_{cause}", GRADE_OF[grade], says, gate=gate.name, numbers=numbers)
