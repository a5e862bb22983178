"""No PASS, no read: the door through which downstream segments open `site_timezones` of a run root."""

from pathlib import Path

import pyarrow as pa

from scripts.lib.contracts import catalog_path
from scripts.lib.errors import Abort
from scripts.lib.states.bundle import verify_bundle
from scripts.lib.states.outputs import is_withheld
from scripts.lib.tables import open_table


def site_timezones_path(run_root: str | Path, fingerprint: str, seed: int) -> Path:
    """Path of the zones of one seed, given out only when the validation bundle holds.

    Recomputes the digest of the bundle against its `_passed.flag` and demands that the bundle covers this seed; raises
    `Abort` with the code of what is broken (2A-S5-011, -030, -040..052).
    """
    root = Path(run_root)
    bundle = root / catalog_path("validation_bundle_2A", manifest_fingerprint=fingerprint)
    verify_bundle(bundle)
    if not (bundle / f"evidence/s4/seed={seed}/s4_legality_report.json").is_file():
        raise Abort("2A-S5-030", "the bundle does not cover this seed", seed=seed, path=str(bundle))
    path = root / catalog_path("site_timezones", seed=seed, manifest_fingerprint=fingerprint)
    if not path.is_file() or is_withheld(path):
        raise Abort("2A-S5-011", "site_timezones is missing or withheld", seed=seed, path=str(path))
    return path


def open_site_timezones(run_root: str | Path, fingerprint: str, seed: int) -> pa.Table:
    """site_timezones [n] in key order, columns of schemas.2A.yaml#/egress/site_timezones, behind the same gate."""
    return open_table(str(site_timezones_path(run_root, fingerprint, seed))).read()
