"""Plain tables as other programs write them: taken whole and in order."""

from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scripts.lib.contracts import load_yaml
from scripts.lib.files import read_json, tree_files
from scripts.upstream import plain_root
from scripts.upstream.pin_authority import seed_pins
from tests.unit.upstream.plain import (  # noqa: F401 (project is a fixture)
    GOOD,
    ROWS,
    TWO,
    file_of,
    geoparquet,
    project,
    refused,
    sites,
    take,
)

ISO = ["DE", "DE", "NA", "NA", "FR"]


def own() -> pa.Table:
    return pq.read_table("inputs/mine/seed=42/own_rows.parquet")


WRITERS = {  # another program: the file, how it writes one
    "pandas csv": ("sites.csv", lambda frame, path: frame.to_csv(path, index=False)),
    "a German spreadsheet": (  # BOM, semicolons, decimal commas, CRLF
        "sites.csv",
        lambda frame, path: frame.to_csv(
            path, index=False, sep=";", decimal=",", encoding="utf-8-sig", lineterminator="\r\n"
        ),
    ),
    "pandas gzip": ("sites.tsv.gz", lambda frame, path: frame.to_csv(path, index=False, sep="\t")),
    "pandas parquet": ("sites.parquet", lambda frame, path: frame.to_parquet(path)),
    "polars csv": ("sites.csv", lambda frame, path: pl.from_pandas(frame).write_csv(path, quote_style="always")),
    "polars parquet": (
        "sites.parquet",
        lambda frame, path: pl.from_pandas(frame).cast({"country": pl.Categorical}).write_parquet(path),
    ),
    "duckdb zstd": (
        "sites.csv.zst",
        lambda frame, path: duckdb.sql(f"COPY frame TO '{path}' (HEADER, DELIMITER '|', COMPRESSION zstd)"),
    ),
    "duckdb parquet": (
        "sites.pq",
        lambda frame, path: duckdb.sql(
            f"COPY (SELECT *, repeat('x', 100) AS wide FROM frame) TO '{path}' (FORMAT parquet)"
        ),
    ),
}


@pytest.mark.parametrize("program", WRITERS)
def test_a_table_of_another_program_is_taken_whole_and_in_order(program):
    path, write = WRITERS[program]
    write(pd.DataFrame(ROWS), path)
    take(path)
    found = sites().to_pydict()
    assert found["merchant_id"] == [1, 2, 3, 4, 5] and found["site_order"] == [1] * 5
    assert found["legal_country_iso"] == ISO
    assert (found["lat_deg"], found["lon_deg"]) == (ROWS["lat"], ROWS["lon"])
    kept = own().to_pydict()
    assert (kept["id"], kept["country"]) == (ROWS["id"], ROWS["country"])
    assert list(map(float, (str(value).replace(",", ".") for value in kept["lat"]))) == ROWS["lat"]
    first = 1 if "parquet" in program else 2
    assert kept["row"] == list(range(first, first + 5))


def test_the_root_obeys_the_law_of_1b_and_is_pinned():
    take(file_of(GOOD))
    root = Path("inputs/mine/seed=42")
    pins = seed_pins(root)
    assert pins.files == read_json("config/authority/pins/mine/42.json")["files"]
    assert "own_rows.parquet" in pins.files and len(pins.files) == len(tree_files(root))
    assert load_yaml("config/authority/mine.yaml")["kind"] == "table"
    candidate = load_yaml("config/candidates/mine.yaml")
    assert (candidate["authority"], candidate["seeds"]) == ("mine", [42, 7, 101, 202])


def test_the_next_command_and_the_missing_seeds_are_said(capsys):
    take(file_of(GOOD))
    told = capsys.readouterr().out
    assert "2 sites in 2 countries, seed 42" in told and "seeds 7, 101, 202" in told
    assert told.endswith("next: snakemake --cores 8 certify --config candidate=mine\n")


def test_several_tables_are_the_seeds_in_order():
    take(file_of(GOOD, "a.csv"), file_of(GOOD.replace("52.5", "50.1"), "b.csv"))
    assert sites(42)["lat_deg"].to_pylist() == [52.5, 43.3]
    assert sites(7)["lat_deg"].to_pylist() == [50.1, 43.3]


def test_more_tables_than_seeds(capsys):
    assert "5 tables for 4 seeds" in refused(capsys, *[file_of(GOOD)] * 5)


def test_the_same_table_again_is_the_same_upstream():
    take(file_of(GOOD))
    before = {name: Path(name).read_bytes() for name in tree_files(".")}
    take(file_of(GOOD))
    assert {name: Path(name).read_bytes() for name in tree_files(".")} == before


def test_a_corrected_table_takes_the_place_of_the_other_and_keeps_the_candidate():
    take(file_of(GOOD))
    candidate = Path("config/candidates/mine.yaml")
    candidate.write_text(candidate.read_text() + "# mine\n")
    take(file_of(GOOD.replace("52.5", "50.1")))
    assert sites()["lat_deg"].to_pylist() == [50.1, 43.3]
    assert candidate.read_text().endswith("# mine\n")


@pytest.mark.parametrize("folder", ["authority", "candidates"])
def test_a_name_of_somebody_else_is_refused(folder, capsys):
    path = Path(f"config/{folder}/mine.yaml")
    path.parent.mkdir()
    path.write_text("kind: replica\n")
    assert f"mine is the name of {path}" in refused(capsys, file_of(GOOD))


def test_parts_are_cut_as_the_engine_cuts_them(monkeypatch):
    monkeypatch.setattr(plain_root, "PART_ROWS", 3)
    take(file_of("country,lat,lon\n" + "".join(f"DE,52.{row},13\n" for row in range(7))))
    parts = sorted(path.name for path in Path("inputs").rglob("part-*"))
    assert parts == ["part-00000.parquet", "part-00001.parquet", "part-00002.parquet"]
    assert sites()["lat_deg"].to_pylist() == [float(f"52.{row}") for row in range(7)]
    assert seed_pins("inputs/mine/seed=42").seed == 42


@pytest.mark.parametrize("crs", [None, "4326"])
def test_points_of_geoparquet(crs):
    take(file_of(geoparquet(crs)))
    assert sites()["lon_deg"].to_pylist() == ROWS["lon"] and sites()["lat_deg"].to_pylist() == ROWS["lat"]
    assert own().column_names == ["row", "country"]


@pytest.mark.parametrize(
    "ids",
    [
        pa.array([1, 2], pa.int64()),
        pa.array([b"\xff\x00", b"\x01\x02"], pa.binary(2)),
        pa.array(["u", "v"], pa.large_string()),
        pa.array(["u", "v"]).dictionary_encode(),
        pa.array([1.5, 2.5]),
    ],
    ids=lambda ids: str(ids.type),
)
def test_ids_keep_their_type(ids):
    take(file_of(TWO.append_column("id", ids)))
    kept = own()["id"]
    assert kept.to_pylist() == ids.to_pylist()
    assert kept.type == (pa.string() if pa.types.is_dictionary(ids.type) or ids.type == pa.large_string() else ids.type)


def test_a_table_in_the_layout_of_1b_has_three_columns_for_an_id(capsys):
    file_of("merchant_id,legal_country_iso,site_order,lon_deg,lat_deg\n9,DE,1,13,52\n9,DE,2,13,52\n9,FR,1,5,43\n")
    take("sites.csv")
    assert "id merchant_id + legal_country_iso + site_order" in capsys.readouterr().out
    file_of("merchant_id,legal_country_iso,site_order,lon_deg,lat_deg\n9,DE,1,13,52\n9,DE,1,14,52\n")
    assert "stands in an earlier row too: 1 row (3)" in refused(capsys, "sites.csv")


def test_a_column_that_has_the_name_of_an_answer_is_kept_beside_it():
    take(file_of("tzid,country,lat,lon\nA,DE,52,13\n"), "--id", "tzid")
    assert own().column_names == ["row", "own_tzid", "country", "lat", "lon"]


# name: the table, what must be said of it, what must not
