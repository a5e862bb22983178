"""Zone polygons: releases are read in every form, bad ones are refused by name, and the table says what it is."""

import json
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from scripts.lib.errors import Abort, UsageError
from scripts.lib.files import sha256_file
from scripts.reference.build_tz_world import main
from scripts.reference.tz_world import CRS84, geometry_column, read_tz_world, tz_world_info

TWO_PARTS = shapely.MultiPolygon([shapely.box(2, 0, 3, 1), shapely.box(0, 0, 1, 1)])
BOW_TIE = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
TOUCHES_ITSELF = shapely.Polygon([(0, 0), (2, 0), (1, 1), (2, 2), (0, 2), (1, 1)])


def collection(*zones):
    features = [
        {
            "type": "Feature",
            "properties": {"tzid": tzid},
            "geometry": None if geom is None else shapely.geometry.mapping(geom),
        }
        for tzid, geom in zones
    ]
    return {"type": "FeatureCollection", "features": features}


def build(tmp_path, content, name="release.geojson", sha256=None):
    source, table = tmp_path / name, tmp_path / f"{name}.tz_world.parquet"
    if content is not None:
        source.write_text(content if isinstance(content, str) else json.dumps(content))
    main(tz_world=str(table), source=str(source), sha256=sha256 or sha256_file(source), release="2099z")
    return table


def test_every_form_of_a_release_gives_the_same_bytes(tmp_path):
    text = json.dumps(collection(("B/Two", TWO_PARTS), ("A/One", shapely.box(-1, 0, 0, 1))))
    plain = build(tmp_path, text)
    with zipfile.ZipFile(tmp_path / "release.zip", "w") as archive:
        archive.writestr("combined.json", text)
    zipped = build(tmp_path, None, "release.zip")
    (tmp_path / "release.parquet").write_bytes(plain.read_bytes())
    parquet = build(tmp_path, None, "release.parquet")
    assert plain.read_bytes() == zipped.read_bytes() == parquet.read_bytes()

    tzids, geoms = read_tz_world(plain)
    assert tzids.tolist() == ["A/One", "B/Two", "B/Two"]
    assert shapely.equals(geoms, [shapely.box(-1, 0, 0, 1), *TWO_PARTS.geoms]).all()
    assert pq.read_table(plain)["polygon_id"].to_pylist() == [0, 0, 1]
    assert tz_world_info(plain) == (["A/One", "B/Two"], 3, "2099z", "OGC:CRS84")
    geo = json.loads(pq.read_schema(plain).metadata[b"geo"])
    assert geo["columns"]["geom"]["bbox"] == [-1, 0, 3, 1] and geo["columns"]["geom"]["crs"] == CRS84


def test_a_ring_that_touches_itself_is_accepted(tmp_path):
    assert not TOUCHES_ITSELF.is_valid
    assert tz_world_info(build(tmp_path, collection(("A/One", TOUCHES_ITSELF)))).rows == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (collection(("A/One", BOW_TIE), ("B/Two", TWO_PARTS)), "1 zones cannot be used: A/One: Self-intersection"),
        (collection(("A/One", shapely.Polygon())), "A/One: empty geometry"),
        (collection(("A/One", None)), "no geometry for A/One"),
        (collection(("A/One", shapely.Point(0, 0))), "A/One: Point instead of Polygon"),
        (collection(("A/One", shapely.box(170, 0, 190, 1))), "A/One: outside"),
        (collection(), "holds no polygon"),
        ({**collection(), "crs": {"properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}}, "is not WGS84"),
        ({"type": "Topology"}, "KeyError: 'features'"),
        ("{", "JSONDecodeError"),
    ],
)
def test_bad_releases_are_refused(tmp_path, content, message):
    with pytest.raises(UsageError, match=message):
        build(tmp_path, content)


def test_wrong_digest_suffix_path_or_release_is_refused(tmp_path):
    good = collection(("A/One", TWO_PARTS))
    with pytest.raises(Abort, match=r"2A-S0-015 .*reference.tz_world.sha256 is 00\n  where: path=.*\n  next:"):
        build(tmp_path, good, sha256="00")
    with pytest.raises(UsageError, match=r"not '\.kml'"):
        build(tmp_path, good, "release.kml")
    with pytest.raises(Abort, match=r"2A-S0-010 .*no tz_world release.*\n  where: path=.*absent.zip\n  next:"):
        main(tz_world="unused", source=str(tmp_path / "absent.zip"), sha256="", release="2099z")
    with pytest.raises(UsageError, match=r"config asks for 1999a\n  where: reference.tz_world"):
        main(tz_world="unused", source="package", sha256="", release="1999a")


def geo(**column):
    return {b"geo": json.dumps({"primary_column": "g", "columns": {"g": column}}).encode()}


@pytest.mark.parametrize(
    ("metadata", "crs"),
    [
        (geo(crs={"id": {"authority": "EPSG", "code": 4326}}), "EPSG:4326"),
        (geo(crs={"id": {"authority": "OGC", "code": "CRS84"}}), "OGC:CRS84"),
        (geo(), "OGC:CRS84"),
    ],
)
def test_crs_is_wgs84_also_where_none_is_named(metadata, crs):
    assert geometry_column(metadata) == ("g", crs)


@pytest.mark.parametrize("crs", [{"id": {"authority": "EPSG", "code": 3857}}, {"name": "no id"}, None])
def test_another_crs_or_no_metadata_is_refused(crs):
    for metadata in (geo(crs=crs), {}):
        with pytest.raises(ValueError, match="crs"):
            geometry_column(metadata)


def test_empty_table_is_refused(tmp_path):
    schema = pq.read_schema(build(tmp_path, collection(("A/One", TWO_PARTS))))
    pq.write_table(pa.table([[], [], []], schema=schema), tmp_path / "empty.parquet")
    for read in (tz_world_info, read_tz_world):
        with pytest.raises(ValueError, match="no rows"):
            read(tmp_path / "empty.parquet")
