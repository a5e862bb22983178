"""One run as one deterministic archive that verifies itself: same tree, same bytes (decisions.md §6).

Packs the certificate, everything that it was made from by lineage, the lineage itself, and the project with its config,
policies, pins and software lock; as an RO-Crate, with SHA256SUMS that plain `sha256sum -c` checks.
"""

import gzip
import io
import json
import os
import tarfile
from pathlib import Path
from typing import BinaryIO

from scripts.archive.crate import CREDITS, Contents, crate_json
from scripts.archive.prove import checked
from scripts.archive.signature import KEY_VARIABLE, Unusable, sign
from scripts.archive.sums import ABSENT, CRATE, SIGNATURE, SUMS, sealed, sum_lines
from scripts.archive.tree import Tree
from scripts.lib.errors import UsageError
from scripts.lib.files import read_json, sha256_file, sha256_text, staged, write_text
from scripts.lib.lineage import HashedFile, Lineage, is_path

LARGE = 1 << 20  # bytes: larger data of results/ may be left out
Records = dict[str, Lineage]


def main(
    *,
    results: list[str],
    project: list[str],
    archive: str,
    checksum: str,
    run: str,
    runs: list[str],
    large: bool,
    signing_key: str | None,
) -> None:
    tree = checked(".", lambda records: closure(records, runs, results))
    records = closure(tree.records, runs, results)
    needed = sorted({*project, *records, *(file.path for record in records.values() for file in record.made)})
    check_whole(tree, records, {*needed, *results})
    members = [HashedFile.of(path) for path in needed]
    absent = [file for file in members if not large and file.path.startswith("results/") and file.bytes > LARGE]
    packed = [file for file in members if file not in absent]
    texts = {ABSENT: sum_lines(absent)} if absent else {}
    contents = Contents(run, records, [*packed, *made_here(texts)], absent, results, Path(CREDITS).read_text())
    texts[CRATE] = json.dumps(crate_json(contents, newest_receipt(records)), indent=1, sort_keys=True) + "\n"
    texts[SUMS] = sealed(sum_lines([*packed, *made_here(texts)]))
    if key := signing_key or os.environ.get(KEY_VARIABLE):
        texts[SIGNATURE] = signed(texts[SUMS], key)
    with staged(archive) as stage, open(stage, "wb") as stream:
        pack(stream, run, [file.path for file in packed], texts)
    write_text(checksum, f"{sha256_file(archive)}  {Path(archive).name}\n")


def check_whole(tree: Tree, records: Records, needed: set[str]) -> None:
    """Raises `UsageError` when a file to pack, or one that it was made from, does not hold or is no plain file."""
    read = {file.path for record in records.values() for file in record.read} | needed
    findings = sorted(tree.findings.values())
    broken = [str(finding) for finding in findings if finding.path in read]
    if broken:  # what no record explains may have lost its record: that comes first
        records_gone = [
            finding for finding in findings if "/lineage/" in finding.path and is_beside(finding.path, read)
        ]
        broken = [*map(str, records_gone), *broken]
    broken += [f"missing: {path}\n    Its run was pruned." for path in sorted(needed & tree.absent.keys())]
    broken += [f"unexplained: {path!a}\n    No list can hold such a name." for path in needed if not is_path(path)]
    if broken:
        raise UsageError(
            f"archive: the result tree is not whole, so it is not packed.\n  {broken[0]}\n"
            "  next:  `snakemake verify` names every broken link; make those files again."
        )


def is_beside(record: str, paths: set[str]) -> bool:
    """Whether a lineage record lies in the folder of one of these files, whose maker it may have been."""
    folder = record.partition("/lineage/")[0]
    return any(path.startswith(f"{folder}/") for path in paths)


def closure(records: Records, runs: list[str], results: list[str]) -> Records:
    """The records of these runs and results and of everything that they read, however far back; makers before users."""
    maker = {file.path: path for path, record in records.items() for file in record.made}
    found: Records = {}

    def visit(path: str) -> None:
        if path not in found:
            for source in sorted({maker[file.path] for file in records[path].read if file.path in maker} - {path}):
                visit(source)
            found[path] = records[path]

    wanted = {maker.get(path) for path in results}
    for path in records:
        if path in wanted or any(path.startswith(f"results/runs/{run}/") for run in runs):
            visit(path)
    return found


def newest_receipt(records: Records) -> str:
    """The date of the archive: that of the newest S0 receipt in it, as no result carries a clock."""
    receipts = [record.outputs["receipt"][0].path for record in records.values() if record.rule == "s0_gate"]
    return max(str(read_json(path)["verified_at_utc"]) for path in receipts)


def made_here(texts: dict[str, str]) -> list[HashedFile]:
    """The members that are made while packing."""
    return [HashedFile(path, sha256_text(text), len(text.encode())) for path, text in texts.items()]


def signed(sums: str, key: str) -> str:
    """The signature of SHA256SUMS; raises `UsageError` where the key cannot be used."""
    try:
        return sign(sums, key)
    except Unusable as problem:
        action = f"Mend archive.signing_key in config/config.yaml or {KEY_VARIABLE}, or take it out."
        raise UsageError(str(problem), where="archive_run", action=action) from None


def pack(stream: BinaryIO, folder: str, paths: list[str], texts: dict[str, str]) -> None:
    """Write a tar.gz whose bytes depend on names and contents only: sorted, mode 0644, owner 0, time 0."""
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=stream, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in sorted([*paths, *texts], key=str.encode):
            member = tarfile.TarInfo(f"{folder}/{path}")
            member.mode = 0o644
            with io.BytesIO(texts[path].encode()) if path in texts else open(path, "rb") as source:
                member.size = source.seek(0, io.SEEK_END)
                source.seek(0)
                tar.addfile(member, source)


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
