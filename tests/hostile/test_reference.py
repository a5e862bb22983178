"""12.15: reference data are what they hold, not what they are labelled."""

import gzip
import io
import tarfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scripts.certification.caveats import reference_caveats
from scripts.lib.contracts import load_yaml
from scripts.reference.build_polygon_zones import zones_of_countries
from scripts.reference.identify_reference import Reference, archive_content, is_known, table_content
from scripts.zone_index.index import open_index

ZONE_TAB = b"ES\t+4024-00341\tEurope/Madrid\nES\t+2806-01524\tAtlantic/Canary\n"


def archive(path, level: int, **files: bytes) -> str:
    """A tar.gz of these files, compressed as hard as `level` says."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    path.write_bytes(gzip.compress(raw.getvalue(), level, mtime=level))
    return archive_content(str(path))


def test_another_compressor_is_the_same_release_and_a_missing_line_is_not(tmp_path):
    whole = archive(tmp_path / "a", 9, zone_tab=ZONE_TAB, version=b"2026c")
    assert archive(tmp_path / "b", 0, version=b"2026c", zone_tab=ZONE_TAB) == whole
    assert archive(tmp_path / "c", 9, zone_tab=ZONE_TAB[: ZONE_TAB.index(b"\n") + 1], version=b"2026c") != whole


def test_a_table_is_its_values(tmp_path):
    table = pa.table({"tzid": ["A", "BC"], "number": pa.array([1, 2], pa.int32())})
    pq.write_table(table, tmp_path / "a", compression="none")
    pq.write_table(table, tmp_path / "b", compression="gzip", row_group_size=1)
    first = table_content(str(tmp_path / "a"))
    assert table_content(str(tmp_path / "b")) == first
    pq.write_table(table.set_column(0, "tzid", [["AB", "C"]]), tmp_path / "c")  # the same letters, cut elsewhere
    assert table_content(str(tmp_path / "c")) != first


@pytest.mark.parametrize("name", ["tz_world", "tzdb", "places"])
def test_a_release_is_known_under_its_own_label_only(name):
    known = load_yaml("config/contracts/known_releases.yaml")
    ((release, content),) = known[name].items()
    assert release == load_yaml("config/config.yaml")["reference"][name]["release"]
    assert is_known(known, name, release, content)
    assert not is_known(known, name, release, "0" * 64) and not is_known(known, name, "2099z", content)


def test_what_is_not_known_limits_a_pass():
    good = Reference("2026c", "a" * 64, "b" * 64, True)
    assert reference_caveats({"tzdb": good}) == []
    (found,) = reference_caveats({"tzdb": good, "tz_world": Reference("2026c", "a" * 64, "c" * 64, False)})
    assert found.says.startswith("tz_world is labelled 2026c and holds something else") and found.qualifies("PASS_B")


def test_polygons_attribute_zones_by_the_places_that_they_cover(shared_reference):
    index = open_index(str(shared_reference / "lookup_index.bin"))
    places = [("CN", 102.0, 35.0), ("CN", 107.0, 35.0), ("FR", 5.0, 45.0), ("FR", 11.0, 45.0), ("FR", 60.0, 0.0)]
    country, lon, lat = (np.array(column) for column in zip(*places, strict=True))
    assert zones_of_countries(index, country, lon, lat) == {
        ("CN", "Asia/Shanghai"): 2,
        ("CN", "Asia/Urumqi"): 1,  # the second place lies in both
        ("FR", "Europe/Paris"): 1,
        ("FR", "Europe/Berlin"): 1,  # across the border: a sliver by zone.tab, a zone by polygons
    }
