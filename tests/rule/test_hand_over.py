"""One run root a seed for segment 2B: whole, linked, verified by digest; refused without PASS."""

import os

import duckdb
import pandas as pd
import polars as pl

from scripts.handover import hand_over_seed
from scripts.handover.handover import answer
from scripts.lib.contracts import catalog_path
from scripts.lib.files import read_json, sha256_file, tree_files
from scripts.lib.records import record
from scripts.states.egress import open_site_timezones
from tests.lawful import FINGERPRINT, SEED, SITES, TOKENS


def over(house) -> hand_over_seed.Handover:
    path = str(house.root / f"handover/seed={SEED}.json")
    made = house.call(hand_over_seed.main, upstream=[], contract_tree=[], handover=path, run="lawful")
    found = record(hand_over_seed.Handover, read_json(path))
    assert made == [f"{found.root}/{name}" for name in found.files]
    return found


def test_the_root_is_that_of_an_engine(passed):
    found = over(passed)
    assert tree_files(found.root) == sorted(found.files, key=str.encode)
    assert {name: sha256_file(f"{found.root}/{name}") for name in found.files} == found.files
    data = [name for name in (*passed.pins.files, *tree_files(passed.root)) if name.startswith("data/")]
    assert sorted(found.files) == sorted({"run_receipt.json", *data})
    assert len(open_site_timezones(found.root, FINGERPRINT, SEED)) == len(SITES)


def test_it_costs_no_room_where_links_are_possible(passed):
    found = over(passed)
    place = catalog_path("site_timezones", **TOKENS)
    assert os.path.samefile(f"{found.root}/{place}", passed.files["site_timezones"])


def test_it_is_copied_where_they_are_not(passed, monkeypatch):
    monkeypatch.setattr("os.link", lambda *_: (_ for _ in ()).throw(OSError("another disk")))
    found = over(passed)
    assert {name: sha256_file(f"{found.root}/{name}") for name in found.files} == found.files


def test_again_gives_the_same(passed):
    assert over(passed) == over(passed)


def test_what_this_project_laid_beside_the_upstream_stays_here(passed):
    (passed.upstream / "own_rows.parquet").write_bytes(b"x")
    (passed.upstream / "replica_manifest.json").write_bytes(b"{}")
    passed.repin()
    assert not {"own_rows.parquet", "replica_manifest.json"} & set(over(passed).files)


def test_the_merchant_map_goes_along(passed):
    passed.mcc_map([(7, 5411)])
    assert catalog_path("merchant_mcc_map", release="v1") in over(passed).files


def test_a_seed_without_pass_is_refused_and_what_was_given_is_taken_back(passed):
    root = over(passed).root
    next(passed.root.glob("data/layer1/2A/validation/*/_passed.flag")).unlink()
    found = over(passed)
    assert found.refused.startswith("2A-S5-0") and found.files == {} and not os.path.exists(root)
    good, lines = answer([found])
    assert not good and lines == [f"handover: seed {SEED}: refused: {found.refused}"]


def test_the_answer_of_a_run_without_seeds_is_no_success():
    assert answer([]) == (False, ["handover: the upstream has no seed"])


def test_a_partition_opens_as_users_type_it(passed):
    """docs/consumers.md: the keys of the path stand in the rows as well."""
    folder = os.path.dirname(f"{over(passed).root}/{catalog_path('site_timezones', **TOKENS)}")
    zones = open_site_timezones(passed.root, FINGERPRINT, SEED)["tzid"].to_pylist()
    assert pd.read_parquet(folder)["tzid"].tolist() == zones
    assert pl.read_parquet(folder)["tzid"].to_list() == zones
    assert [row for (row,) in duckdb.sql(f"SELECT tzid FROM read_parquet('{folder}/*.parquet')").fetchall()] == zones
    above = os.path.dirname(os.path.dirname(folder))
    assert pd.read_parquet(above, partitioning=None)["tzid"].tolist() == zones
    assert pl.read_parquet(f"{above}/**/*.parquet")["seed"].to_list() == [SEED] * len(zones)
