"""Digests that outputs state of other files beside the lineage: a forged record does not help.

Standard library only.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from scripts.archive.tree import LAST, Tree
from scripts.lib.lineage import Lineage


class Statement(NamedTuple):
    """An output that states the digest of a file its job read or made, both by the names that the rule gives them."""

    document: str
    keys: str  # where in it, keys joined by /
    subject: str


STATED = {
    "build_tzdb_release": (
        Statement("meta", "archive_sha256", "tzdb"),
        Statement("provenance", "raw/sha256", "tzdb"),
    ),
    "s0_gate": (
        Statement("determinism", "sha256_hex", "inventory"),
        Statement("report", "determinism/partition_hash", "inventory"),
        Statement("report", "tz_assets/tzdb_archive_sha256", "tzdb"),
    ),
    "s1_tz_lookup": (Statement("report", "published/s1_tz_lookup/sha256_hex", "dataset"),),
    "s2_overrides": (Statement("report", "published/site_timezones/sha256_hex", "dataset"),),
    "s3_timetable": (
        Statement("manifest", "tz_index_digest", "payload"),
        Statement("manifest", "tzdb_archive_sha256", "tzdb"),
        Statement("report", "compiled/tz_index_digest", "payload"),
        Statement("report", "published/tz_timetable_payload/sha256_hex", "payload"),
        Statement("report", "published/tz_timetable_cache/sha256_hex", "manifest"),
        Statement("report", "published/tz_offset_adjustments/sha256_hex", "adjustments"),
    ),
    "s4_legality": (
        Statement("report", "inputs/site_timezones/sha256_hex", "site_timezones"),
        Statement("report", "inputs/cache/tz_index_digest", "payload"),
        Statement("report", "published/s4_legality_report/sha256_hex", "dataset"),
    ),
    "s5_bundle": (Statement("report", "inputs/cache/tz_index_digest", "payload"),),
    "score_seed": (Statement("seed_metrics", "site_locations_sha256", "site_locations"),),
}
EVIDENCE = ("certify_run", "phase_ledger", "run_ledger", "publish_ledger")  # their documents list paths with digests


class Witness(NamedTuple):
    """A document that says which bytes another file has."""

    rank: int
    document: str
    digest: str


def check_stated(tree: Tree, rank: dict[str, int]) -> None:
    """Files against every digest that is stated of them outside the lineage.

    A file that was changed together with its record contradicts all who state it, an edited statement all but itself.
    """
    stated: dict[str, list[Witness]] = {}
    for path, record in tree.records.items():
        with tree.guarded(LAST, path, path, *(file.path for file in record.made)):
            for subject, document, digest in _statements(tree, record):
                if tree.clean(subject) and tree.clean(document):
                    stated.setdefault(subject, []).append(Witness(rank[path], document, digest))
    for subject, witnesses in stated.items():
        found = tree.digest(subject)
        others = [witness for witness in witnesses if witness.digest != found]
        if len(others) == len(witnesses):
            tree.compare(others[0].rank, subject, others[0].digest, others[0].document)
        else:
            for witness in others:
                tree.add(witness.rank, "changed", witness.document, f"It states another digest of {subject}.")


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
