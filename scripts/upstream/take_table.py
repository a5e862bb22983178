"""Take plain tables of sites as an upstream of your own: check them, write their run roots, pin them, name a candidate.

python -m scripts.upstream.take_table sites.csv --name mine

A table is a CSV, TSV (gzip, zstd), Parquet or GeoParquet file with one row for each site: a country, a latitude, a
longitude, and an id if there is one. One table is one seed; several tables are the seeds that certification asks for.
"""

import argparse
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow.parquet as pq
import yaml

from scripts.lib.candidate import candidate_path
from scripts.lib.contracts import catalog_path, load_yaml
from scripts.lib.errors import Abort, AbortGroup, UsageError
from scripts.lib.files import read_json, sha256_file, write_text
from scripts.lib.tables import stream_writer
from scripts.upstream.authority import authority_path, write_authority
from scripts.upstream.pin_authority import authority_name, import_authority
from scripts.upstream.plain_check import Checker
from scripts.upstream.plain_columns import Columns, Given, choose
from scripts.upstream.plain_countries import Gazetteer, read_gazetteer
from scripts.upstream.plain_duplicates import Duplicates
from scripts.upstream.plain_root import SiteParts, Source, own_batch, seal_root
from scripts.upstream.plain_table import PlainTable, open_table

ROOTS = Path("inputs")  # git ignores it
CONFIG = Path("config/config.yaml")


class Taken(NamedTuple):
    """What was made of one table."""

    path: str
    columns: Columns
    rows: int
    countries: int
    notes: list[str]


def take(path: str, seed: int, root: Path, gazetteer: Gazetteer, given: Given, earlier: dict[str, str]) -> Taken:
    """Check a table and write its run root; `UsageError` says all that is wrong with it, and nothing is left then."""
    table = open_table(path)
    columns = choose(table, given)
    with tempfile.TemporaryDirectory(prefix="ids-", dir=root.parent) as ids:
        checker = Checker(columns, gazetteer, Duplicates(Path(ids)), decimal_comma=table.delimiter == ";")
        parts, seen = SiteParts(root / "parts", gazetteer.names), np.zeros(len(gazetteer.names) + 1, np.bool_)
        faults = _stream(table, checker, parts, root / catalog_path("own_rows"), seen)
    if faults:
        listing = "".join(f"\n  - {fault}" for fault in faults)
        counted = "the header is row 1" if table.is_text else "the first row is 1"
        raise UsageError(
            f"{path}: {checker.rows:,} rows read, nothing written ({columns.told()}; {counted}):{listing}",
            action="Correct the table, or say which column is which (--country, --lat, --lon, --id); then again.",
        )
    countries = int(seen.sum())
    source = Source(Path(path).name, sha256_file(path), vars(columns))
    seal_root(root, seed, parts, countries, source, earlier)
    return Taken(path, columns, parts.rows, countries, checker.notes())


def _stream(table: PlainTable, checker: Checker, parts: SiteParts, own_rows: Path, seen: np.ndarray) -> list[str]:
    """Judge and write batch after batch; after the first fault only judge. Returns all faults."""
    own: pq.ParquetWriter | None = None
    try:
        for rows in table.read(checker.columns.read):
            places = checker.places(rows)
            seen[places.country] = True
            if checker.findings.faults or table.malformed:
                continue
            batch = own_batch(rows, checker.columns.own)
            own = own or stream_writer(own_rows, batch.schema)
            own.write_batch(batch)
            parts.add(places)
        return checker.finish(table.malformed)
    except TypeError as problem:
        raise UsageError(f"{table.path}: {problem}", action="Give another column: --id NAME.") from None
    finally:
        parts.close()
        if own is not None:
            own.close()


def take_all(paths: list[str], name: str, given: Given) -> dict[int, Taken]:
    """Every table as one seed below inputs/NAME, which appears whole or not at all; what was made, by seed."""
    seeds: list[int] = load_yaml(CONFIG)["seeds"]
    if len(paths) > len(seeds):
        raise UsageError(f"{len(paths)} tables for {len(seeds)} seeds", action=f"Give one for each of {seeds}.")
    made: dict[int, Taken] = {}
    gazetteer = read_gazetteer()
    faults = []
    with _replaced(ROOTS / name) as stage:
        for path, seed in zip(paths, seeds, strict=False):
            root = stage / f"seed={seed}"
            root.mkdir()
            try:
                made[seed] = take(path, seed, root, gazetteer, given, _earlier(ROOTS / name / root.name))
            except UsageError as problem:
                faults.append(str(problem))
        if faults:
            raise UsageError("\n".join(faults))
    return made


@contextmanager
def _replaced(folder: Path) -> Iterator[Path]:
    """A folder to write to, which takes the place of `folder` on success and is removed otherwise."""
    stage, old = (folder.with_name(f".{folder.name}.{os.getpid()}.{word}") for word in ("stage", "old"))
    stage.mkdir(parents=True)
    try:
        yield stage
        if folder.exists():
            folder.rename(old)
        stage.rename(folder)
    finally:
        for left in (stage, old):
            shutil.rmtree(left, ignore_errors=True)


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


def publish(name: str, paths: list[str]) -> None:
    """Write authority, pins and, unless there is one, the candidate."""
    roots = [str(path) for path in sorted((ROOTS / name).iterdir())]
    about = f"The user's own sites: {', '.join(Path(path).name for path in paths)}."
    write_authority(import_authority(name, roots, about, kind="table"))
    if Path(candidate_path(name)).is_file():
        return  # the user's own by now
    entry: dict[str, Any] = {"name": name, "parent": None, "lane": "P0", "authority": name, "about": about}
    entry |= {"seeds": load_yaml(CONFIG)["seeds"], "policy": {}}
    text = yaml.safe_dump(entry, sort_keys=False, allow_unicode=True, width=1000, default_flow_style=None)
    write_text(candidate_path(name), text)


def told(name: str, made: dict[int, Taken]) -> list[str]:
    """What a person reads at the end: what was taken, what it can give, the next command."""
    lines = []
    for seed, taken in made.items():
        lines.append(f"{taken.path}: {taken.rows:,} sites in {taken.countries} countries, seed {seed}")
        lines.append(f"  read: {taken.columns.told()}")
        lines += [f"  look: {note}" for note in taken.notes]
    lines.append(f"wrote {ROOTS / name}/, {authority_path(name)} with its pins, {candidate_path(name)}")
    missing = [str(seed) for seed in load_yaml(CONFIG)["seeds"] if seed not in made]
    if missing:
        lines.append(
            f"Your sites get their zones and a score; certification also asks for seeds {', '.join(missing)},"
            " other draws of the same world, so the verdict will be FAIL_REALISM."
        )
    return [*lines, f"next: snakemake --cores 8 certify --config candidate={name}"]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="+", metavar="TABLE", help="one set of sites")
    parser.add_argument("--name", required=True, type=authority_name, help="the upstream and the candidate made of it")
    parser.add_argument("--country", default="", metavar="COLUMN", help="ISO 3166 code of two or three letters")
    parser.add_argument("--lat", default="", metavar="COLUMN", help="latitude in degrees, WGS 84")
    parser.add_argument("--lon", default="", metavar="COLUMN", help="longitude in degrees, WGS 84")
    parser.add_argument("--id", default=[], nargs="+", metavar="COLUMN", help="what names a site; several make one id")
    given = parser.parse_args(arguments)
    try:
        check_name(given.name)
        made = take_all(given.tables, given.name, Given(given.country, given.lat, given.lon, tuple(given.id)))
        publish(given.name, given.tables)
    except (UsageError, Abort, AbortGroup) as problem:
        parser.exit(2, f"{problem}\n")
    print(*told(given.name, made), sep="\n")


if __name__ == "__main__":
    main()
