"""Streams of site tables: even batches, the row checks, the key law, and S1's bytes whatever order the rows come in."""

import string

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.lib.contracts import arrow_schema
from scripts.lib.errors import Breach, Fault
from scripts.states import ladder, sites
from scripts.states.s1_tally import S1Tally
from scripts.states.s1_tz_lookup import OUTPUT, SITES, rows_of, stamped
from scripts.states.site_key import (
    COUNTRIES,
    KeyCheck,
    SiteKeys,
    country_categories,
    country_codes,
    country_column,
    country_name,
)
from scripts.states.site_pass import Work, site_pass
from scripts.states.sites import batches

SCHEMA = arrow_schema(SITES.schema_ref)
CONSTANTS = {"seed": 42, "manifest_fingerprint": "a" * 64, "created_utc": "2026-02-15T00:00:00.000000Z"}
TZIDS = [f"Area/Zone{number}" for number in range(7)]


def table_of(rows):
    """Rows `(merchant, country, order)` with coordinates that follow from them."""
    merchant, country, order = zip(*rows, strict=True) if rows else ((), (), ())
    lon = [float(m % 360) - 180 for m in merchant]
    lat = [float(o % 180) - 90 for o in order]
    return pa.table([merchant, country, order, lon, lat], schema=SCHEMA)


def streamed(path):
    return list(batches(SITES, str(path)))


@pytest.mark.parametrize("row_group", [1, 3, 8, 1000])
def test_batches_do_not_depend_on_row_groups(tmp_path, monkeypatch, row_group):
    monkeypatch.setattr(sites, "BATCH", 8)
    table = table_of([(number, ["AD", "ZW", "BR"][number % 3], 1) for number in range(1, 31)])
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=row_group)
    found = streamed(tmp_path / "t.parquet")
    assert [len(batch) for batch in found] == [8, 8, 8, 6]
    assert pa.Table.from_batches(found).cast(SCHEMA).equals(table)
    codes = np.concatenate([country_column(batch) for batch in found])
    assert codes.tolist() == country_codes(table["legal_country_iso"].to_pylist()).tolist()


def test_country_codes_are_small_alphabetical_and_invertible():
    names = [first + second for first in string.ascii_uppercase for second in string.ascii_uppercase]
    assert country_codes(names).tolist() == list(range(COUNTRIES))
    assert [country_name(code) for code in range(COUNTRIES)] == names


def test_no_rows_no_batches(tmp_path):
    pq.write_table(table_of([]), tmp_path / "t.parquet")
    assert streamed(tmp_path / "t.parquet") == []


BAD = {
    "lon_deg": [180.0001, -180.5, float("nan"), float("inf"), None],
    "lat_deg": [90.0001, float("nan"), None],
    "site_order": [0, -1, None],
    "legal_country_iso": ["gb", "GBR", "", "XY\n", None],
    "merchant_id": [0, None],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_bad_rows_are_counted(tmp_path, name, value):
    table = table_of([(number, "AD", 1) for number in range(1, 9)])
    column = table[name].to_pylist()
    column[2] = column[5] = value
    number = table.schema.get_field_index(name)
    field = pa.field(name, SCHEMA.field(name).type)
    pq.write_table(table.set_column(number, field, pa.array(column, field.type)), tmp_path / "t.parquet")
    what = "2 nulls" if value is None else "2 rows"
    with pytest.raises(Fault, match=f"{what}.*{name}") as caught:
        streamed(tmp_path / "t.parquet")
    assert (caught.value.kind, caught.value.place) == (Breach.CONTENT, "site_locations.rows")


def test_other_columns_are_refused(tmp_path):
    table = table_of([(1, "AD", 1)])
    for other in (table.drop_columns("lat_deg"), table.append_column("more", pa.array([1]))):
        pq.write_table(other, tmp_path / "t.parquet")
        with pytest.raises(Fault, match="columns differ"):
            streamed(tmp_path / "t.parquet")
    (tmp_path / "t.parquet").write_bytes(b"no table")
    with pytest.raises(Fault, match="not a readable"):
        streamed(tmp_path / "t.parquet")


keys = st.lists(
    st.tuples(st.sampled_from([1, 2, 2**63 - 1, 2**63, 2**64 - 1]), st.sampled_from(["AD", "BR"]), st.integers(1, 3)),
    max_size=40,
)


@given(rows=keys, cut=st.integers(1, 40), ordered=st.booleans())
def test_keys_agree_with_plain_python(rows, cut, ordered):
    rows = sorted(rows) if ordered else rows
    found = KeyCheck()
    for start in range(0, len(rows), cut):
        merchant, country, order = zip(*rows[start : start + cut], strict=True)
        found.add(SiteKeys(np.array(merchant, np.uint64), country_codes(country), np.array(order, np.int32)))
    assert found.rows == len(rows)
    assert found.sorted == (rows == sorted(rows))
    if found.sorted:
        assert found.duplicates == len(rows) - len(set(rows))


@given(st.lists(st.sampled_from(["AD", "BR", "ZW"]), max_size=20))
def test_country_categories_are_canonical(names):
    column = country_categories(country_codes(names))
    assert column.to_pylist() == names
    assert column.dictionary.to_pylist() == sorted(set(names))


def decide(batch, keys):
    """A stand-in for the ladder that depends on every column, and takes all of its ways out."""
    number = (keys.merchant % np.uint64(7)).astype(np.int32)
    lon, lat = batch["lon_deg"].to_numpy(), batch["lat_deg"].to_numpy()
    nudged = keys.order % 2 == 0
    override = nudged & (lon > 0)
    rung = np.select([override, nudged], [ladder.OVERRIDE, ladder.NUDGED], ladder.POLYGON).astype(np.int8)
    nan = np.where(nudged, 0.0, np.nan)
    scope, covering = np.where(override, 2, -1).astype(np.int32), np.where(nudged, 0, -1)
    found = ladder.Resolution(number, rung, scope, lon + nan, lat + nan, covering)
    columns = rows_of(batch, keys, found, TZIDS) | stamped(CONSTANTS, len(batch))
    return columns, S1Tally.of(keys.country, found, len(TZIDS))


def s1_bytes(path, folder, memory_mb=1):
    out = folder / "out.parquet"
    passed = site_pass(Work("S1", SITES, OUTPUT, decide, S1Tally.nothing(len(TZIDS))), [str(path)], out, memory_mb)
    return out.read_bytes(), passed


@settings(max_examples=25, deadline=None)
@given(rows=keys, seed=st.integers(0, 99), row_group=st.sampled_from([1, 5, 64]))
def test_unsorted_input_gives_the_bytes_of_sorted_input(tmp_path_factory, rows, seed, row_group):
    folder = tmp_path_factory.mktemp("order")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sites, "BATCH", 16)
        pq.write_table(table_of(sorted(rows)), folder / "sorted.parquet", row_group_size=7)
        wanted, passed = s1_bytes(folder / "sorted.parquet", folder)
        assert passed.sorted_input
        shuffled = [rows[number] for number in np.random.default_rng(seed).permutation(len(rows))]
        pq.write_table(table_of(shuffled), folder / "shuffled.parquet", row_group_size=row_group)
        found, other = s1_bytes(folder / "shuffled.parquet", folder)
    assert found == wanted
    assert other.sorted_input == (shuffled == sorted(rows))
    assert (passed.keys.duplicates, passed.keys.gaps) == (other.keys.duplicates, other.keys.gaps)
    assert passed.keys.duplicates == len(rows) - len(set(rows))
    assert (passed.tally.rungs == other.tally.rungs).all() and (passed.tally.zones == other.tally.zones).all()
    assert passed.tally.rungs.sum() == len(rows)


def test_s1_in_several_ranges_gives_the_same_bytes(tmp_path):
    """A memory bound of 1 MB cuts 60,000 rows into ranges: the bytes stay those of sorted input."""
    random = np.random.default_rng(8)
    ids = np.sort(random.integers(1, 2**64 - 1, 20_000, dtype=np.uint64))
    rows = [(int(number), country, order) for number in ids for country, order in (("AD", 1), ("BR", 1), ("BR", 2))]
    pq.write_table(table_of(rows), tmp_path / "sorted.parquet")
    wanted, _ = s1_bytes(tmp_path / "sorted.parquet", tmp_path)
    shuffled = [rows[number] for number in random.permutation(len(rows))]
    pq.write_table(table_of(shuffled), tmp_path / "shuffled.parquet", row_group_size=4_000)
    found, passed = s1_bytes(tmp_path / "shuffled.parquet", tmp_path)
    assert found == wanted and not passed.sorted_input
    assert pq.read_table(tmp_path / "out.parquet")["merchant_id"][0].as_py() == int(ids[0])
