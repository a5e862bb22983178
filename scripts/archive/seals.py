"""What outputs state of each other beside the lineage: digests, the seal of S0, the verdict of S5, flags.

A forged record does not help where a second place states the bytes. Standard library only.
"""

from collections.abc import Callable
from typing import Any

from scripts.archive.tree import LAST, Broken, Tree
from scripts.lib.lineage import HashedFile, Lineage
from scripts.lib.pins import SeedPins, pins_path
from scripts.lib.published import FLAG_NAME, INDEX_NAME, NoFlag, flag_digest
from scripts.lib.records import record as typed_record

Check = Callable[[Tree, int, Lineage], None]


def check_seals(tree: Tree, rank: dict[str, int]) -> None:
    """Whatever the outputs of each job and the bundles state."""
    for path, record in tree.records.items():
        places = [path, *(file.path for file in (*record.read, *record.made))]
        for check in _checks(record.rule):
            with tree.guarded(LAST, path, *places):
                check(tree, rank[path], record)
    for flag in (path for path in tree.files if path.startswith("results/") and path.endswith(f"/{FLAG_NAME}")):
        with tree.guarded(LAST, flag, flag.removesuffix(FLAG_NAME)):
            check_flag(tree, flag)


def check_upstream(tree: Tree, rank: int, record: Lineage) -> None:
    """The files of an upstream against the pins that its job was held to."""
    pins = _pins(record, record)
    if tree.digest(pins.path) == pins.sha256:  # else the changed pins are the finding
        root = record.outputs["run_receipt"][0].path.rpartition("/")[0]
        for name, digest in typed_record(SeedPins, tree.json(pins.path)).files.items():
            tree.compare(rank, f"{root}/{name}", digest, f"its pin in {pins.path}")


def _pins(record: Lineage, upstream: Lineage) -> HashedFile:
    """The pins that a job was held to, which must be those of the authority and seed of its upstream."""
    wanted, (pins,) = pins_path(upstream.wildcards["authority"], upstream.wildcards["seed"]), record.inputs["pins"]
    if pins.path != wanted:
        raise Broken(record.record, f"was held to {pins.path}, not to {wanted}")
    return pins


def check_s0(tree: Tree, rank: int, record: Lineage) -> None:
    """S0: the sealed inventory against the files, its receipt against the 1B flag, its pins by their place."""
    if upstream := tree.made.get(record.inputs["run_receipt"][0].path):  # else its lost record is the finding
        _pins(record, tree.records[upstream.record])
    receipt, inventory = (record.outputs[name][0].path for name in ("receipt", "inventory"))
    for row in tree.json(inventory):
        path, digest = _sealed(tree, record, row)
        if tree.clean(path, inventory) and digest != row["sha256_hex"]:
            tree.add(rank, "changed", path, f"{inventory} sealed {row['sha256_hex'][:12]}.")
    flag = _read(record, f"/{FLAG_NAME}")
    if tree.clean(flag, receipt) and tree.json(receipt)["flag_sha256_hex"] != _flag(tree, flag):
        tree.add(rank, "changed", receipt, f"It names another digest of the upstream bundle than {flag}.")


def _sealed(tree: Tree, record: Lineage, row: dict[str, Any]) -> tuple[str, str | None]:
    """Where a sealed asset lies, and its digest now; that of a directory covers all its files but the flag."""
    at = f"/{row['catalog_path']}"
    if not at.endswith("/"):
        path = _read(record, at)
        return path, tree.digest(path)
    (folder,) = {file.path.partition(at)[0] + at for file in record.read if at in file.path}
    members = {name for name in (*tree.files, *tree.absent) if name.startswith(folder)} - {folder + FLAG_NAME}
    return folder, tree.joint_digest(sorted(members))


def check_s5(tree: Tree, rank: int, record: Lineage) -> None:
    """S5: where the report says pass, a bundle with flag over true copies of the evidence; else none."""
    report, seed = record.outputs["report"][0].path, record.wildcards["seed"]
    found = tree.json(report)
    place = f"data/layer1/2A/validation/manifest_fingerprint={found['manifest_fingerprint']}"
    bundle = f"{report.partition('/reports/')[0]}/{place}"
    flag = f"{bundle}/{FLAG_NAME}"
    if tree.digest(flag) is None and found["status"] == "pass":
        tree.gone(rank, flag, f"{report} says that the bundle passed.")
    elif tree.digest(flag) and found["status"] != "pass":
        tree.add(rank, "unexplained", flag, f"{report} says that the seed did not pass.")
    elif tree.digest(flag):
        if tree.clean(flag, report) and found["digest"]["computed_sha256"] != _flag(tree, flag):
            tree.add(rank, "changed", flag, f"{report} states another digest of the bundle.")
        copies = {"manifest": "s3/tz_timetable_cache.manifest", "legality": f"s4/seed={seed}/s4_legality_report"}
        for name, copy in copies.items():
            origin, evidence = record.inputs[name][0].path, f"{bundle}/evidence/{copy}.json"
            if tree.clean(origin, evidence) and tree.digest(origin) != tree.digest(evidence):
                tree.add(rank, "changed", origin, f"Its copy under the flag of S5 has other bytes: {evidence}.")


def check_flag(tree: Tree, flag: str) -> None:
    """A bundle of 1B or 2A: its index states true digests, its flag the one over the files of the index in order."""
    root = flag.removesuffix(FLAG_NAME)
    index = f"{root}{INDEX_NAME}"
    found = tree.json(index)
    rows = found["files"] if isinstance(found, dict) else sorted(found, key=lambda row: row["path"])
    digest = tree.joint_digest(f"{root}{row['path']}" for row in rows)
    for row in rows:
        if tree.clean(root) and row.get("sha256_hex", "") not in ("", tree.digest(f"{root}{row['path']}")):
            tree.add(LAST, "changed", index, f"It states another digest of {row['path']}.")
    if tree.clean(root) and digest != _flag(tree, flag):
        tree.add(LAST, "changed", flag, f"The files of the bundle give {digest[:12]}.")


def _read(record: Lineage, end: str) -> str:
    """The one file that a job read whose path ends so; raises ValueError for none and for several."""
    (found,) = {file.path for file in record.read if file.path.endswith(end)}
    return found


def _flag(tree: Tree, flag: str) -> str:
    try:
        return flag_digest(tree.bytes(flag))
    except NoFlag:
        raise Broken(flag, "is no flag") from None


def _checks(rule: str) -> tuple[Check, ...]:
    """The checks of a rule; that of an import has one rule for each seed."""
    return CHECKS.get("import_upstream" if rule.startswith("import_upstream_") else rule, ())


CHECKS: dict[str, tuple[Check, ...]] = {  # what each rule's own outputs must hold
    "build_upstream": (check_upstream,),
    "import_upstream": (check_upstream,),
    "s0_gate": (check_s0,),
    "s5_bundle": (check_s5,),
}
