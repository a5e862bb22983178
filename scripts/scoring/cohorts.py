"""Cohorts of countries as cohorts.yaml defines them (certification.md §3)."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scripts.lib.contracts import load_yaml
from scripts.scoring.gates import Threshold


@dataclass(frozen=True)
class Floor:
    """Least sites and least zones (K) of the countries of a cohort."""

    min_sites: Threshold
    min_support: Threshold


@dataclass(frozen=True)
class Cohorts:
    """C_multi and C_large, which gate, and the most zones of a country of C_single, which does not."""

    c_multi: Floor
    c_large: Floor
    max_support: Threshold

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> "Cohorts":
        """From the content of cohorts.yaml, or from a seed's `cohort_definitions`."""
        multi, large, single = (
            {key: Threshold(**entry) for key, entry in found[name].items()}
            for name in ("c_multi", "c_large", "c_single")
        )
        return cls(Floor(**multi), Floor(**large), **single)

    def to_json(self) -> dict[str, Any]:
        return {
            "c_multi": asdict(self.c_multi),
            "c_large": asdict(self.c_large),
            "c_single": {"max_support": asdict(self.max_support)},
        }


def read_cohorts(path: str | Path) -> Cohorts:
    """The cohort contract of `config/certification/cohorts.yaml`."""
    return Cohorts.from_json(load_yaml(path))
