"""One run as one deterministic archive that verifies itself: same tree, same bytes (decisions.md §6).

Packs the certificate, everything that it was made from by lineage, the lineage itself, and the project with its config,
policies, pins and software lock; as an RO-Crate, with SHA256SUMS that plain `sha256sum -c` checks.
"""

import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any, BinaryIO

from scripts.archive.crate import crate_json
from scripts.lib.errors import UsageError
from scripts.lib.files import read_json, sha256_file, sha256_text, staged, write_text
from scripts.verify import ABSENT, CRATE, SUMS, Tree, checked, is_path

LARGE = 1 << 20
Records = dict[str, dict[str, Any]]


def main(
    *,
    results: list[str],
    project: list[str],
    archive: str,
    checksum: str,
    run: str,
    runs: list[str],
    large: bool,
) -> None:
    tree = checked(".", lambda records: closure(records, runs, results))
    records = closure(tree.records, runs, results)
    made = sorted({*project, *records, *(entry["path"] for record in records.values() for entry in outputs(record))})
    check_whole(tree, records, {*made, *results})
    members = [{"path": path, "sha256": sha256_file(path), "bytes": Path(path).stat().st_size} for path in made]
    absent = [] if large else [entry for entry in members if is_large(entry)]
    packed = [entry for entry in members if entry not in absent]
    texts = {ABSENT: sums(absent)} if absent else {}
    listed = packed + [described(path, text) for path, text in texts.items()]
    crate = crate_json(run, records, listed, absent, newest_receipt(records), results)
    texts[CRATE] = json.dumps(crate, indent=1, sort_keys=True) + "\n"
    body = sums(packed + [described(path, text) for path, text in texts.items()])
    texts[SUMS] = f"{body}# {sha256_text(body)}  of the lines above\n"
    with staged(archive) as stage, open(stage, "wb") as stream:
        pack(stream, run, [entry["path"] for entry in packed], texts)
    write_text(checksum, f"{sha256_file(archive)}  {Path(archive).name}\n")


def check_whole(tree: Tree, records: Records, needed: set[str]) -> None:
    """Raises `UsageError` when a file to pack, or one that it was made from, does not hold or is no plain file."""
    read = {entry["path"] for record in records.values() for group in record["inputs"].values() for entry in group}
    read |= needed
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


def outputs(record: dict[str, Any]) -> list[dict[str, Any]]:
    """What a job made: its outputs, and those that may be absent."""
    return [entry for group in record["outputs"].values() for entry in group] + record["extra_outputs"]


def closure(records: Records, runs: list[str], results: list[str]) -> Records:
    """The records of these runs and results and of everything that they read, however far back; makers before users."""
    maker = {entry["path"]: path for path, record in records.items() for entry in outputs(record)}
    found: Records = {}

    def visit(path: str) -> None:
        if path not in found:
            for group in records[path]["inputs"].values():
                for source in sorted({maker[entry["path"]] for entry in group if entry["path"] in maker} - {path}):
                    visit(source)
            found[path] = records[path]

    wanted = {maker.get(path) for path in results}
    for path in records:
        if path in wanted or any(path.startswith(f"results/runs/{run}/") for run in runs):
            visit(path)
    return found


def is_large(entry: dict[str, Any]) -> bool:
    """Whether a file may be left out: data of results/ above 1 MiB."""
    return entry["path"].startswith("results/") and entry["bytes"] > LARGE


def newest_receipt(records: Records) -> str:
    """The date of the archive: that of the newest S0 receipt in it, as no result carries a clock."""
    receipts = [record["outputs"]["receipt"][0]["path"] for record in records.values() if record["rule"] == "s0_gate"]
    return max(read_json(path)["verified_at_utc"] for path in receipts)


def described(path: str, text: str) -> dict[str, Any]:
    """A member that is made while packing."""
    return {"path": path, "sha256": sha256_text(text), "bytes": len(text.encode())}


def sums(entries: list[dict[str, Any]]) -> str:
    """Lines as `sha256sum` writes them, in byte order of the path."""
    ordered = sorted(entries, key=lambda entry: entry["path"].encode())
    return "".join(f"{entry['sha256']}  {entry['path']}\n" for entry in ordered)


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

    run_job(main, snakemake)
