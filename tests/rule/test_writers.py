"""Parts by other writers, Polars, DuckDB and pandas, give the results of our own file, byte for byte."""

from itertools import pairwise
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from scripts.lib.published import part_name
from tests.lawful import SITES, House, site_table


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


def published(house: House) -> dict[str, bytes]:
    return {name: house.files[name].read_bytes() for name in ("s1_tz_lookup", "site_timezones", "s4_legality_report")}


@pytest.fixture(scope="module")
def expected(tmp_path_factory, shared_reference) -> dict[str, bytes]:
    """What the six states make of the sites in one part of our own writer."""
    return published(House(tmp_path_factory.mktemp("own") / "run", shared_reference, MANY).through("S5"))


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
    assert published(planted) == expected
