"""Plain tables as other programs write them: taken whole and in order, or refused with all that is wrong at once."""

import gzip
import shutil
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from scripts.lib.contracts import load_yaml
from scripts.lib.files import read_json, tree_files
from scripts.upstream import plain_root, take_table
from scripts.upstream.pin_authority import seed_pins

ROWS = {
    "id": ["a-1", "007", "7", "x,y", 'q"t'],
    "country": ["de", "DEU", "NA", "nam", "Fr"],
    "lat": [52.5, 48.1, -22.56, -22.0, 43.3],
    "lon": [13.4, 11.6, 17.08, 17.0, 5.37],
}
ISO = ["DE", "DE", "NA", "NA", "FR"]
GOOD = "id,country,lat,lon\n1,DE,52.5,13.4\n2,FR,43.3,5.37\n"
TWO = pa.table({"country": ["DE", "FR"], "lat": [52.5, 43.3], "lon": [13.4, 5.4]})


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """An empty project: only the configuration that names the seeds."""
    (tmp_path / "config").mkdir()
    shutil.copy("config/config.yaml", tmp_path / "config/config.yaml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def take(*arguments: str) -> None:
    take_table.main([*map(str, arguments), "--name", "mine"])


def refused(capsys, *arguments: str) -> str:
    """What the command says when it refuses; nothing is left of it then."""
    before = tree_files(".")
    with pytest.raises(SystemExit) as stop:
        take(*arguments)
    assert stop.value.code == 2
    assert tree_files(".") == before
    told = capsys.readouterr().err
    assert "Traceback" not in told and "bug" not in told
    return told


def file_of(content: str | bytes | pa.Table, name: str = "sites.csv") -> str:
    """A table's format is seen by its content, not by its name."""
    if isinstance(content, pa.Table):
        pq.write_table(content, name)
    else:
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return name


def sites(seed: int = 42) -> pa.Table:
    """The sites of the root that was written, all parts in order."""
    paths = sorted(Path(f"inputs/mine/seed={seed}/data/layer1/1B/site_locations").rglob("part-*.parquet"))
    return pa.concat_tables([pq.read_table(path, partitioning=None) for path in paths])


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


def geoparquet(crs: str | None = None) -> pa.Table:
    geometry = shapely.to_wkb(shapely.points(ROWS["lon"], ROWS["lat"]))
    table = pa.table({"country": ROWS["country"], "geometry": pa.array(geometry, pa.binary())})
    code = f', "crs": {{"id": {{"authority": "EPSG", "code": {crs}}}}}' if crs else ""
    geo = (
        f'{{"version": "1.0.0", "primary_column": "geometry", "columns": {{"geometry": {{"encoding": "WKB"{code}}}}}}}'
    )
    return table.replace_schema_metadata({"geo": geo})


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
BAD = {
    "no rows": ("id,country,lat,lon\n", ["the table has no rows"], []),
    "an empty file": ("", ["the file is empty"], []),
    "blank": ("\n\n", ["no column looks like the country"], []),
    "wrong columns": (
        "id,land,breite,x1\n1,DE,52,13\n",
        ["looks like the country", "the lat", "the lon", "its columns: id, land, breite, x1", "--country NAME"],
        [],
    ),
    "twins": ("country,lat,LAT,lon\nDE,1,2,3\n", ["several columns may be the lat: lat, LAT"], ["the lon"]),
    "the same name twice": ("country,lat,lat,lon\nDE,1,2,3\n", ["several columns may be the lat: lat, lat#2"], []),
    "latitudes beyond the pole": (
        "country,lat,lon\nDE,152.3,13\nDE,52,13\nDE,-91,13\n",
        ["latitude lat is outside -90 to 90: 2 rows (2, 4), such as '152.3', '-91'", "3 rows read, nothing written"],
        ["lon is outside"],
    ),
    "NaN and infinities": (
        "country,lat,lon\nDE,NaN,13\nDE,52,-inf\nDE,52,Infinity\n",
        ["latitude lat is NaN or infinite: 1 row (2)", "longitude lon is NaN or infinite: 2 rows (3, 4)"],
        ["is no number"],
    ),
    "words": ("country,lat,lon\nDE,N52,13\n", ["latitude lat is no number: 1 row (2), such as 'N52'"], []),
    "decimal commas": ("country,lat,lon\nDE,\"52,5\",13\n", ["lat is no number: 1 row (2), such as '52,5'"], []),
    "0/0": ("country,lat,lon\nGH,0,0\nGH,0.0,-0.0\n", ["0/0 is no place of a site", "2 rows (2, 3)"], []),
    "no such country": (
        "country,lat,lon\nXX,52,13\nGermany,52,13\nDE,52,13\n",
        ["country is no ISO 3166 country (two or three letters): 2 rows (2, 3), such as 'XX', 'GERMANY'"],
        [],
    ),
    "duplicate ids": (
        "id,country,lat,lon\n1,DE,52,13\n2,DE,52,13\n1,DE,52,13\n1,DE,52,13\n",
        ["id stands in an earlier row too: 2 rows (4, 5)"],
        [],
    ),
    "empty cells": (
        "id,country,lat,lon\n,DE,52,13\n2,,52,13\n3,DE,,13\n4,DE,52,\n",
        ["id is empty: 1 row (2)", "country is empty: 1 row (3)", "lat is empty: 1 row (4)", "lon is empty: 1 row (5)"],
        ["no number", "earlier row"],
    ),
    "exchanged columns": (
        "country,lat,lon\nDE,13.4,52.5\nFR,5.4,43.3\nNA,17.1,-22.6\n",
        ["latitude and longitude look exchanged", "3 rows (2, 3, 4)"],
        [],
    ),
    "a stray delimiter": (
        "country,lat,lon\nDE,52,13\nDE,52,13,\nDE\nDE,95,13\n",
        ["not one field a column (a stray delimiter or quote): 2 rows (3, 4)", "outside -90 to 90: 1 row (5)"],
        [],
    ),
    "a row longer than a block": (
        f"id,country,lat,lon,note\n1,DE,52,13,\n2,DE,52,13,{'x' * (9 << 20)}\n",
        ["a row after row 2 is longer than 4 MiB", "Write a table of what is needed alone"],
        ["straddling"],
    ),
    "a quote that is never closed": (f'{GOOD}3,DE,52,"13\n{"x" * (9 << 20)}', ["after row 3", "never closed"], []),
    "a cell that memory may not hold": (
        TWO.append_column("id", pa.array(["a" * (5 << 20), "b"])),
        ["id holds 5 MiB in 2 rows, too much for an id", "Write a table of what is needed alone"],
        [],
    ),
    "latin-1": (b"country,lat,lon,name\nDE,52,13,K\xf6ln\n\xd6D,1,2,x\n", ["cannot be read", "Save it as UTF-8"], []),
    "UTF-16": ("country,lat,lon\nDE,52,13\n".encode("utf-16"), ["UTF-16", "Save it as UTF-8"], []),
    "a truncated gzip": (gzip.compress(GOOD.encode() * 50)[:-20], ["cannot be read"], []),
    "a truncated Parquet file": (b"PAR1" + b"\0" * 50, ["cannot be read"], []),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", ["neither text nor Parquet"], []),
    "a folder": (None, ["Is a directory", "Give the path"], []),
    "points in metres": (geoparquet("3857"), ["coordinates are in EPSG:3857"], []),
    "nested ids": (
        TWO.append_column("id", pa.array([[1], [2]])),
        ["id holds list", "which is no id: 2 rows (1, 2)"],
        [],
    ),
    "columns of a wrong type": (
        pa.table({"country": [1, 2], "lat": [True, False], "lon": [13.4, None]}),
        [
            "country holds int64, not country codes: 2 rows (1, 2)",
            "latitude lat holds bool, not numbers",
            "longitude lon is empty: 1 row (2)",
        ],
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_tables_are_refused_with_all_that_is_wrong(name, capsys):
    content, wanted, unwanted = BAD[name]
    told = refused(capsys, "config" if content is None else file_of(content))
    assert [part for part in wanted if part not in told] == [part for part in unwanted if part in told] == [], told


def test_all_kinds_at_once_with_counts(capsys):
    rows = ["id,country,lat,lon"] + [f"{row},DE,95,13" for row in range(9)] + ["9,ZZ,52,181", "1,DE,0,0"]
    told = refused(capsys, file_of("\n".join(rows)))
    assert "latitude lat is outside -90 to 90: 9 rows (2, 3, 4, 5, 6, ...), such as '95'" in told
    assert "longitude lon is outside -180 to 180: 1 row (11), such as '181'" in told
    assert len(told.splitlines()) == 1 + 5 + 1


def test_faults_of_several_tables_are_told_together(capsys):
    told = refused(capsys, file_of("country,lat,lon\nDE,95,13\n", "a.csv"), file_of("country,lat,lon\n", "b.csv"))
    assert "a.csv: 1 rows read" in told and "b.csv: 0 rows read" in told


def test_a_few_exchanged_rows_are_a_note_and_no_fault(capsys):
    take(file_of("country,lat,lon\nDE,52.5,13.4\nDE,48.1,11.6\nFR,5.4,43.3\n"))
    assert "lie in their country only if latitude and longitude are exchanged: 1 row (4)" in capsys.readouterr().out


def test_columns_by_name(capsys):
    told = refused(capsys, file_of("a,b,c\nDE,52,13\n"), "--country", "a", "--lat", "bb", "--lon", "c")
    assert "no column 'bb'" in told
    take("sites.csv", "--country", "a", "--lat", "b", "--lon", "c")
    assert sites()["lat_deg"].to_pylist() == [52.0]


def test_a_quoted_line_break_and_a_wide_sparse_table():
    wide = ",".join(f"c{column}" for column in range(5000))
    take(file_of(f'note,country,lat,lon,{wide}\n"two\nlines",DE,52,13{"," * 5000}\nx,FR,43,5{"," * 5000}\n'))
    assert sites()["legal_country_iso"].to_pylist() == ["DE", "FR"]


def test_duplicates_are_found_across_batches(capsys):
    rows = 200_000
    frame = pd.DataFrame({"id": np.arange(rows), "country": "DE", "lat": 52.0, "lon": 13.0})
    frame.loc[rows - 1, "id"] = 5
    frame.to_parquet("sites.parquet")
    assert f"id stands in an earlier row too: 1 row ({rows})" in refused(capsys, "sites.parquet")
