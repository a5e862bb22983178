"""No PASS, no read: the door through which downstream segments open `site_timezones` of a run root."""

from pathlib import Path

import pyarrow as pa

from scripts.lib.contracts import catalog_path
from scripts.lib.errors import Abort, AbortGroup
from scripts.lib.files import tree_files
from scripts.lib.published import is_withheld
from scripts.lib.tables import open_table
from scripts.states.bundle import legality_fault, verify_bundle


def site_timezones_path(run_root: str | Path, fingerprint: str, seed: int) -> Path:
    """Path of the zones of one seed, given out only when the validation bundle holds.

    Recomputes the digest of the bundle against its `_passed.flag` and demands that its evidence says PASS for this
    seed; raises `Abort` with the code of what is broken (2A-S5-011, -012, -030, -040..052).
    """
    root = Path(run_root)
    bundle = root / catalog_path("validation_bundle_2A", manifest_fingerprint=fingerprint)
    verify_bundle(bundle)
    evidence = bundle / f"evidence/s4/seed={seed}/s4_legality_report.json"
    if why := legality_fault(evidence, seed, fingerprint):
        raise Abort("2A-S5-030", why, seed=seed, path=str(evidence))
    path = root / catalog_path("site_timezones", seed=seed, manifest_fingerprint=fingerprint)
    if not path.is_file() or is_withheld(path):
        raise Abort("2A-S5-011", "site_timezones is missing or withheld", seed=seed, path=str(path))
    if strangers := [name for name in tree_files(path.parent) if name != path.name]:  # readers of folders read them too
        raise Abort("2A-S5-012", f"a file that S2 did not write: {strangers[0]}", seed=seed, path=str(path.parent))
    try:
        open_table(path).close()
    except (OSError, ValueError) as problem:
        raise _unreadable(problem, path, seed) from None
    return path


def refusal(run_root: str | Path, fingerprint: str, seed: int) -> str:
    """Why the zones of one seed are not given out, in one line; empty when they are."""
    try:
        site_timezones_path(run_root, fingerprint, seed)
    except (Abort, AbortGroup) as problem:
        return str(problem).partition("\n")[0]
    return ""


def open_site_timezones(run_root: str | Path, fingerprint: str, seed: int) -> pa.Table:
    """site_timezones [n] in key order, columns of schemas.2A.yaml#/egress/site_timezones, behind the same gate."""
    path = site_timezones_path(run_root, fingerprint, seed)
    try:
        return open_table(str(path)).read()
    except (OSError, ValueError) as problem:
        raise _unreadable(problem, path, seed) from None


def _unreadable(problem: Exception, path: Path, seed: int) -> Abort:
    return Abort("2A-S5-011", f"site_timezones is unreadable: {problem}"[:200], seed=seed, path=str(path))
