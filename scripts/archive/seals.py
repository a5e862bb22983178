"""What outputs state of other files beside the lineage: digests, the seal of S0, the verdict of S5, flags.

A forged record does not help where a second place states the bytes. Standard library only.
"""

from collections.abc import Callable, Iterator
from typing import Any

from scripts.archive.tree import LAST, Broken, Tree
from scripts.lib.lineage import HashedFile, Lineage
from scripts.lib.pins import SeedPins, pins_path
from scripts.lib.published import FLAG_NAME, INDEX_NAME, NoFlag, flag_digest
from scripts.lib.records import record as typed_record

# By rule: a document, the keys in it (joined by /) that state a digest, and the file of that digest, which the job read
# or made; documents and files by the names that the rule gives them.
STATED = {
    "build_tzdb_release": [
        ("meta", "archive_sha256", "tzdb"),
        ("provenance", "raw/sha256", "tzdb"),
    ],
    "s0_gate": [
        ("determinism", "sha256_hex", "inventory"),
        ("report", "determinism/partition_hash", "inventory"),
        ("report", "tz_assets/tzdb_archive_sha256", "tzdb"),
    ],
    "s1_tz_lookup": [("report", "published/s1_tz_lookup/sha256_hex", "dataset")],
    "s2_overrides": [("report", "published/site_timezones/sha256_hex", "dataset")],
    "s3_timetable": [
        ("manifest", "tz_index_digest", "payload"),
        ("manifest", "tzdb_archive_sha256", "tzdb"),
        ("report", "compiled/tz_index_digest", "payload"),
        ("report", "published/tz_timetable_payload/sha256_hex", "payload"),
        ("report", "published/tz_timetable_cache/sha256_hex", "manifest"),
        ("report", "published/tz_offset_adjustments/sha256_hex", "adjustments"),
    ],
    "s4_legality": [
        ("report", "inputs/site_timezones/sha256_hex", "site_timezones"),
        ("report", "inputs/cache/tz_index_digest", "payload"),
        ("report", "published/s4_legality_report/sha256_hex", "dataset"),
    ],
    "s5_bundle": [("report", "inputs/cache/tz_index_digest", "payload")],
    "score_seed": [("seed_metrics", "site_locations_sha256", "site_locations")],
}
EVIDENCE = ("certify_run", "phase_ledger", "run_ledger", "publish_ledger")  # their documents list paths with digests


def check_stated(tree: Tree, rank: dict[str, int]) -> None:
    """Files against every digest that is stated of them outside the lineage.

    A file that was changed together with its record contradicts all who state it, an edited statement all but itself.
    """
    stated: dict[str, list[tuple[int, str, str]]] = {}  # by file: rank, document, the digest that it states
    for path, record in tree.records.items():
        with tree.guarded(LAST, path, path, *(file.path for file in record.made)):
            for subject, document, digest in _statements(tree, record):
                if tree.clean(subject) and tree.clean(document):
                    stated.setdefault(subject, []).append((rank[path], document, digest))
    for subject, witnesses in stated.items():
        found = tree.digest(subject)
        others = [(place, document, digest) for place, document, digest in witnesses if digest != found]
        if others == witnesses:
            place, document, digest = others[0]
            tree.compare(place, subject, digest, document)
        else:
            for place, document, _ in others:
                tree.add(place, "changed", document, f"It states another digest of {subject}.")


def _statements(tree: Tree, record: Lineage) -> Iterator[tuple[str, str, str]]:
    """File, the document that states its digest, the digest: of one job, by STATED and by its lists of evidence."""
    for document, keys, subject in STATED.get(record.rule, ()):
        (stating,), subjects = record.outputs[document], record.outputs.get(subject) or record.inputs[subject]
        found = tree.json(stating.path)
        digest = _at(found, keys)
        if subjects[1:]:
            continue  # a dataset of several parts: the seal of S0 states them
        if digest is not None or (found.keys() != {"withheld"} and found.get("status", "pass") == "pass"):
            yield subjects[0].path, stating.path, str(digest)  # a state that did not pass states less
    if record.rule in EVIDENCE and not record.record.startswith(tuple(tree.pruned)):
        for document in (file.path for file in record.made if file.path.endswith(".json")):
            for subject, digest in _pairs(tree.json(document)):
                yield subject, document, digest


def _at(value: Any, keys: str) -> Any:
    for key in keys.split("/"):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _pairs(value: Any) -> Iterator[tuple[str, str]]:
    """Every `path` that stands beside its `sha256`, at any depth."""
    if isinstance(value, dict) and {"path", "sha256"} <= value.keys():
        yield str(value["path"]), str(value["sha256"])
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _pairs(part)


def check_seals(tree: Tree, rank: dict[str, int]) -> None:
    """Whatever the outputs of each job and the bundles state."""
    for path, record in tree.records.items():
        rule = "import_upstream" if record.rule.startswith("import_upstream_") else record.rule  # one rule a seed
        with tree.guarded(LAST, path, path, *(file.path for file in (*record.read, *record.made))):
            if rule in CHECKS:
                CHECKS[rule](tree, rank[path], record)
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


CHECKS: dict[str, Callable[[Tree, int, Lineage], None]] = {  # what the outputs of a rule must hold
    "build_upstream": check_upstream,
    "import_upstream": check_upstream,
    "s0_gate": check_s0,
    "s5_bundle": check_s5,
}
