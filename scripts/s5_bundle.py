"""S5: seal the S3 and S4 evidence of one fingerprint, with `_passed.flag` only if all of it passed (states.md §7)."""

import os
import shutil
from pathlib import Path
from typing import Any

from scripts.lib.bundle import copied_verbatim, verify_bundle, write_index_and_flag
from scripts.lib.contracts import catalog_path, schema_errors
from scripts.lib.errors import Abort
from scripts.lib.files import canonical_json, fsync_directory, read_json, sha256_tree, tree_files, write_text
from scripts.lib.gate import open_gate
from scripts.lib.logs import event
from scripts.lib.state import Stages, is_withheld, run_state

FILES = {"evidence/s3/tz_timetable_cache.manifest.json", "checks.json", "index.json", "_passed.flag"}


def main(
    *,
    receipt: str,
    inventory: str,
    s4_report: str,
    site_timezones: str,
    manifest: str,
    payload: str,
    legality: str,
    report: str,
    seed: int,
    fingerprint: str,
) -> list[str]:
    root = Path(receipt.removesuffix(catalog_path("s0_gate_receipt_2A", manifest_fingerprint=fingerprint)))
    bundle = root / catalog_path("validation_bundle_2A", manifest_fingerprint=fingerprint)

    def compute(_: Stages) -> dict[str, Any]:
        gate = open_gate("S5", receipt, inventory, fingerprint)
        seeds = discover_seeds(root, fingerprint)
        event("DISCOVERY", seeds=seeds)
        cache = check_cache(manifest, payload, fingerprint)
        evidence = {
            f"evidence/s4/seed={number}/s4_legality_report.json": legality_report(root, number, fingerprint)
            for number in seeds
        }
        evidence["evidence/s3/tz_timetable_cache.manifest.json"] = Path(manifest)
        digest = publish(bundle, evidence, fingerprint, gate.verified_at_utc)
        event("DIGEST", sha256_hex=digest)
        listed = [name for name in tree_files(bundle) if name not in ("index.json", "_passed.flag")]
        event("VALIDATION", result="pass")
        return {
            "s0": gate.report(fingerprint),
            "inputs": {
                "cache": {
                    "path": catalog_path("tz_timetable_cache", manifest_fingerprint=fingerprint),
                    **{key: cache[key] for key in ("tzdb_release_tag", "rle_cache_bytes", "tz_index_digest")},
                }
            },
            "seeds": {"discovered": len(seeds), "list": seeds},
            "s4": {"covered": len(seeds), "missing": 0, "failing": 0, "sample_missing": []},
            "bundle": {
                "path": catalog_path("validation_bundle_2A", manifest_fingerprint=fingerprint),
                "files_indexed": len(listed),
                "bytes_indexed": sum((bundle / name).stat().st_size for name in listed),
                "index_sorted_ascii_lex": True,
                "index_path_root_scoped": True,
                "includes_flag_in_index": False,
            },
            "digest": {"computed_sha256": digest, "matches_flag": True},
            "flag": {"value": f"sha256_hex = {digest}", "format_exact": True},
        }

    status = run_state(
        "S5",
        compute,
        header={"manifest_fingerprint": fingerprint},
        outputs={},
        report=report,
        previous=[s4_report],
    )
    if status != "pass":  # what an earlier, better run of this seed left must not vouch for this one
        shutil.rmtree(bundle, ignore_errors=True)
        return []
    return [str(bundle / name) for name in tree_files(bundle)]


def discover_seeds(root: Path, fingerprint: str) -> list[int]:
    """Step 1: every seed partition of site_timezones at this fingerprint (2A-S5-011)."""
    family = root / Path(catalog_path("site_timezones", seed="*", manifest_fingerprint=fingerprint)).parent
    found = sorted(int(path.parent.name.removeprefix("seed=")) for path in root.glob(str(family.relative_to(root))))
    others = {path.name for path in root.glob("data/layer1/2A/site_timezones/seed=*/*")} - {family.name}
    if not found or others:
        raise Abort("2A-S5-011", "no seed partition at this fingerprint, or one at another", path=str(family))
    return found


def check_cache(manifest: str, payload: str, fingerprint: str) -> dict[str, Any]:
    """Step 2: cache manifest valid at this fingerprint, payload present with the size it states (2A-S5-020)."""
    try:
        cache = read_json(manifest)
        errors = schema_errors(cache, "schemas.2A.yaml#/cache/tz_timetable_cache")
        if not errors and cache["manifest_fingerprint"] != fingerprint:
            errors = ["another fingerprint"]
        if not errors and Path(payload).stat().st_size != cache["rle_cache_bytes"]:
            errors = ["payload has another size than the manifest says"]
    except (OSError, ValueError) as problem:
        errors = [str(problem)]
    if errors:
        raise Abort("2A-S5-020", "; ".join(errors[:3]), path=manifest)
    return cache


def legality_report(root: Path, seed: int, fingerprint: str) -> Path:
    """Step 2: the S4 report of a seed, which must say PASS (2A-S5-030)."""
    path = root / catalog_path("s4_legality_report", seed=seed, manifest_fingerprint=fingerprint)
    if not path.is_file() or is_withheld(path):
        raise Abort("2A-S5-030", "S4 report is missing or withheld", seed=seed, path=str(path))
    found = read_json(path)
    errors = schema_errors(found, "schemas.2A.yaml#/validation/s4_legality_report")
    if errors or found["status"] != "PASS" or (found["seed"], found["manifest_fingerprint"]) != (seed, fingerprint):
        raise Abort("2A-S5-030", f"S4 report is not a PASS of this partition {errors[:1]}", seed=seed, path=str(path))
    return path


def publish(bundle: Path, evidence: dict[str, Path], fingerprint: str, generated_at_utc: str) -> str:
    """Steps 3-5: stage copies, index, flag; verify; one atomic move of the whole directory."""
    stage = bundle.with_name(f".{bundle.name}.{os.getpid()}.stage")
    shutil.rmtree(stage, ignore_errors=True)
    try:
        for name, source in evidence.items():
            target = stage / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            if not copied_verbatim(source, target):
                raise Abort("2A-S5-046", f"{name} differs from its source", path=str(source))
        datasets = [{"id": name, "status": "PASS"} for name in sorted(evidence)]
        checks = {
            "manifest_fingerprint": fingerprint,
            "generated_at_utc": generated_at_utc,
            "overall_status": "PASS",
            "datasets": datasets,
        }
        write_text(stage / "checks.json", canonical_json(checks))
        event("EVIDENCE", files=len(evidence))
        write_index_and_flag(stage)
        digest = verify_bundle(stage)
        event("INDEX", files=len(tree_files(stage)))
        replace_directory(stage, bundle)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return digest


def replace_directory(stage: Path, bundle: Path) -> None:
    """Write-once: the same bundle is a no-op; one with foreign files or other bytes is refused (2A-S5-012, -060).

    A bundle of this run that other evidence has outdated is replaced only when it is intact: Snakemake may rebuild
    within a run, and a promoted run is archived and never rebuilt (design §5, decision 13).
    """
    if bundle.exists():
        foreign = sorted(set(tree_files(bundle)) - set(tree_files(stage)))
        if foreign:
            raise Abort("2A-S5-012", f"foreign file {foreign[0]}", path=str(bundle))
        if sha256_tree(bundle) == sha256_tree(stage):
            return
        verify_or_refuse(bundle)
        shutil.rmtree(bundle)
    os.replace(stage, bundle)
    fsync_directory(bundle.parent)


def verify_or_refuse(bundle: Path) -> None:
    try:
        verify_bundle(bundle)
    except Abort as problem:
        raise Abort("2A-S5-060", f"published with other bytes: {problem.message}", path=str(bundle)) from None


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main, snakemake)
