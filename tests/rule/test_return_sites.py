"""A user's own rows come back in their order with the zones of a seed that passed; a short text where it did not."""

import csv

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scripts.handover import return_sites
from scripts.lib.errors import Fault
from tests.lawful import SITES

NAMES = ["id", "country"]
IDS = [f"site, {row}" for row in range(len(SITES))]
# decided_by, zones_at_site, nudged, override_scope of SITES in key order
DECIDED = [
    ("polygon", 1, False, None),
    ("only_zone", 0, True, None),
    ("polygon", 1, False, None),
    ("override", 2, True, "country"),
    ("polygon", 1, False, None),
    ("nudge", 2, True, None),
    ("polygon", 1, False, None),
    ("polygon", 1, False, None),
    ("polygon", 1, False, None),
]


@pytest.fixture
def house(passed):
    own = pa.table({"row": range(2, 2 + len(SITES)), "id": IDS, "country": [site[1].lower() for site in SITES]})
    passed.files["own_rows"] = passed.root / "own_rows.parquet"
    pq.write_table(own, passed.files["own_rows"])
    return passed


def back(house) -> None:
    reports = [house.path(f"s{number}_run_report") for number in range(6)]
    house.call(return_sites.main, own_rows=[house.path("own_rows")], reports=reports)


def test_rows_come_back_in_order_with_how_each_was_decided(house):
    back(house)
    found = pq.read_table(house.files["sites_with_zones"]).to_pylist()
    assert [row["id"] for row in found] == IDS
    assert [row["row"] for row in found] == list(range(2, 2 + len(SITES)))
    decided = [(row["decided_by"], row["zones_at_site"], row["nudged"], row["override_scope"]) for row in found]
    assert decided == DECIDED
    assert [row["tzid"] for row in found] == pq.read_table(house.files["site_timezones"])["tzid"].to_pylist()


def test_csv_and_parquet_hold_the_same_for_every_reader(house):
    back(house)
    table, text = house.path("sites_with_zones"), house.path("sites_with_zones_csv")
    rows = pq.read_table(table).to_pylist()
    with open(text, newline="") as stream:
        read = list(csv.DictReader(stream))
    assert [row["tzid"] for row in read] == [row["tzid"] for row in rows]
    assert [row["id"] for row in read] == IDS
    assert pd.read_csv(text)["zones_at_site"].tolist() == pl.read_csv(text)["zones_at_site"].to_list()
    assert duckdb.sql(f"SELECT nudged FROM read_csv('{text}')").fetchall() == [(row["nudged"],) for row in rows]


def test_ids_in_bytes_are_hex_digits_in_csv(house):
    own = pa.table({"row": range(len(SITES)), "id": pa.array([b"\xff%d" % row for row in range(9)], pa.binary(2))})
    pq.write_table(own, house.files["own_rows"])
    back(house)
    assert pd.read_csv(house.files["sites_with_zones_csv"])["id"].tolist()[:2] == ["ff30", "ff31"]


def test_many_batches_join_as_one(house, monkeypatch):
    back(house)
    whole = pq.read_table(house.files["sites_with_zones"])
    for module in ("scripts.handover.return_sites", "scripts.states.sites"):
        monkeypatch.setattr(f"{module}.BATCH", 2)
    back(house)
    assert pq.read_table(house.files["sites_with_zones"]) == whole


def test_a_seed_without_pass_gives_no_zones(house):
    house.edit("s2_run_report", lambda report: report.update(errors=[{"code": "2A-S2-090"}]))
    flag = next(house.root.rglob("2A/validation/**/_passed.flag"))
    flag.unlink()
    back(house)
    for name in ("sites_with_zones", "sites_with_zones_csv"):
        assert house.files[name].read_text().startswith("withheld: the seed did not pass (2A-S2-090)")


def test_a_table_of_other_rows_is_not_joined(house):
    pq.write_table(pq.read_table(house.files["own_rows"]).slice(1), house.files["own_rows"])
    with pytest.raises(Fault, match="row by row"):
        back(house)
    assert not house.files["sites_with_zones"].exists()


def test_zones_that_the_policy_does_not_give_are_refused(house):
    """Rows that another hand has put there, vouched for by an edited report."""

    def change(table: pa.Table) -> pa.Table:
        zones = table["tzid"].to_pylist()
        zones[3] = zones[0]
        return table.set_column(table.column_names.index("tzid"), table.schema.field("tzid"), pa.array(zones))

    house.rewrite("site_timezones", change)
    house.republish("s2_run_report", "site_timezones")
    with pytest.raises(Fault, match="1 zones differ from what the sealed policy gives"):
        back(house)
