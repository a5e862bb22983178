"""Prove a result tree: re-read and re-hash every file and follow each input to the output, seal or pin that made it.

`python scripts/verify.py PATH` checks a project folder or an unpacked archive; it needs the standard library only.
Words: ok, changed, missing, unexplained (a file that no rule made). Logs and benchmarks carry times and are left out.
"""

import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

SUMS, ABSENT, CRATE = "SHA256SUMS", "NOT_INCLUDED.sha256", "ro-crate-metadata.json"
PRUNED = "results/prune_receipt.json"
SUM_LINE = re.compile(r"([a-f0-9]{64})  (\S.*)")
FLAG = re.compile(rb"sha256_hex = ([a-f0-9]{64})\n?")
EXEMPT = {"logs", "benchmarks", ".snakemake", "__pycache__"}
SEALS = ("receipt", "inventory", "determinism")
LAST = 1 << 20  # rank of what is a consequence, or has no place in the chain
Record = dict[str, Any]


class Finding(NamedTuple):
    """One broken link; `rank` is its distance from the sources, so that the first is the cause of later ones."""

    rank: int
    path: str
    word: str
    why: str

    def __str__(self) -> str:
        return f"{self.word}: {self.path}\n    {self.why}"


def pretty_json(value: Any) -> str:
    """The form in which lineage records are written; any other form was edited."""
    return json.dumps(value, sort_keys=True, indent=1, ensure_ascii=True, allow_nan=False) + "\n"


class Tree:
    """A result tree with its digests and what was found so far: one finding a file, the first one stays."""

    def __init__(self, root: Path):
        self.root = root
        self.findings: dict[str, Finding] = {}
        self.records: dict[str, Record] = {}
        self.made: dict[str, tuple[str, str]] = {}  # path -> digest, the record or pin that says so
        self.explained: set[str] = set()  # named by a record that is itself broken: no digest to trust
        self.absent: dict[str, str] = {}  # left out of an archive, known by digest
        self.listed: set[str] = set()  # an archive's own files
        self._digests: dict[str, str | None] = {}

    def add(self, rank: int, word: str, path: str, why: str) -> None:
        self.findings.setdefault(path, Finding(rank, path, word, why))

    def digest(self, path: str) -> str | None:
        """SHA-256 of a file of the tree; None when there is none. A file left out of the archive has its listed one."""
        if path not in self._digests:
            try:
                with open(self.root / path, "rb") as stream:
                    self._digests[path] = hashlib.file_digest(stream, "sha256").hexdigest()
            except OSError:
                self._digests[path] = self.absent.get(path)
        return self._digests[path]

    def joint_digest(self, paths: list[str]) -> str:
        """SHA-256 over the bytes of several files in the order given."""
        digest = hashlib.sha256()
        for path in paths:
            digest.update((self.root / path).read_bytes())
        return digest.hexdigest()

    def files(self, folder: str = "") -> list[str]:
        """Sorted relative paths of the files below `folder`, without logs, benchmarks and caches."""
        found = [path for path in (self.root / folder).rglob("*") if path.is_file() or path.is_symlink()]
        names = [path.relative_to(self.root) for path in found]
        return sorted(name.as_posix() for name in names if not EXEMPT & set(name.parts))

    def clean(self, *places: str) -> bool:
        """Whether nothing was found at or below these paths: a seal over a changed file says nothing new."""
        return not any(path.startswith(places) for path in self.findings)

    def json(self, path: str) -> Any:
        return json.loads((self.root / path).read_text(encoding="utf-8"))


def verify_tree(root: str | Path) -> list[Finding]:
    """Every broken link of the tree at `root`, nearest to the sources first; empty when all is ok."""
    tree = Tree(Path(root))
    check_sums(tree)
    read_records(tree)
    pruned = read_pruned(tree)
    rank = ranks(tree.records)
    check_outputs(tree, rank)
    check_uses(tree, rank)
    check_strays(tree)
    checks = {"s0_gate": check_seal, "s5_bundle": check_verdict_of_s5}
    for path, record in tree.records.items():
        if record["rule"] in checks and not path.startswith(pruned):
            guarded(tree, path, checks[record["rule"]], tree, rank[path], record)
    for flag in (path for path in tree.files("results") if path.endswith("/_passed.flag")):
        guarded(tree, flag, check_flag, tree, flag)
    return sorted(tree.findings.values())


def guarded(tree: Tree, path: str, check: Any, *arguments: Any) -> None:
    """Follow a seal; one that cannot be read is a finding of its own only when nothing else explains it."""
    try:
        check(*arguments)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, StopIteration) as problem:
        if not tree.findings:
            tree.add(LAST, "changed", path, f"Its seals cannot be followed: {type(problem).__name__} {problem}.")


def check_sums(tree: Tree) -> None:
    """An unpacked archive: every file against SHA256SUMS, whose last line seals the list itself."""
    if not (tree.root / SUMS).exists():
        if (tree.root / CRATE).exists():
            tree.add(-2, "missing", SUMS, "The archive lists the digest of every file there.")
        return
    text = (tree.root / SUMS).read_bytes().decode("utf-8", "replace")
    body = text[: text.find("#")]
    if f"{body}# {hashlib.sha256(body.encode()).hexdigest()}  of the lines above\n" != text:
        tree.add(-2, "changed", SUMS, "The list does not have the digest that its last line states.")
        return
    listed = {path: digest for digest, path in SUM_LINE.findall(body)}
    if (tree.root / ABSENT).exists():
        tree.absent = {path: digest for digest, path in SUM_LINE.findall((tree.root / ABSENT).read_text())}
    for path, digest in {**listed, **tree.absent}.items():
        compare(tree, -1, path, digest, ABSENT if path in tree.absent else SUMS)
    tree.listed = {*listed, *tree.absent}
    for path in sorted(set(tree.files()) - tree.listed - {SUMS}):
        tree.add(LAST, "unexplained", path, "The archive was packed without it.")


def read_pruned(tree: Tree) -> tuple[str, ...]:
    """Roots of pruned runs; their data are lawfully absent and known by the digests in their records."""
    if tree.digest(PRUNED) is None:
        return ()
    tree.explained.add(PRUNED)
    roots = tuple(f"results/runs/{name}/" for name in tree.json(PRUNED))
    for record in tree.records.values():
        for entry in entries(record, "outputs", "extra_outputs"):
            path = entry["path"]
            if path.startswith(roots) and "/data/" in path and tree.digest(path) is None:
                tree.absent[path] = tree._digests[path] = entry["sha256"]
    return roots


def compare(tree: Tree, rank: int, path: str, wanted: str, source: str) -> None:
    """One file against the digest that `source` states."""
    found = tree.digest(path)
    if found is None:
        tree.add(rank, "missing", path, f"{source} says that it was there.")
    elif found != wanted:
        tree.add(rank, "changed", path, f"sha256 is {found[:12]}, {source} says {wanted[:12]}.")


def read_records(tree: Tree) -> None:
    """Load the lineage records; one that is not as a job wrote it is reported and not believed."""
    names = [path for path in tree.files("results") if "lineage" in path.split("/")[:-1] and path.endswith(".json")]
    for path in names:
        text = (tree.root / path).read_bytes().decode("utf-8", "replace")
        try:
            record = json.loads(text)
            sound = pretty_json(record) == text
            digest = record.pop("record_sha256")
            sound &= hashlib.sha256(pretty_json(record).encode()).hexdigest() == digest
        except (ValueError, KeyError, TypeError, AttributeError):
            sound = False
        if not sound or record["record"] != path:
            why = "is not as a job wrote it" if not sound else f"is the record of {record['record']}"
            logged = (tree.root / (path.replace("/lineage/", "/logs/") + "l")).exists()
            tree.add(-1, "changed" if logged else "unexplained", path, f"This lineage record {why}.")
            tree.explained |= {path, *re.findall(r'"path": "(results/[^"]+)"', text)}
        else:
            tree.records[path] = record
    for log in sorted((tree.root / "results").rglob("*.jsonl")):  # every job leaves a log and a record side by side
        path = log.relative_to(tree.root).as_posix().replace("/logs/", "/lineage/").removesuffix("l")
        if path not in tree.records and path not in tree.explained:
            tree.add(-1, "missing", path, "The job has a log but left no lineage record: it was killed or has failed.")


def entries(record: Record, *kinds: str) -> list[dict[str, str]]:
    """The `{path, sha256}` entries of a record under these keys."""
    found = []
    for value in (record[kind] for kind in kinds):
        found += value if isinstance(value, list) else [entry for group in value.values() for entry in group]
    return found


def ranks(records: dict[str, Record]) -> dict[str, int]:
    """Distance of each record from the sources: 0 for a job that reads no result of another."""
    maker = {entry["path"]: path for path, record in records.items() for entry in entries(record, "outputs")}
    found: dict[str, int] = {}

    def rank(path: str, above: frozenset[str]) -> int:
        if path not in found:
            reads = {maker.get(entry["path"]) for entry in entries(records[path], "inputs")} - above - {None}
            found[path] = max((1 + rank(one, above | {one}) for one in reads), default=0)
        return found[path]

    return {path: rank(path, frozenset([path])) for path in records}


def check_outputs(tree: Tree, rank: dict[str, int]) -> None:
    """Every file that a record or a pin says was made, against its bytes now."""
    for path, record in tree.records.items():
        for entry in entries(record, "outputs", "extra_outputs"):
            tree.made[entry["path"]] = entry["sha256"], path
        if "run_receipt" in record["outputs"]:  # an upstream: its other files are pinned by its authority
            root = record["outputs"]["run_receipt"][0]["path"].rpartition("/")[0]
            for name, digest in record["params"]["pins"].items():
                tree.made.setdefault(f"{root}/{name}", (digest, path))
            check_pins(tree, record)
    for path, (digest, source) in tree.made.items():
        compare(tree, rank[source], path, digest, source)


def check_pins(tree: Tree, record: Record) -> None:
    """The pins that a job was held against are those of the authority file."""
    path = f"config/authority/{record['wildcards']['authority']}.yaml"
    if tree.digest(path) is None:
        tree.add(-1, "missing", path, "It pins the upstream that the results were made from.")
        return
    text = (tree.root / path).read_text(encoding="utf-8")
    gone = [name for name, pin in record["params"]["pins"].items() if f'"{name}": "{pin}"' not in text]
    if gone:
        tree.add(-1, "changed", path, f"seed {record['params']['seed']} was made under another pin of {gone[0]}.")


def check_uses(tree: Tree, rank: dict[str, int]) -> None:
    """Every file that a record says was read: the bytes its maker made, or those of a config or code file now."""
    users: dict[str, list[tuple[int, str, str]]] = {}
    for path, record in tree.records.items():
        for entry in entries(record, "inputs", "code"):
            users.setdefault(entry["path"], []).append((rank[path], path, entry["sha256"]))
    for path, uses in users.items():
        others = sorted(use for use in uses if use[2] != tree.digest(path))
        of = f"{others[0][1]} (and {len(others) - 1} more)" if others[1:] else others[0][1] if others else ""
        if tree.digest(path) is None:
            tree.add(min(uses)[0] - 1, "missing", path, f"It was read by {of}.")
        elif others:
            what = "was made anew after" if path in tree.made else "has other bytes than"
            tree.add(others[0][0] - 1, "changed", path, f"It {what} the job of {of} read it: run that again.")


def check_strays(tree: Tree) -> None:
    """Files below results/ that no rule made."""
    known = {*tree.made, *tree.records, *tree.explained, *tree.listed}
    for path in tree.files("results"):
        if path not in known and not path.endswith(".log"):
            why = "A killed job left it; a rerun clears it." if ".stage" in path else "No lineage record names it."
            tree.add(LAST, "unexplained", path, why)


def check_seal(tree: Tree, rank: int, record: Record) -> None:
    """S0: the sealed inventory against the files, and the receipts against the inventory and the upstream flag."""
    receipt, inventory, determinism = (record["outputs"][name][0]["path"] for name in SEALS)
    used = [entry["path"] for entry in entries(record, "inputs")]
    for row in tree.json(inventory):
        path = place = next(name for name in used if name.endswith("/" + row["catalog_path"]))
        digest = tree.digest(path)
        if row["asset_id"] == "validation_bundle_1B":
            place = path.rpartition("/")[0]
            digest = tree.joint_digest([name for name in tree.files(place) if not name.endswith("_passed.flag")])
        if tree.clean(place, inventory) and digest != row["sha256_hex"]:
            tree.add(rank, "changed", path, f"{inventory} sealed {row['sha256_hex'][:12]}.")
    sealed = tree.json(determinism)["sha256_hex"]
    if tree.clean(inventory, determinism) and sealed != tree.digest(inventory):
        tree.add(rank, "changed", inventory, f"{determinism} says {sealed[:12]}.")
    flag = next(name for name in used if name.endswith("_passed.flag"))
    sealed = tree.json(receipt)["flag_sha256_hex"]
    if tree.clean(flag, receipt) and sealed not in (tree.root / flag).read_text():
        tree.add(rank, "changed", receipt, f"It names upstream flag {sealed[:12]}, {flag} says otherwise.")


def check_verdict_of_s5(tree: Tree, rank: int, record: Record) -> None:
    """S5: a bundle with flag where the report says pass, none where it does not."""
    report = record["outputs"]["report"][0]["path"]
    found = tree.json(report)
    bundle = f"data/layer1/2A/validation/manifest_fingerprint={found['manifest_fingerprint']}"
    flag = f"{report.partition('/reports/')[0]}/{bundle}/_passed.flag"
    text = (tree.root / flag).read_text() if tree.digest(flag) else ""
    if found["status"] != "pass" and text:
        tree.add(rank, "unexplained", flag, f"{report} says that the seed did not pass.")
    if found["status"] == "pass" and tree.clean(flag, report) and found["digest"]["computed_sha256"] not in text:
        tree.add(rank, "changed" if text else "missing", flag, f"{report} says that the bundle passed.")


def check_flag(tree: Tree, flag: str) -> None:
    """A bundle of 1B or 2A: the flag holds the digest over the files of the index, in its order."""
    root = flag.rpartition("/")[0]
    index = tree.json(f"{root}/index.json")
    rows = index["files"] if isinstance(index, dict) else sorted(index, key=lambda row: row["path"])
    match = FLAG.fullmatch((tree.root / flag).read_bytes())
    digest = tree.joint_digest([f"{root}/{row['path']}" for row in rows])
    if tree.clean(root) and (not match or match[1].decode() != digest):
        tree.add(LAST, "changed", flag, f"The files of the bundle give {digest[:12]}.")


def main(root: str) -> int:
    """Print every finding and one last line; returns the exit code."""
    if not (Path(root) / "results").is_dir():
        print(f"verify: {root} has no results/ folder: give the project or an unpacked archive")
        return 1
    findings = verify_tree(root)
    ok = f"ok, {len(Tree(Path(root)).files('results'))} files"
    last = f"{len(findings)} not ok; first broken link: {findings[0].path}" if findings else ok
    print(*findings, f"verify: {last}", sep="\n")
    return int(bool(findings))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if sys.argv[1:] else "."))
