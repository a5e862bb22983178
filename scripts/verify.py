"""Prove a result tree: re-read and re-hash every file and follow each input to the output, seal or pin that made it.

`python scripts/verify.py PATH` checks a project folder or an unpacked archive; it needs the standard library only.
Words: ok, changed, missing, unexplained (a file that no rule made). Logs and benchmarks carry times and are left out.
Nothing in the tree is trusted: all of it is read through `Tree`, and what cannot be read or followed is a finding.
What this proves and what it cannot prove: docs/archive.md.
"""

import hashlib
import json
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, it finds its modules beside it

from scripts.lib.pins import SeedPins
from scripts.lib.records import record as as_record

SUMS, ABSENT, CRATE = "SHA256SUMS", "NOT_INCLUDED.sha256", "ro-crate-metadata.json"
PRUNED, CERTIFICATE = "results/prune_receipt.json", "certification/segment2a_certification.json"
HEX = re.compile(r"[a-f0-9]{64}")
SUM_LINE = re.compile(r"([a-f0-9]{64})  (.+)")
FLAG = re.compile(r"sha256_hex = ([a-f0-9]{64})\n?")
PLACES = "results/((archive|reference|runs/[^/]+/(certification|policy|seed=[^/]+)|upstream/[^/]+/seed=[^/]+)/)?"
CACHES = r"results/(verify|gate)\.log|\.snakemake(/.*)?|scripts/(.*/)?__pycache__/.*"
EXEMPT = re.compile(rf"{PLACES}(logs|benchmarks)/.*|{CACHES}")
STATED = {  # rule -> (output that states a digest, under which key, of which output)
    "build_tzdb_release": ("meta", "archive_sha256", "archive"),
    "s0_gate": ("determinism", "sha256_hex", "inventory"),
    "s3_timetable": ("manifest", "tz_index_digest", "payload"),
}
CHUNK, LARGEST = 1 << 22, 1 << 28  # bytes: of one read, and of a file whose content is looked into
LAST = 1 << 20  # rank of what is a consequence, or has no place in the chain
MALFORMED = (LookupError, TypeError, ValueError, AttributeError, StopIteration, RecursionError)
Record = dict[str, Any]


class Finding(NamedTuple):
    """One broken link; `rank` is its distance from the sources, so that the first is the cause of later ones."""

    rank: int
    path: str
    word: str
    why: str

    def __str__(self) -> str:
        return f"{self.word}: {printable(self.path)}\n    {printable(self.why)}"


class Broken(Exception):
    """A file that cannot be read, or does not hold what it must."""

    def __init__(self, path: str, why: str, word: str = "changed"):
        super().__init__(why)
        self.path, self.why, self.word = path, why, word


def printable(text: str) -> str:
    """`text` on one line, whatever a name or the content of a file has put into it."""
    return text if text.isprintable() else ascii(text)


def pretty_json(value: Any) -> str:
    """The form in which lineage records are written; any other form was edited."""
    return json.dumps(value, sort_keys=True, indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def is_path(value: Any) -> bool:
    """Whether a value names a place inside the tree."""
    return isinstance(value, str) and value.isprintable() and not {"", ".", ".."} & set(value.split("/"))


class Tree:
    """The only reader of a result tree, and what was found so far: one finding a file, the first one stays."""

    def __init__(self, root: str | Path):
        self.root = Path(root)
        self.findings: dict[str, Finding] = {}
        self.records: dict[str, Record] = {}
        self.made: dict[str, tuple[str, str]] = {}  # path -> digest, the record or pin that says so
        self.explained: set[str] = set()  # known without a digest: a record that is itself broken
        self.absent: dict[str, str] = {}  # left out of an archive or pruned, known by digest
        self.listed: set[str] = set()  # an archive's own files
        self.pruned: set[str] = set()  # roots of runs whose data were deleted
        self._digests: dict[str, str | Broken] = {}
        self.is_archive = any(os.path.lexists(self.root / name) for name in (SUMS, CRATE))
        self.names = self._scan("" if self.is_archive else "results")
        self.files = [path for path in self.names if not EXEMPT.fullmatch(path)]

    def _scan(self, top: str) -> list[str]:
        """Everything but folders below `top`, sorted; a top folder such as results/ may lie on another disk."""
        found, folders = [], [top]
        while folders:
            folder = folders.pop()
            try:
                for entry in os.scandir(self.root / folder):
                    path = f"{folder}/{entry.name}".lstrip("/")
                    is_folder = entry.is_dir(follow_symlinks=not folder) and path != ".snakemake"
                    (folders if is_folder else found).append(path)
            except FileNotFoundError:
                self.add(-3, "missing", folder or ".", "No such folder: give the project or an unpacked archive.")
            except OSError as problem:
                self.add(-3, "changed", folder or ".", f"It cannot be read: {problem.strerror}.")
        return sorted(found)

    def add(self, rank: int, word: str, path: str, why: str) -> None:
        self.findings.setdefault(path, Finding(rank, path, word, why))

    def clean(self, *places: str) -> bool:
        """Whether nothing was found at or below these paths: a seal over a changed file says nothing new."""
        return not any(path.startswith(places) for path in self.findings)

    def chunks(self, path: str, largest: int | None = None) -> Iterator[bytes]:
        """The bytes of a file; raises `Broken` for whatever is no readable, regular file inside the tree."""
        try:
            if not is_path(path):
                raise Broken(path, "is no path inside the tree")
            found = os.lstat(self.root / path)
            folders = [*Path(path).parents][:-2]
            if stat.S_ISLNK(found.st_mode) or any(os.path.islink(self.root / folder) for folder in folders):
                raise Broken(path, "is a link, not a file")
            if not stat.S_ISREG(found.st_mode):
                raise Broken(path, "is no regular file")
            if largest and found.st_size > largest:
                raise Broken(path, "is too large to be looked into")
            with open(self.root / path, "rb") as stream:
                while chunk := stream.read(CHUNK):
                    yield chunk
        except (FileNotFoundError, NotADirectoryError):
            raise Broken(path, "is not there", "missing") from None
        except OSError as problem:
            raise Broken(path, f"cannot be read: {problem.strerror}") from None

    def text(self, path: str) -> str:
        try:
            return b"".join(self.chunks(path, LARGEST)).decode("utf-8")
        except ValueError:
            raise Broken(path, "is no UTF-8 text") from None

    def json(self, path: str) -> Any:
        try:
            return json.loads(self.text(path))
        except (ValueError, RecursionError):
            raise Broken(path, "is no JSON") from None

    def digest(self, path: str) -> str | None:
        """SHA-256 of a file; None when it has none. A file that is lawfully absent has its stated one."""
        if path not in self._digests:
            try:
                self._digests[path] = self.joint_digest([path])
            except Broken as broken:
                self._digests[path] = broken
        found = self._digests[path]
        if isinstance(found, Broken):
            return self.absent.get(path) if found.word == "missing" else None
        return found

    def joint_digest(self, paths: list[str]) -> str:
        """SHA-256 over the bytes of several files in the order given."""
        digest = hashlib.sha256()
        for chunk in (chunk for path in paths for chunk in self.chunks(path)):
            digest.update(chunk)
        return digest.hexdigest()

    def gone(self, rank: int, path: str, why: str) -> None:
        """Report a file without digest: missing, which matters for the reason given, or there and unreadable."""
        broken = self._digests[path]
        self.add(rank, broken.word, path, why if broken.word == "missing" else f"It {broken.why}.")

    def compare(self, rank: int, path: str, wanted: str, source: str) -> None:
        """One file against the digest that `source` states."""
        found = self.digest(path)
        if found is None:
            self.gone(rank, path, f"{source} says that it was there.")
        elif found != wanted:
            self.add(rank, "changed", path, f"sha256 is {found[:12]}, {source} says {wanted[:12]}.")

    def guarded(self, rank: int, path: str, places: list[str], check: Any, *arguments: Any) -> None:
        """Run a check that looks into files; one that cannot be followed is a finding, unless `places` have one."""
        try:
            return check(self, *arguments)
        except Broken as broken:
            if broken.word == "missing" and broken.path in self.absent:
                return None  # known by digest only: there is nothing to look into
            path, word, why = broken.path, broken.word, f"It {broken.why}."
        except MALFORMED as problem:
            word, why = "changed", f"It does not hold what its job wrote: {type(problem).__name__} {problem}."
        if self.clean(*places):
            self.add(rank, word, path, why)


def verify_tree(root: str | Path) -> list[Finding]:
    """Every broken link of the tree at `root`, nearest to the sources first; empty when all is ok."""
    return sorted(checked(root).findings.values())


def checked(root: str | Path, current: Callable[[dict[str, Record]], dict[str, Record]] = dict) -> Tree:
    """The tree at `root` with all its findings; `current` picks the records whose inputs must be those of now."""
    tree = Tree(root)
    if tree.is_archive:
        tree.guarded(-2, SUMS, [SUMS], check_sums)
    read_records(tree)
    if PRUNED in tree.files:
        tree.guarded(-1, PRUNED, [PRUNED], read_pruned)
    rank = ranks(tree.records)
    check_outputs(tree, rank)
    check_uses(tree, rank, current(tree.records))
    check_strays(tree)
    for path, record in tree.records.items():
        places = [path, *(entry["path"] for entry in entries(record, "inputs", "outputs", "extra_outputs"))]
        for check in CHECKS.get(record["rule"], ()):
            tree.guarded(LAST, path, places, check, rank[path], record)
    for flag in (path for path in tree.files if path.startswith("results/") and path.endswith("/_passed.flag")):
        tree.guarded(LAST, flag, [flag.removesuffix("_passed.flag")], check_flag, flag)
    return tree


def check_sums(tree: Tree) -> None:
    """An unpacked archive: every file against SHA256SUMS, whose last line seals the list itself."""
    text = tree.text(SUMS)
    body = text.rpartition("# ")[0]
    if f"{body}# {hashlib.sha256(body.encode()).hexdigest()}  of the lines above\n" != text:
        raise Broken(SUMS, "does not have the digest that its last line states")
    listed = read_sums(SUMS, body)
    for path, digest in listed.items():
        tree.compare(-1, path, digest, SUMS)
    if ABSENT in listed and tree.clean(ABSENT):
        tree.absent = read_sums(ABSENT, tree.text(ABSENT))
    for path, digest in tree.absent.items():
        tree.compare(-1, path, digest, ABSENT)
    tree.listed = {*listed, *tree.absent}
    for path in sorted({*tree.files} - tree.listed - {SUMS}):
        tree.add(LAST, "unexplained", path, "The archive was packed without it.")


def read_sums(source: str, text: str) -> dict[str, str]:
    """Digests by path from a list as `sha256sum` writes it."""
    matches = [SUM_LINE.fullmatch(line) for line in text.removesuffix("\n").split("\n")]
    if not all(match and is_path(match[2]) for match in matches):
        raise Broken(source, "is no list of digests of files inside the tree")
    return {match[2]: match[1] for match in matches}


def read_records(tree: Tree) -> None:
    """Load the lineage records; one that is not as a job wrote it is reported and not believed."""
    for path in (name for name in tree.files if re.fullmatch(r"results/(.*/)?lineage/.*\.json", name)):
        try:
            tree.records[path] = record = read_record(tree, path)
        except Broken as broken:
            logged = path.replace("/lineage/", "/logs/") + "l" in tree.names
            tree.add(-1, "changed" if logged else "unexplained", path, f"This lineage record {broken.why}.")
            tree.explained.add(path)
        else:
            for entry in entries(record, "outputs", "extra_outputs"):
                tree.made.setdefault(entry["path"], (entry["sha256"], path))
    for log in (name for name in tree.names if EXEMPT.fullmatch(name) and name.endswith(".jsonl")):
        path = log.replace("/logs/", "/lineage/").removesuffix("l")  # every job leaves a log and a record side by side
        if path not in tree.records and path not in tree.explained:
            tree.add(-1, "missing", path, "The job has a log but left no lineage record: it was killed or has failed.")
    if not tree.records:
        tree.add(-2, "missing", "results", "No sound lineage record lies here, so there is nothing to prove it with.")


def read_record(tree: Tree, path: str) -> Record:
    """The record at `path`, if it is sound, is the one of that path, and names places inside the tree only."""
    text = tree.text(path)
    try:
        record = json.loads(text)
        sound = pretty_json(record) == text
        digest = record.pop("record_sha256")
        sound &= hashlib.sha256(pretty_json(record).encode()).hexdigest() == digest
        made = entries(record, "outputs", "extra_outputs")
        listed = [*made, *entries(record, "inputs", "code")]
        sound &= all(is_path(entry["path"]) and bool(HEX.fullmatch(entry["sha256"])) for entry in listed)
        sound &= all(entry["path"].startswith("results/") for entry in made) and all(record["outputs"].values())
        sound &= isinstance(record["rule"], str)
        place = record["record"]
    except MALFORMED:
        sound = False
    if not sound:
        raise Broken(path, "is not as a job wrote it")
    if place != path:
        raise Broken(path, f"is the record of {place!r:.200}")
    return record


def entries(record: Record, *kinds: str) -> list[dict[str, str]]:
    """The `{path, sha256}` entries of a record under these keys."""
    found = []
    for value in (record[kind] for kind in kinds):
        found += value if isinstance(value, list) else [entry for group in value.values() for entry in group]
    return found


def ranks(records: dict[str, Record]) -> dict[str, int]:
    """Distance of each record from the sources: 0 for a job that reads no result of another."""
    maker = {entry["path"]: path for path, record in records.items() for entry in entries(record, "outputs")}
    left = {
        path: {maker[entry["path"]] for entry in entries(record, "inputs") if entry["path"] in maker} - {path}
        for path, record in records.items()
    }
    found: dict[str, int] = {}
    step = 0
    while left:
        ready = [path for path, needs in left.items() if needs <= found.keys()] or [*left]  # a circle has no first
        found |= dict.fromkeys(ready, step)
        left = {path: needs for path, needs in left.items() if path not in found}
        step += 1
    return found


def read_pruned(tree: Tree) -> None:
    """Data of pruned runs are lawfully absent and known by their records, where the prune receipt holds."""
    tree.explained.add(PRUNED)
    for name, entry in tree.json(PRUNED).items():
        tree.guarded(-1, PRUNED, [PRUNED], read_pruned_run, f"results/runs/{name}", entry)


def read_pruned_run(tree: Tree, root: str, entry: dict[str, Any]) -> None:
    """The lost data of one run, if its entry in the receipt holds and the run was not made anew since."""
    present = {path.partition("/data/")[0] for path in tree.files if "/data/" in path}
    gone = {
        path: (digest, maker)
        for path, (digest, maker) in tree.made.items()
        if path.startswith(f"{root}/seed=") and "/data/" in path and path.partition("/data/")[0] not in present
    }
    if gone:
        check_pruned(tree, root, entry, {maker for _, maker in gone.values()})
        tree.absent |= {path: digest for path, (digest, _) in gone.items()}
        tree.pruned.add(f"{root}/")


def check_pruned(tree: Tree, root: str, entry: dict[str, Any], makers: set[str]) -> None:
    """An entry of the prune receipt holds when the run has failed and the records of the lost data are those kept.

    Reports that need no data may have been made anew since: their own records judge them.
    """
    for path in sorted(makers):
        if entry["kept_reports"][path.removeprefix(f"{root}/")] != tree.digest(path):
            raise Broken(PRUNED, f"states another digest of {path}")
    certificate = f"{root}/{CERTIFICATE}"
    found = tree.json(certificate) if tree.made[certificate][0] == tree.digest(certificate) else entry
    if (entry["status"], found["status"]) != ("FAIL_REALISM", "FAIL_REALISM"):
        raise Broken(PRUNED, f"names {root}, which has not failed")


def check_outputs(tree: Tree, rank: dict[str, int]) -> None:
    """Every file that a record or a pin says was made, against its bytes now."""
    for path, record in tree.records.items():
        for entry in entries(record, "outputs", "extra_outputs"):
            tree.compare(rank[path], entry["path"], entry["sha256"], path)
        if "run_receipt" in record["outputs"]:
            tree.guarded(-1, path, [path], check_upstream, rank[path], record)


def check_upstream(tree: Tree, rank: int, record: Record) -> None:
    """The files of an upstream against the pins that its job was held to."""
    root, (pins,) = record["outputs"]["run_receipt"][0]["path"].rpartition("/")[0], record["inputs"]["pins"]
    if tree.digest(pins["path"]) == pins["sha256"]:  # else `check_uses` says so
        for name, pin in as_record(SeedPins, tree.json(pins["path"])).files.items():
            tree.compare(rank, f"{root}/{name}", pin, f"its pin in {pins['path']}")


def check_uses(tree: Tree, rank: dict[str, int], records: dict[str, Record]) -> None:
    """Every file that a record says was read: the bytes its maker made, or those of a config or code file now.

    A pruned run cannot be made to follow what changes after it, and an archive holds what was packed.
    """
    users: dict[str, list[tuple[int, str, str]]] = {}
    for path, record in records.items():
        if path.startswith(tuple(tree.pruned)) or record["rule"] == "archive_run":
            continue
        for entry in entries(record, "inputs", "code"):
            users.setdefault(entry["path"], []).append((rank[path], path, entry["sha256"]))
    for path, uses in users.items():
        others = sorted(use for use in uses if use[2] != tree.digest(path))
        of = f"{others[0][1]} (and {len(others) - 1} more)" if others[1:] else others[0][1] if others else ""
        if tree.digest(path) is None:
            tree.gone(min(uses)[0] - 1, path, f"It was read by {of}.")
        elif others:
            what = "was made anew after" if path in tree.made else "has other bytes than"
            tree.add(others[0][0] - 1, "changed", path, f"It {what} the job of {of} read it: run that again.")


def check_strays(tree: Tree) -> None:
    """Files below results/ that no rule made."""
    known = {*tree.made, *tree.records, *tree.explained, *tree.listed}
    for path in tree.files:
        if path.startswith("results/") and path not in known:
            why = "A killed job left it; a rerun clears it." if ".stage" in path else "No lineage record names it."
            tree.add(LAST, "unexplained", path, why)


def check_stated(tree: Tree, rank: int, record: Record) -> None:
    """An output that states the digest of another one."""
    document, key, subject = STATED[record["rule"]]
    document, subject = (record["outputs"][name][0]["path"] for name in (document, subject))
    found = tree.json(document)
    if found.keys() != {"withheld"} and tree.clean(document, subject) and found[key] != tree.digest(subject):
        tree.add(rank, "changed", document, f"Its {key} is not the sha256 of {subject}.")


def check_seal(tree: Tree, rank: int, record: Record) -> None:
    """S0: the sealed inventory against the files, its receipt against the 1B flag."""
    receipt, inventory = (record["outputs"][name][0]["path"] for name in ("receipt", "inventory"))
    used = [entry["path"] for entry in entries(record, "inputs")]
    for row in tree.json(inventory):
        at = f"/{row['catalog_path']}"
        if row["asset_id"] == "validation_bundle_1B":  # a directory
            path = next(name for name in used if name.endswith(f"{at}/index.json"))
            place = path.removesuffix("index.json")
            members = {name for name in (*tree.files, *tree.absent) if name.startswith(place)}
            digest = tree.joint_digest(sorted(members - {f"{place}_passed.flag"}))
        else:
            path = place = next(name for name in used if name.endswith(at))
            digest = tree.digest(path)
        if tree.clean(place, inventory) and digest != row["sha256_hex"]:
            tree.add(rank, "changed", path, f"{inventory} sealed {row['sha256_hex'][:12]}.")
    flag = next(name for name in used if name.endswith("/_passed.flag"))
    if tree.clean(flag, receipt) and tree.json(receipt)["flag_sha256_hex"] != read_flag(tree, flag):
        tree.add(rank, "changed", receipt, f"It names another digest of the upstream bundle than {flag}.")


def check_verdict_of_s5(tree: Tree, rank: int, record: Record) -> None:
    """S5: where the report says pass, a bundle with flag over true copies of the evidence; else none."""
    report, seed = record["outputs"]["report"][0]["path"], record["wildcards"]["seed"]
    found = tree.json(report)
    place = f"data/layer1/2A/validation/manifest_fingerprint={found['manifest_fingerprint']}"
    bundle = f"{report.partition('/reports/')[0]}/{place}"
    flag = f"{bundle}/_passed.flag"
    if tree.digest(flag) is None and found["status"] == "pass":
        tree.gone(rank, flag, f"{report} says that the bundle passed.")
    elif tree.digest(flag) and found["status"] != "pass":
        tree.add(rank, "unexplained", flag, f"{report} says that the seed did not pass.")
    elif tree.digest(flag):
        if tree.clean(flag, report) and found["digest"]["computed_sha256"] != read_flag(tree, flag):
            tree.add(rank, "changed", flag, f"{report} states another digest of the bundle.")
        copies = {"manifest": "s3/tz_timetable_cache.manifest", "legality": f"s4/seed={seed}/s4_legality_report"}
        for name, copy in copies.items():
            origin, evidence = record["inputs"][name][0]["path"], f"{bundle}/evidence/{copy}.json"
            if tree.clean(origin, evidence) and tree.digest(origin) != tree.digest(evidence):
                tree.add(rank, "changed", origin, f"Its copy under the flag of S5 has other bytes: {evidence}.")


def read_flag(tree: Tree, flag: str) -> str:
    """The digest that a flag holds."""
    match = FLAG.fullmatch(tree.text(flag))
    if not match:
        raise Broken(flag, "is no flag")
    return match[1]


def check_flag(tree: Tree, flag: str) -> None:
    """A bundle of 1B or 2A: its index states true digests, its flag the one over the files of the index in order."""
    root = flag.removesuffix("_passed.flag")
    found = tree.json(f"{root}index.json")
    rows = found["files"] if isinstance(found, dict) else sorted(found, key=lambda row: row["path"])
    digest = tree.joint_digest([f"{root}{row['path']}" for row in rows])
    for row in rows:
        if tree.clean(root) and row.get("sha256_hex", "") not in ("", tree.digest(f"{root}{row['path']}")):
            tree.add(LAST, "changed", f"{root}index.json", f"It states another digest of {row['path']}.")
    if tree.clean(root) and digest != read_flag(tree, flag):
        tree.add(LAST, "changed", flag, f"The files of the bundle give {digest[:12]}.")


CHECKS = {  # what each rule's own outputs must hold
    "build_tzdb_release": (check_stated,),
    "s0_gate": (check_stated, check_seal),
    "s3_timetable": (check_stated,),
    "s5_bundle": (check_verdict_of_s5,),
}


def main(root: str) -> int:
    """Print every finding and one last line; returns the exit code."""
    tree = checked(root)
    findings = sorted(tree.findings.values())
    kind, files = ("archive", tree.listed) if tree.is_archive else ("project", tree.files)
    last = f"ok, {kind}, {len(files)} files"
    if findings:
        last = f"{len(findings)} not ok; first broken link: {printable(findings[0].path)}"
    print(*findings, f"verify: {last}", sep="\n")
    return int(bool(findings))


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(main(sys.argv[1] if sys.argv[1:] else "."))
