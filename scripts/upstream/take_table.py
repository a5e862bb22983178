"""Take plain tables of sites as an upstream of your own: check them, write their run roots, pin them, name a candidate.

python -m scripts.upstream.take_table sites.csv --name mine

A table is a CSV, TSV (gzip, zstd), Parquet or GeoParquet file with one row for each site: a country, a latitude, a
longitude, and an id if there is one. One table is one seed; several tables are the seeds that certification asks for.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import yaml

from scripts.lib.candidate import candidate_path
from scripts.lib.contracts import catalog_path, load_yaml
from scripts.lib.errors import Abort, AbortGroup, UsageError
from scripts.lib.files import discard, read_json, sha256_file, stage_of, write_text
from scripts.upstream.authority import authority_path, write_authority
from scripts.upstream.pin_authority import authority_name, import_authority
from scripts.upstream.plain_check import Checker
from scripts.upstream.plain_countries import Gazetteer, read_gazetteer
from scripts.upstream.plain_root import PlainRoot
from scripts.upstream.plain_table import Columns, PlainTable, choose, open_table, unreadable

ROOTS = Path("inputs")  # git ignores it
CONFIG = Path("config/config.yaml")


def take(path: str, seed: int, root: Path, gazetteer: Gazetteer, given: Columns, earlier: dict[str, str]) -> list[str]:
    """Check a table and write its run root; what a person reads of it. `UsageError` says all that is wrong with it."""
    table = open_table(path)
    columns = choose(table, given)
    made = PlainRoot(root, gazetteer.names, columns.own)
    with tempfile.TemporaryDirectory(prefix="ids-", dir=root.parent) as ids:
        checker = Checker(columns, gazetteer, Path(ids), decimal_comma=table.delimiter == ";")
        faults = _stream(table, checker, made)
    if faults:
        listing = "".join(f"\n  - {fault}" for fault in faults)
        counted = "the header is row 1" if table.is_text else "the first row is 1"
        raise UsageError(
            f"{path}: {checker.rows:,} rows read, nothing written ({columns.told()}; {counted}):{listing}",
            action="Correct the table, or say which column is which (--country, --lat, --lon, --id); then again.",
        )
    source = {"table": Path(path).name, "sha256": sha256_file(path), "columns": vars(columns)}
    made.seal(seed, source, earlier)
    counts = f"{made.rows:,} sites in {made.seen.sum()} countries, seed {seed}"
    return [f"{path}: {counts}", f"  read: {columns.told()}", *(f"  look: {note}" for note in checker.notes())]


def _stream(table: PlainTable, checker: Checker, made: PlainRoot) -> list[str]:
    """Judge and write batch after batch; after the first fault only judge. Returns all faults."""
    try:
        for rows in table.read(checker.columns):
            places = checker.places(rows)
            if not (checker.faults or table.malformed):
                made.add(rows, places)
        return checker.finish(table.malformed)
    except MemoryError as problem:
        raise unreadable(table.path, problem, checker.rows) from None
    finally:
        made.close()


def take_all(paths: list[str], name: str, given: Columns, seeds: list[int]) -> list[str]:
    """Every table as one seed below inputs/NAME, which appears whole or not at all; what a person reads of them."""
    if len(paths) > len(seeds):
        raise UsageError(f"{len(paths)} tables for {len(seeds)} seeds", action=f"Give one for each of {seeds}.")
    gazetteer = read_gazetteer()
    told: list[str] = []
    faults = []
    with stage_of(ROOTS / name) as stage:
        stage.mkdir()
        for path, seed in zip(paths, seeds, strict=False):
            root = stage / f"seed={seed}"
            root.mkdir()
            try:
                told += take(path, seed, root, gazetteer, given, _earlier(ROOTS / name / root.name))
            except UsageError as problem:
                faults.append(str(problem))
        if faults:
            raise UsageError("\n".join(faults))
        discard(ROOTS / name)
        stage.rename(ROOTS / name)
    return told


def _earlier(root: Path) -> dict[str, str]:
    """Fingerprint -> created_utc of the root that was made under this name before: the same table keeps its time."""
    receipt = root / catalog_path("run_receipt_1B")
    found = read_json(receipt) if receipt.is_file() else None
    return {found["manifest_fingerprint"]: found["created_utc"]} if found else {}


def check_name(name: str) -> None:
    """`UsageError` where the name is that of an upstream or a candidate that no table was taken for."""
    authority, candidate = Path(authority_path(name)), Path(candidate_path(name))
    other = authority.is_file() and load_yaml(authority)["kind"] != "table"
    if other or (candidate.is_file() and not authority.is_file()):
        raise UsageError(f"{name} is the name of {authority if other else candidate}", action="Take another --name.")


def publish(name: str, paths: list[str], seeds: list[int]) -> None:
    """Write authority, pins and, unless there is one, the candidate."""
    roots = [str(path) for path in sorted((ROOTS / name).iterdir())]
    about = f"The user's own sites: {', '.join(Path(path).name for path in paths)}."
    write_authority(import_authority(name, roots, about, kind="table"))
    if Path(candidate_path(name)).is_file():
        return  # the user's own by now
    entry: dict[str, Any] = {"name": name, "parent": None, "lane": "P0", "authority": name, "about": about}
    entry |= {"seeds": seeds, "policy": {}}
    text = yaml.safe_dump(entry, sort_keys=False, allow_unicode=True, width=1000, default_flow_style=None)
    write_text(candidate_path(name), text)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="+", metavar="TABLE", help="one set of sites")
    parser.add_argument("--name", required=True, type=authority_name, help="the upstream and the candidate made of it")
    parser.add_argument("--country", default="", metavar="COLUMN", help="ISO 3166 code of two or three letters")
    parser.add_argument("--lat", default="", metavar="COLUMN", help="latitude in degrees, WGS 84")
    parser.add_argument("--lon", default="", metavar="COLUMN", help="longitude in degrees, WGS 84")
    parser.add_argument("--id", default=[], nargs="+", metavar="COLUMN", help="what names a site; several make one id")
    given = parser.parse_args(arguments)
    name, paths = given.name, given.tables
    try:
        check_name(name)
        seeds: list[int] = load_yaml(CONFIG)["seeds"]
        told = take_all(paths, name, Columns(given.country, given.lat, given.lon, tuple(given.id)), seeds)
        publish(name, paths, seeds)
    except (UsageError, Abort, AbortGroup) as problem:
        parser.exit(2, f"{problem}\n")
    print(*told, sep="\n")
    print(f"wrote {ROOTS / name}/, {authority_path(name)} with its pins, {candidate_path(name)}")
    if missing := ", ".join(map(str, seeds[len(paths) :])):
        print(
            f"Your sites get their zones and a score; certification also asks for seeds {missing},"
            " other draws of the same world, so the verdict will be FAIL_REALISM."
        )
    print(f"next: snakemake --cores 8 certify --config candidate={name}")


if __name__ == "__main__":
    main()
