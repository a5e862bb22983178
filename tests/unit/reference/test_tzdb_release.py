"""The tzdb release: the packaged tree or an archive of the user's own, which must be the pinned one and readable."""

import gzip
import os

import pytest
import tzdata

from scripts.lib.contracts import schema_errors
from scripts.lib.errors import Abort, UsageError
from scripts.lib.files import read_json, sha256_file
from scripts.reference import build_country_zones, build_tzdb_release

PROVENANCE = "schemas.2A.yaml#/ingress/tzdb_release_provenance_v1"
NOISE = os.urandom(60_000)


def build(folder, source, sha256=None):
    outputs = {name: str(folder / name) for name in ("tzdb", "meta", "provenance")}
    build_tzdb_release.main(**outputs, release="2026c", source=str(source), sha256=sha256 or sha256_file(source))
    return outputs


def refused(folder, content, sha256=None) -> Abort:
    source = folder / "tzdata2026c.tar.gz"
    if content is not None:
        source.write_bytes(content)
    with pytest.raises(Abort) as caught:
        build(folder, source, sha256)
    assert not (folder / "tzdb").exists()
    _, where, action = str(caught.value).splitlines()
    assert str(source) in where and "config/config.yaml" in action
    return caught.value


def test_gzip_bytes_follow_from_the_data_alone():
    # header of RFC 1952, OS 255; one stored block: last, length, its complement, data; crc32 = 0x352441c2; length
    worked = bytes.fromhex("1f8b0800 00000000 00ff 01 0300 fcff 616263 c2412435 03000000")
    assert build_tzdb_release.stored_gzip(b"abc") == worked
    for size in (65_534, 65_535, 65_536, 131_070, 200_000):
        assert gzip.decompress(build_tzdb_release.stored_gzip(NOISE[:1] * size)) == NOISE[:1] * size


def test_own_archive_is_taken_as_it_is(tmp_path):
    source = tmp_path / "own.tar.gz"
    source.write_bytes(build_tzdb_release.pack(build_tzdb_release.packaged_files(tzdata.IANA_VERSION)))
    outputs = build(tmp_path, source)
    assert read_json(outputs["meta"])["archive_sha256"] == sha256_file(source)
    found = read_json(outputs["provenance"])
    assert schema_errors(found, PROVENANCE) == [] and found["retrieved_at_utc"] is None
    build_country_zones.main(tzdb=outputs["tzdb"], country_zones=str(tmp_path / "zones.parquet"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no tar", "not a gzip archive of at least 50 KB"),
        (b"\x1f\x8b" + NOISE, "archive unreadable"),
        (build_tzdb_release.pack({"africa": NOISE}), "archive without zone.tab"),
        (build_tzdb_release.pack({"zone.tab": NOISE})[:-9], "archive unreadable"),
    ],
    ids=["six bytes", "noise", "no zone.tab", "cut off"],
)
def test_a_pinned_file_that_is_no_tzdb_archive(tmp_path, content, words):
    breach = refused(tmp_path, content)
    assert breach.code == "2A-S0-023" and words in breach.message


def test_file_and_digest_must_be_those_of_the_config(tmp_path):
    assert refused(tmp_path, None, "0" * 64).code == "2A-S0-010"
    breach = refused(tmp_path, NOISE, "0" * 64)
    assert breach.code == "2A-S0-015" and f"reference.tzdb.sha256 is {'0' * 64}" in breach.message


def test_provenance_of_the_package_obeys_its_schema(tmp_path):
    found = read_json(build(tmp_path, "package", "0" * 64)["provenance"])
    signature = {"asc_filename": "tzdata2026c.tar.gz.asc", "asc_sha256": "0" * 64}
    assert schema_errors(found, PROVENANCE) == schema_errors(found | {"signature": signature}, PROVENANCE) == []
    assert found["retrieved_at_utc"] == build_tzdb_release.RETRIEVED


def test_packaged_release_must_be_the_one_asked_for(tmp_path):
    with pytest.raises(UsageError, match=r"config asks for 1999a\n  where: reference.tzdb.release.*\n  next:  "):
        build_tzdb_release.packaged_files("1999a")
