"""A dataset is a folder of parts: none is lost, whatever is wrong with them has its code before a row is read, and who
wrote them (Polars, DuckDB, pandas) changes no byte of the results."""

from itertools import pairwise
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scripts.lib.files import read_json, sha256_file
from scripts.lib.published import part_faults, part_name
from scripts.upstream.bundle_1b import EGRESS
from tests.lawful import SITES, House, raised, site_table

TABLE = site_table()


@pytest.fixture
def halves(planted) -> House:
    """The sites in two parts: five and four."""
    planted.plant_parts(TABLE.slice(0, 5), TABLE.slice(5))
    return planted


def results(house: House) -> dict[str, bytes]:
    return {name: house.files[name].read_bytes() for name in ("s1_tz_lookup", "site_timezones", "s4_legality_report")}


def part(house: House, number: int):
    return house.files["site_locations"].with_name(part_name(number))


@pytest.mark.parametrize("cut", [1, 2, 5])
def test_results_are_those_of_one_part_byte_for_byte(cut, planted, passed_once):
    planted.plant_parts(*(TABLE.slice(start, cut) for start in range(0, len(SITES), cut)))
    assert results(planted.through("S5")) == results(passed_once)
    assert planted.report("S1")["counts"]["sites_total"] == len(SITES)


def test_the_seal_covers_every_part(halves):
    halves.through("S1")
    (row,) = [row for row in read_json(halves.files["sealed_inputs_2A"]) if row["asset_id"] == "site_locations"]
    assert row["sha256_hex"] == sha256_file(*halves.parts())
    assert row["size_bytes"] == sum(part(halves, number).stat().st_size for number in range(2))
    assert row["catalog_path"].endswith(f"/manifest_fingerprint={row['manifest_fingerprint']}/")
    assert row["version_tag"] == f"42.{row['manifest_fingerprint']}"
    part(halves, 1).write_bytes(part(halves, 0).read_bytes())
    halves.files["s1_tz_lookup"].unlink()
    assert halves.s1() == ["2A-S1-010"]


def extra(house: House) -> None:
    pq.write_table(TABLE, part(house, 2))


def misnamed(house: House) -> None:
    part(house, 1).rename(part(house, 1).with_name("part-1.parquet"))


def checksums(change):
    """A change of the upstream's own list of parts, sealed by its bundle and pinned."""

    def apply(house: House) -> None:
        path = house.files["bundle_index"].parent / EGRESS
        found = read_json(path)
        change(found)
        house.vouch(checksums=found)

    return apply


ON_DISK = {  # under pins and a bundle that name two parts
    "second part missing": ("2A-S0-005 2A-S0-010", lambda house: part(house, 1).unlink()),
    "first part missing": ("2A-S0-005 2A-S0-010", lambda house: part(house, 0).unlink()),
    "part that nobody names": ("2A-S0-005", extra),
    "part misnamed": ("2A-S0-005 2A-S0-010", misnamed),
    "part of another seed": ("2A-S0-006 2A-S0-015", lambda house: pq.write_table(TABLE.slice(2, 3), part(house, 1))),
    "part truncated": ("2A-S0-006 2A-S0-015", lambda house: part(house, 1).write_bytes(b"PAR1")),
    "list names a third part": (
        "2A-S0-005",
        checksums(lambda f: f["files"].append(f["files"][1] | {"path": f["files"][1]["path"].replace("1.p", "2.p")})),
    ),
    "list names one part": ("2A-S0-005", checksums(lambda found: found["files"].pop())),
    "list of another seed": ("2A-S0-006", checksums(lambda found: found.update(seed=7))),
    "list of another folder": ("2A-S0-006", checksums(lambda found: found.update(path="data/elsewhere/"))),
    "list with another digest": ("2A-S0-006", checksums(lambda found: found["files"][1].update(sha256_hex="0" * 64))),
    "list with another size": ("2A-S0-006", checksums(lambda found: found["files"][1].update(size_bytes=1))),
    "list with another sum": ("2A-S0-006", checksums(lambda found: found.update(composite_sha256_hex="0" * 64))),
    "list without parts": ("2A-S0-006", checksums(lambda found: found.pop("files"))),
}


@pytest.mark.parametrize("name", ON_DISK)
def test_partition_against_the_bundle(name, halves):
    codes, change = ON_DISK[name]
    change(halves)
    assert raised(halves.s0) == codes.split()


def test_gap_in_the_numbers(planted):
    planted.plant_parts(TABLE.slice(0, 5), TABLE.slice(5))
    part(planted, 1).rename(part(planted, 2))
    planted.vouch()
    assert raised(planted.s0) == ["2A-S0-005"]


def test_names_of_parts():
    assert part_faults(["a/part-00001.parquet", "part-00000.parquet"]) == []
    assert part_faults(["part-00002.parquet"]) == ["part-00000.parquet is missing", "part-00001.parquet is missing"]
    assert "_SUCCESS is no part" in part_faults(["part-00000.parquet", "_SUCCESS"])[0]


IN_TABLE = {  # lawful for S0, which reads no row
    "part without rows": ("2A-S1-030", [TABLE, TABLE.slice(0, 0)]),
    "parts that overlap": ("2A-S1-051", [TABLE, TABLE.slice(8)]),
    "part of other columns": ("2A-S1-030", [TABLE, TABLE.rename_columns([*TABLE.column_names[:4], "latitude"])]),
    "part with a bad row": ("2A-S1-030", [TABLE, site_table([(2**64 - 1, "NZ", 1, 181.0, -40.0)])]),
}


@pytest.mark.parametrize("name", IN_TABLE)
def test_rows_of_parts(name, planted):
    code, parts = IN_TABLE[name]
    planted.plant_parts(*parts)
    planted.s0()
    assert planted.s1() == [code]


def test_parts_out_of_order_are_sorted_and_said(planted, passed_once):
    planted.plant_parts(TABLE.slice(5), TABLE.slice(0, 5))
    assert results(planted.through("S5")) == results(passed_once)
    assert planted.codes("S1") == ["2A-S1-070"]


STRING_LAYOUTS = [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.large_string())]


@pytest.mark.parametrize("text", STRING_LAYOUTS, ids=str)
@pytest.mark.parametrize("order", [pa.int8(), pa.uint16(), pa.int64()], ids=str)
def test_any_layout_of_text_and_width_of_integers(text, order, planted, passed_once):
    kinds = dict(zip(TABLE.column_names, [pa.uint64(), text, order, pa.float64(), pa.float64()], strict=True))
    schema = pa.schema(list(kinds.items()))
    first = planted.files["site_locations"]
    pq.write_table(TABLE.slice(0, 5).cast(schema), first, compression="zstd")
    pq.write_table(TABLE.slice(5), first.with_name(part_name(1)))  # writers may differ from part to part
    planted.vouch()
    assert results(planted.through("S5")) == results(passed_once)


def by_polars(table: pa.Table, path: Path) -> None:
    pl.from_arrow(table).write_parquet(path, compression="zstd")  # large_string, as the engine writes


def by_polars_categories(table: pa.Table, path: Path) -> None:
    frame = pl.from_arrow(table).with_columns(pl.col("legal_country_iso").cast(pl.Categorical))
    frame.write_parquet(path, compression="snappy")


def by_duckdb(table: pa.Table, path: Path) -> None:
    frame = table  # noqa: F841  # DuckDB finds it by name
    duckdb.sql("SELECT * FROM frame").write_parquet(str(path), compression="zstd")


def by_pandas(table: pa.Table, path: Path) -> None:
    table.to_pandas().astype({"site_order": "int64"}).to_parquet(path, index=False)


def by_pandas_categories(table: pa.Table, path: Path) -> None:
    frame: pd.DataFrame = table.to_pandas()
    frame.astype({"legal_country_iso": "category", "site_order": "int16"}).to_parquet(path, index=False)


WRITERS = [by_polars, by_polars_categories, by_duckdb, by_pandas, by_pandas_categories]
MANY = [*SITES[:-2], *((SITES[-1][0], "NZ", number, 175.0, -40.0) for number in range(1, 32))]


@pytest.fixture(scope="module")
def expected(tmp_path_factory, shared_reference) -> dict[str, bytes]:
    """What the six states make of the sites in one part of our own writer."""
    return results(House(tmp_path_factory.mktemp("own") / "run", shared_reference, MANY).through("S5"))


@pytest.mark.parametrize("parts", [1, 2, 20])
@pytest.mark.parametrize("write", WRITERS)
def test_any_writer_and_any_number_of_parts(write, parts, planted, expected):
    table, first = site_table(MANY), planted.files["site_locations"]
    cuts = [len(MANY) * number // parts for number in range(parts + 1)]
    for number, (start, end) in enumerate(pairwise(cuts)):
        write(table.slice(start, end - start), first.with_name(part_name(number)))
    planted.vouch()
    planted.through("S5")
    assert planted.report("S1")["counts"]["sites_total"] == len(MANY)
    assert results(planted) == expected
