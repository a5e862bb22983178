"""A project that takes plain tables, and what its command says."""

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from scripts.lib.files import tree_files
from scripts.upstream import take_table

ROWS = {
    "id": ["a-1", "007", "7", "x,y", 'q"t'],
    "country": ["de", "DEU", "NA", "nam", "Fr"],
    "lat": [52.5, 48.1, -22.56, -22.0, 43.3],
    "lon": [13.4, 11.6, 17.08, 17.0, 5.37],
}
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


def geoparquet(crs: str | None = None) -> pa.Table:
    geometry = shapely.to_wkb(shapely.points(ROWS["lon"], ROWS["lat"]))
    table = pa.table({"country": ROWS["country"], "geometry": pa.array(geometry, pa.binary())})
    code = f', "crs": {{"id": {{"authority": "EPSG", "code": {crs}}}}}' if crs else ""
    geo = (
        f'{{"version": "1.0.0", "primary_column": "geometry", "columns": {{"geometry": {{"encoding": "WKB"{code}}}}}}}'
    )
    return table.replace_schema_metadata({"geo": geo})
