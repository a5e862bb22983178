"""A sorted copy holds the same rows in key order, whatever the input looks like, within its memory bound."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.lib.contracts import arrow_schema
from scripts.lib.errors import Fault
from scripts.lib.tables import open_table
from scripts.states.s1_tz_lookup import SITES
from scripts.states.site_key import KEY, KeyCheck, key_columns
from scripts.states.sort import sorted_copy, write_sorted

SCHEMA = arrow_schema(SITES.schema_ref)
ORDER = [(name, "ascending") for name in KEY]

rows = st.lists(
    st.tuples(
        st.integers(1, 2**64 - 1) | st.integers(1, 4) | st.sampled_from([2**63 - 1, 2**63, 2**64 - 1]),
        st.sampled_from(["AD", "BR", "CN", "ZW"]),
        st.integers(1, 3),
    ),
    max_size=60,
)


def table_of(keys):
    """Rows whose coordinates number the keys, so that a row that lost its key shows."""
    numbers = {key: float(number) / 1000 for number, key in enumerate(sorted(set(keys)))}
    merchant, country, order = zip(*keys, strict=True) if keys else ((), (), ())
    place = [numbers[key] for key in keys]
    return pa.table([merchant, country, order, place, place], schema=SCHEMA)


def in_order(path):
    """Keys as S1 counts them over the file, and its rows."""
    found = KeyCheck()
    for batch in open_table(path).iter_batches():
        found.add(key_columns(batch))
    return found, pq.read_table(path).cast(SCHEMA)


@pytest.mark.parametrize("row_group", [1, 7, 1000])
@pytest.mark.parametrize("range_rows", [1, 9, 1000])
@settings(max_examples=20, deadline=None)
@given(keys=rows)
def test_same_rows_in_key_order(tmp_path_factory, keys, row_group, range_rows):
    path = tmp_path_factory.mktemp("sort") / "sites.parquet"
    table = table_of(keys)
    pq.write_table(table, path, row_group_size=row_group)
    write_sorted(SITES, [str(path)], path.with_name("sorted.parquet"), range_rows=range_rows)
    found, ordered = in_order(path.with_name("sorted.parquet"))
    assert found.rows == len(keys) and found.sorted
    assert found.duplicates == len(keys) - len(set(keys))
    assert ordered.equals(table.sort_by(ORDER))


def test_temporary_files_are_gone(tmp_path):
    path = tmp_path / "sites.parquet"
    pq.write_table(table_of([(2, "AD", 1), (1, "AD", 1)]), path)
    with sorted_copy(SITES, [str(path)], 1) as copy:
        assert pq.read_table(copy)["merchant_id"].to_pylist() == [1, 2]
    assert path.is_file()
    with pytest.raises(FileNotFoundError):
        pq.read_table(copy)


def test_many_parts_and_one_huge_merchant(tmp_path):
    """Half of the rows are one merchant's: ranges end inside it."""
    random = np.random.default_rng(3)
    merchant = np.where(random.random(20_000) < 0.5, 7, random.integers(1, 2**63, 20_000, dtype=np.uint64) * 2)
    keys = [(int(number), "BR", row + 1) for row, number in enumerate(merchant)]
    path = tmp_path / "sites.parquet"
    table = table_of(keys)
    pq.write_table(table, path, row_group_size=999)
    write_sorted(SITES, [str(path)], tmp_path / "sorted.parquet", range_rows=600)
    found, ordered = in_order(tmp_path / "sorted.parquet")
    assert found.sorted and ordered.equals(table.sort_by(ORDER))


def test_bad_rows_are_found_before_they_are_sorted(tmp_path):
    path = tmp_path / "sites.parquet"
    table = table_of([(2, "AD", 1), (1, "AD", 1)])
    far = pa.chunked_array([pa.array([181.0, 0.0])])
    pq.write_table(table.set_column(3, "lon_deg", far), path, row_group_size=1)
    with pytest.raises(Fault, match="1 rows break the rule of lon_deg"), sorted_copy(SITES, [str(path)], 1):
        pass
