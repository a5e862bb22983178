"""Plain tables with faults: refused with all that is wrong at once, and nothing written."""

import gzip

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tests.unit.upstream.plain import (  # noqa: F401 (project is a fixture)
    GOOD,
    TWO,
    file_of,
    geoparquet,
    project,
    refused,
    sites,
    take,
)

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
