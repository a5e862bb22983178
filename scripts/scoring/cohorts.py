"""Cohorts of countries as cohorts.yaml defines them (certification.md §3)."""

from dataclasses import dataclass
from pathlib import Path

from scripts.lib.contracts import load_yaml
from scripts.lib.records import record
from scripts.scoring.gates import Threshold


@dataclass(frozen=True)
class Floor:
    """Least sites and least zones (K) of the countries of a cohort."""

    min_sites: Threshold
    min_support: Threshold


@dataclass(frozen=True)
class Single:
    """Most zones (K) of the countries of C_single."""

    max_support: Threshold


@dataclass(frozen=True)
class Cohorts:
    """The whole of cohorts.yaml: C_multi and C_large gate, C_single does not."""

    c_multi: Floor
    c_large: Floor
    c_single: Single


def read_cohorts(path: str | Path) -> Cohorts:
    """The cohort contract of `config/certification/cohorts.yaml`."""
    return record(Cohorts, load_yaml(path))
