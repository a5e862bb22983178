"""The sealed nudge policy (states.md §1.1) and the step that it allows (states.md §3.1, rung 1)."""

from decimal import Decimal
from typing import NamedTuple

import numpy as np

from scripts.lib.errors import Breach, Fault
from scripts.lib.files import sha256_text
from scripts.states.policy import read_policy

DATASET, SCHEMA = "tz_nudge", "schemas.2A.yaml#/policy/tz_nudge_v1"


class Nudge(NamedTuple):
    semver: str
    epsilon_degrees: float
    sha256_digest: str


def load_nudge(path: str) -> Nudge:
    """tz_nudge with its digest checked over the decimal as written; raises `Fault` CONTENT."""
    policy = read_policy(DATASET, SCHEMA, path, as_text=True)
    written = policy["epsilon_degrees"]
    if nudge_digest(policy["semver"], written) != policy["sha256_digest"]:
        message = "sha256_digest does not cover semver and epsilon_degrees as written"
        raise Fault(Breach.CONTENT, DATASET, message, path=path)
    if not Decimal(written) > 0:
        raise Fault(Breach.CONTENT, DATASET, f"epsilon_degrees must be > 0, found {written}", path=path)
    return Nudge(policy["semver"], float(written), policy["sha256_digest"])


def check_epsilon(epsilon: float, cap: float, path: str) -> None:
    """The step reaches no further than the governance policy allows, both in degrees; raises `Fault` CONTENT."""
    if epsilon > cap:
        message = f"epsilon_degrees {epsilon} is above {cap} (epsilon_degrees_cap)"
        raise Fault(Breach.CONTENT, DATASET, message, path=path)


def nudge_digest(semver: str, epsilon: str) -> str:
    """The law of tz_nudge.sha256_digest (states.md §1.1)."""
    return sha256_text(f"semver={semver}\nepsilon_degrees={epsilon}\n")


def nudged(lon: np.ndarray, lat: np.ndarray, epsilon: float) -> tuple[np.ndarray, np.ndarray]:
    """One step north-east from points (N,) in degrees; latitude is clamped, longitude wrapped to (-180, +180]."""
    x = lon + epsilon + 180.0
    wrapped = (x - 360.0 * np.floor(x / 360.0)) - 180.0
    return np.where(wrapped == -180.0, 180.0, wrapped), np.clip(lat + epsilon, -90.0, 90.0)
