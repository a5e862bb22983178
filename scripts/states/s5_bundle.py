"""S5: seal the S3 and S4 evidence of one fingerprint, with `_passed.flag` only if all of it passed (states.md §7)."""

import shutil
from pathlib import Path

from scripts.lib.contracts import catalog_path, schema_errors
from scripts.lib.errors import Abort, Breach, Codes, Fault, raise_all
from scripts.lib.files import canonical_json, discard, put_in_place, read_json, sha256_tree, stage_of, tree_files
from scripts.lib.logs import event
from scripts.lib.published import FLAG_NAME, flag_text
from scripts.states.bundle import NO_LEGALITY, Bundle, legality_fault, verify_bundle, write_index_and_flag
from scripts.states.receipt import Receipt, check_bytes, check_published, open_receipt
from scripts.states.state import Body, Stages, Tokens, run_state
from scripts.states.timetable import MANIFEST, PAYLOAD, CacheManifest, read_manifest

LEGALITY = "s4_legality_report"
DATASETS = ("site_timezones", MANIFEST, PAYLOAD, LEGALITY, "validation_bundle_2A")
SAMPLE = 10
CODES: Codes = {
    "2A-S5-001": [Breach.RECEIPT],
    "2A-S5-010": [Breach.MISSING, Breach.SEAL],
    "2A-S5-020": [(Breach.CONTENT, MANIFEST)],
    "2A-S5-030": [LEGALITY],
    "2A-S5-080": [Breach.CONTRACTS],
}


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
    manifest_fingerprint: str,
) -> list[str]:
    root = Path(receipt.removesuffix(catalog_path("s0_gate_receipt_2A", manifest_fingerprint=manifest_fingerprint)))
    place = catalog_path("validation_bundle_2A", manifest_fingerprint=manifest_fingerprint)
    bundle = root / place

    def compute(_: Stages) -> Body:
        s0 = open_receipt(receipt, inventory, manifest_fingerprint, DATASETS)
        check_sites(s4_report, site_timezones)
        seeds = discover_seeds(root, manifest_fingerprint)
        event("DISCOVERY", seeds=seeds)
        cache = check_cache(s0, manifest, payload)
        reports, covered = legality_reports(root, seeds, manifest_fingerprint)
        check_published(s4_report, LEGALITY, legality)
        evidence = {f"evidence/s4/seed={number}/s4_legality_report.json": path for number, path in reports.items()}
        evidence["evidence/s3/tz_timetable_cache.manifest.json"] = Path(manifest)
        published = publish(bundle, evidence, manifest_fingerprint, s0.verified_at_utc)
        event("DIGEST", sha256_hex=published.digest)
        event("VALIDATION", id="2A-S5", result="pass")
        return {"s0": s0.report(), "inputs": {"cache": cache.report()}, **covered, **bundle_blocks(published, place)}

    header: Tokens = {"manifest_fingerprint": manifest_fingerprint}
    status = run_state("S5", CODES, compute, header=header, outputs={}, report=report, previous=[s4_report])
    if status != "pass":  # what an earlier, better run of this seed left must not vouch for this one
        discard(bundle)
        return []
    return [str(bundle / name) for name in tree_files(bundle)]


def check_sites(s4_report: str, site_timezones: str) -> None:
    """The table that S4 judged is the one that lies there; its rows are not read (2A-S5-010)."""
    try:
        judged = read_json(s4_report)["inputs"]["site_timezones"]["sha256_hex"]
    except (OSError, ValueError, KeyError, TypeError):
        message = "the S4 run report does not say which table it judged"
        raise Fault(Breach.SEAL, "site_timezones", message, path=s4_report) from None
    check_bytes("site_timezones", judged, "judged by S4", site_timezones)


def discover_seeds(root: Path, fingerprint: str) -> list[int]:
    """Step 1: every seed partition of site_timezones at this fingerprint (2A-S5-011)."""
    family = Path(catalog_path("site_timezones", seed="*", manifest_fingerprint=fingerprint)).parent
    partitions = [path for path in root.glob(str(family.parent / "*")) if path.is_dir()]
    levels = {path: path.parent.name.removeprefix("seed=") for path in partitions}
    here = sorted(int(seed) for path, seed in levels.items() if path.name == family.name and seed.isdecimal())
    other = sorted(path.name for path, seed in levels.items() if path.name != family.name or not seed.isdecimal())
    if not here or other:
        what = f"a partition of another token: {other[0]}" if other else "no seed partition at this fingerprint"
        raise Abort("2A-S5-011", what, path=str(root / family))
    return here


def check_cache(s0: Receipt, manifest: str, payload: str) -> CacheManifest:
    """Step 2: the cache is there and valid, of the sealed tzdb, and its payload has its digest (2A-S5-020)."""
    cache = read_manifest(manifest)
    if not Path(payload).is_file():
        raise Fault(Breach.MISSING, PAYLOAD, "a file of the timetable cache is missing", path=payload)
    stated, found = vars(cache), vars(CacheManifest.of(s0, Path(payload)))
    errors = [f"{name} is {value}, found {found[name]}" for name, value in stated.items() if value != found[name]]
    if errors:
        raise Fault(Breach.CONTENT, MANIFEST, "; ".join(errors[:3]), path=manifest)
    return cache


def legality_reports(root: Path, seeds: list[int], fingerprint: str) -> tuple[dict[int, Path], Body]:
    """Step 2: the S4 report of each seed, which must say PASS (2A-S5-030), and the blocks `seeds` and `s4`."""
    paths = {seed: root / catalog_path(LEGALITY, seed=seed, manifest_fingerprint=fingerprint) for seed in seeds}
    faults = {seed: why for seed, path in paths.items() if (why := legality_fault(path, seed, fingerprint))}
    missing = [seed for seed, why in faults.items() if why == NO_LEGALITY]
    covered = {
        "seeds": {"discovered": len(seeds), "list": seeds},
        "s4": {
            "covered": len(seeds) - len(faults),
            "missing": len(missing),
            "failing": len(faults) - len(missing),
            "sample_missing": missing[:SAMPLE],
        },
    }
    failing = [Fault(Breach.CONTENT, LEGALITY, why, seed=seed, path=str(paths[seed])) for seed, why in faults.items()]
    raise_all(failing, report=covered)
    return paths, covered


def bundle_blocks(published: Bundle, path: str) -> Body:
    """The blocks `bundle`, `digest` and `flag`, each value as it was found in the published bytes."""
    index = published.index
    return {
        "bundle": {
            "path": path,
            "files_indexed": len(index.files),
            "bytes_indexed": sum((published.root / name).stat().st_size for name in index.paths),
            "index_sorted_ascii_lex": index.in_byte_order,
            "index_path_root_scoped": not index.outside(published.root),
            "includes_flag_in_index": FLAG_NAME in index.paths,
        },
        "digest": {"computed_sha256": published.digest, "matches_flag": published.stated == published.digest},
        "flag": {
            "value": published.flag.decode().rstrip("\n"),
            "format_exact": published.flag == flag_text(published.stated).encode(),  # a reader takes one without LF too
        },
    }


def publish(bundle: Path, evidence: dict[str, Path], fingerprint: str, generated_at_utc: str) -> Bundle:
    """Steps 3-5: stage copies, index, flag; one atomic move of the whole directory; verified before and after."""
    with stage_of(bundle) as stage:
        for name, source in evidence.items():
            target = stage / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            if source.read_bytes() != target.read_bytes():
                raise Abort("2A-S5-046", f"{name} differs from its source", path=str(source))
        checks = {
            "manifest_fingerprint": fingerprint,
            "generated_at_utc": generated_at_utc,
            "overall_status": "PASS",
            "datasets": [{"id": name, "status": "PASS"} for name in sorted(evidence)],
        }
        if problems := schema_errors(checks, "schemas.2A.yaml#/validation/checks_v1"):
            raise Abort("2A-S5-040", f"checks.json: {'; '.join(problems[:3])}", path=str(bundle))
        (stage / "checks.json").write_text(canonical_json(checks), encoding="ascii")
        event("EVIDENCE", files=len(evidence))
        write_index_and_flag(stage)
        verify_bundle(stage)
        event("INDEX", files=len(tree_files(stage)))
        place_once(stage, bundle)
    return verify_bundle(bundle)


def place_once(stage: Path, bundle: Path) -> None:
    """Write-once: the same bundle is a no-op, any other refused (2A-S5-012, -060): a rerun withdraws it first."""
    if not bundle.exists():
        put_in_place(stage, bundle)
    elif foreign := sorted(set(tree_files(bundle)) - set(tree_files(stage))):
        raise Abort("2A-S5-012", f"foreign file {foreign[0]}", path=str(bundle))
    elif sha256_tree(bundle) != sha256_tree(stage):
        raise Abort("2A-S5-060", "a bundle with other bytes lies at this path", path=str(bundle))


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
