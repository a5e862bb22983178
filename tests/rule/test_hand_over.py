"""One run root a seed for segment 2B: whole, linked, verified by digest; refused without PASS."""

import os

import duckdb
import pandas as pd
import polars as pl
import pytest

from scripts.handover import hand_over_seed
from scripts.handover.handover import answer
from scripts.lib.contracts import catalog_path
from scripts.lib.files import read_json, sha256_file, tree_files, write_json
from scripts.lib.records import plain, record
from scripts.states.egress import open_site_timezones
from tests.lawful import FINGERPRINT, SEED, SITES, TOKENS


@pytest.fixture
def house(passed):
    write_json(passed.root / "pins.json", plain(passed.pins))
    return passed


def over(house) -> hand_over_seed.Handover:
    path = house.root / f"handover/seed={SEED}.json"
    made = hand_over_seed.main(
        pins=str(house.root / "pins.json"),
        run_receipt=house.path("run_receipt"),
        upstream=[],
        contract_tree=[],
        s5_report=house.path("s5_run_report"),
        handover=str(path),
        run="lawful",
        seed=SEED,
    )
    found = record(hand_over_seed.Handover, read_json(path))
    assert made == [f"{found.root}/{name}" for name in found.files]
    return found


def test_the_root_is_that_of_an_engine(house):
    found = over(house)
    assert tree_files(found.root) == sorted(found.files, key=str.encode)
    assert {name: sha256_file(f"{found.root}/{name}") for name in found.files} == found.files
    data = [name for name in (*house.pins.files, *tree_files(house.root)) if name.startswith("data/")]
    assert sorted(found.files) == sorted({"run_receipt.json", *data})
    assert len(open_site_timezones(found.root, FINGERPRINT, SEED)) == len(SITES)


def test_it_costs_no_room_where_links_are_possible(house):
    found = over(house)
    place = catalog_path("site_timezones", **TOKENS)
    assert os.path.samefile(f"{found.root}/{place}", house.files["site_timezones"])


def test_it_is_copied_where_they_are_not(house, monkeypatch):
    monkeypatch.setattr("os.link", lambda *_: (_ for _ in ()).throw(OSError("another disk")))
    found = over(house)
    assert {name: sha256_file(f"{found.root}/{name}") for name in found.files} == found.files


def test_again_gives_the_same(house):
    assert over(house) == over(house)


def test_what_this_project_laid_beside_the_upstream_stays_here(house):
    (house.upstream / "own_rows.parquet").write_bytes(b"x")
    (house.upstream / "replica_manifest.json").write_bytes(b"{}")
    house.repin()
    write_json(house.root / "pins.json", plain(house.pins))
    assert not {"own_rows.parquet", "replica_manifest.json"} & set(over(house).files)


def test_the_merchant_map_goes_along(house):
    house.mcc_map([(7, 5411)])
    write_json(house.root / "pins.json", plain(house.pins))
    assert catalog_path("merchant_mcc_map", release="v1") in over(house).files


def test_a_seed_without_pass_is_refused_and_what_was_given_is_taken_back(house):
    root = over(house).root
    next(house.root.glob("data/layer1/2A/validation/*/_passed.flag")).unlink()
    found = over(house)
    assert found.refused.startswith("2A-S5-0") and found.files == {} and not os.path.exists(root)
    good, lines = answer([found])
    assert not good and lines == [f"handover: seed {SEED}: refused: {found.refused}"]


def test_the_answer_of_a_run_without_seeds_is_no_success():
    assert answer([]) == (False, ["handover: the upstream has no seed"])


def test_a_partition_opens_as_users_type_it(house):
    """docs/consumers.md: the keys of the path stand in the rows as well."""
    folder = os.path.dirname(f"{over(house).root}/{catalog_path('site_timezones', **TOKENS)}")
    zones = open_site_timezones(house.root, FINGERPRINT, SEED)["tzid"].to_pylist()
    assert pd.read_parquet(folder)["tzid"].tolist() == zones
    assert pl.read_parquet(folder)["tzid"].to_list() == zones
    assert [row for (row,) in duckdb.sql(f"SELECT tzid FROM read_parquet('{folder}/*.parquet')").fetchall()] == zones
    above = os.path.dirname(os.path.dirname(folder))
    assert pd.read_parquet(above, partitioning=None)["tzid"].tolist() == zones
    assert pl.read_parquet(f"{above}/**/*.parquet")["seed"].to_list() == [SEED] * len(zones)
