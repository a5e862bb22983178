"""Tampering with a finished tree: places in it, and lineage records that are rewritten to fit."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from scripts.archive.prove import verify_tree
from scripts.lib.files import pretty_json, sha256_file, sha256_text

DEEP = "[" * 200_000
RUN = "results/runs/tiny"
SEED = f"{RUN}/seed=42"
CERTIFICATE = f"{RUN}/certification/segment2a_certification.json"
RECORD = f"{SEED}/lineage/*/s1_tz_lookup.json"
LAYER = f"{SEED}/data/layer1/2A"
DATA = f"{LAYER}/s1_tz_lookup/*/*/*.parquet"
BUNDLE = f"{LAYER}/validation/*"
PINS = "config/authority/pins/tiny/42.json"


def copy(certified: Path, folder: Path) -> Path:
    shutil.copytree(certified, folder, ignore=shutil.ignore_patterns(".snakemake", "inputs"))
    return folder


def one(tree: Path, pattern: str) -> Path:
    """The one file that matches."""
    (path,) = tree.glob(pattern)
    return path


def unpack(archive: Path, folder: Path) -> Path:
    """The root of the unpacked archive."""
    subprocess.run(["tar", "xzf", archive, "-C", folder], check=True)
    return folder / "tiny"


def sums_hold(root: Path) -> bool:
    """What `sha256sum` says of an unpacked archive."""
    command = ["sha256sum", "--quiet", "-c", "SHA256SUMS"]
    return subprocess.run(command, cwd=root, capture_output=True, check=False).returncode == 0


def named(tree: Path) -> list[tuple[str, str]]:
    """Word and path of every finding."""
    return [(finding.word, finding.path) for finding in verify_tree(tree)]


def write(path: Path, text: str) -> None:
    """Text that may hold bytes that are no UTF-8, as surrogates."""
    path.write_bytes(text.encode("utf-8", "surrogateescape"))


def relative(tree: Path, path: Path) -> str:
    return path.relative_to(tree).as_posix()


def reseal(path: Path, change: Callable[[dict], object]) -> None:
    """Forge a lineage record: change it and give it a valid digest."""
    record = json.loads(path.read_text())
    record.pop("record_sha256")
    change(record)
    path.write_text(pretty_json({**record, "record_sha256": sha256_text(pretty_json(record))}))


def reseal_all(tree: Path, forged: Path) -> None:
    """Let every lineage record that names a file state the bytes that it has now."""
    name, digest = relative(tree, forged), sha256_file(forged)

    def correct(value: object) -> None:
        if isinstance(value, dict) and value.get("path") == name:
            value["sha256"] = digest
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            correct(item)

    for path in (tree / "results").rglob("lineage/**/*.json"):
        if name in path.read_text():
            reseal(path, correct)


def edit_json(tree: Path, pattern: str, change: Callable[[dict], object]) -> Path:
    """Edit a JSON file and reseal every record that names it."""
    path = one(tree, pattern)
    found = json.loads(path.read_text())
    change(found)
    path.write_text(json.dumps(found))
    reseal_all(tree, path)
    return path
