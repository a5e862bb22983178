"""Cells, frames and paths of the maps: hand-worked places, both sides of 180 degrees, any number of sites."""

import re

import numpy as np
import pandas as pd
import pytest
import shapely

from scripts.report.bins import bins, wrapped
from scripts.report.build_report import people, spread_km
from scripts.report.country_maps import HEIGHT, WIDTH, Borders, frame_of, layers, zone_colours
from scripts.report.svg import cloud, dots_path, rings_path
from scripts.report.world_map import equal_earth


def points(*rows: tuple[str, str, float, float]) -> pd.DataFrame:
    """Sites as the binning reads them, one each."""
    return pd.DataFrame(rows, columns=["country_iso", "tzid", "lon_deg", "lat_deg"]).assign(weight=1)


def test_bins_count_every_site_once_in_each_grid_whatever_the_batches():
    whole = points(
        ("FR", "Europe/Paris", 2.1, 48.1), ("FR", "Europe/Paris", 2.2, 48.2), ("FR", "Europe/Paris", 7.0, 43.0)
    )
    found = bins(lambda: [whole])
    assert found.groupby("grid")["weight"].sum().to_dict() == {"local": 3, "world": 3}
    world = found[found["grid"] == "world"]
    assert world[["lon_deg", "lat_deg", "weight"]].to_numpy().tolist() == [[2.25, 48.25, 2.0], [7.25, 43.25, 1.0]]
    assert bins(lambda: [whole.iloc[:1], whole.iloc[1:]]).equals(found)
    assert len(bins(list)) == 0


def test_the_local_grid_holds_a_country_across_180_degrees_together():
    found = bins(lambda: [points(("NZ", "Pacific/Auckland", 174.0, -41.0), ("NZ", "Pacific/Chatham", -176.5, -44.0))])
    local = found[found["grid"] == "local"].sort_values("tzid")
    assert np.allclose(local["lon_deg"], [174.0, -176.5], atol=0.1), "cells of a box of 9.5, not of 350 degrees"
    assert wrapped(np.array([183.5, -190.0, 180.0])).tolist() == [-176.5, 170.0, -180.0]


def test_cells_do_not_grow_with_sites():
    generator = np.random.Generator(np.random.Philox(key=1))
    many = pd.DataFrame({"country_iso": "FR", "tzid": "Europe/Paris", "weight": 1}, index=range(200_000))
    many = many.assign(lon_deg=generator.uniform(0, 6, len(many)), lat_deg=generator.uniform(44, 49, len(many)))
    found = bins(lambda: [many])
    assert (found["grid"] == "local").sum() == 64 * 64
    assert found[found["grid"] == "world"]["weight"].sum() == 200_000


def test_a_frame_shows_a_country_whole_and_undistorted():
    frame = frame_of(np.array([0.0, 10.0]), np.array([45.0, 50.0]))
    x, y = frame.place(np.array([0.0, 10.0]), np.array([45.0, 50.0]))
    assert 0 < x[0] < x[1] < WIDTH and 0 < y[1] < y[0] < HEIGHT
    assert (x[1] - x[0]) / (y[0] - y[1]) == pytest.approx(2 * np.cos(np.radians(47.5)))
    across = frame_of(np.array([174.0, -176.5]), np.array([-41.0, -44.0]))
    x, _ = across.place(np.array([174.0, -176.5]), np.array([-41.0, -44.0]))
    assert 0 < x[0] < x[1] < WIDTH
    one = frame_of(np.array([7.42]), np.array([43.73]))
    assert one.place(np.array([7.42]), np.array([43.73])) == (pytest.approx(WIDTH / 2), pytest.approx(HEIGHT / 2))


def test_a_map_draws_own_zones_by_name_and_all_else_as_land():
    boxes = np.array([shapely.box(0, 40, 10, 50), shapely.box(10, 40, 20, 50), shapely.box(100, 0, 110, 10)])
    borders = Borders(np.array(["Europe/Paris", "Europe/Berlin", "Asia/Far"]), boxes)
    frame = frame_of(np.array([1.0, 9.0]), np.array([41.0, 49.0]))
    found = layers(borders, frame, {"Europe/Paris", "Europe/Monaco"})
    assert set(found) == {"Europe/Paris", "land"}


def test_zones_that_people_live_in_come_first_so_that_both_maps_agree():
    lived = pd.Series({"A": 10, "B": 90, "Z": 5})
    assert zone_colours(["A", "B", "C"], lived, ["X", "A"]) == {"B": 0, "A": 1, "C": 2, "X": 3}


def test_paths_are_whole_relative_steps():
    assert rings_path([shapely.box(0, 0, 10.4, 5)]) == "M10 0l0 5-10 0 0-5z"
    assert rings_path([shapely.box(0, 0, 0.2, 0.2)]) == "", "nothing to see, nothing drawn"
    assert dots_path(np.array([5.0, 2.0]), np.array([1.0, 1.0])) == "m2 1h0m3 0h0"


def test_a_collapse_is_one_large_dot():
    x = np.linspace(100, 101, 50)
    drawn = cloud(x, x, np.full(50, 0.02), np.zeros(50, int), largest=1.0, least=0.0, most=450)
    assert re.findall(r'class="([^"]+)"', drawn) == ["d s5 z0"]
    x = np.linspace(0, 400, 50)
    drawn = cloud(x, x, np.full(50, 0.02), np.zeros(50, int), largest=1.0, least=0.0, most=450)
    assert re.findall(r'class="([^"]+)"', drawn) == ["d s2 z0"]
    assert drawn.count("h0") == 50
    assert cloud(x, x, np.full(50, 0.02), np.zeros(50, int), largest=1.0, least=0.5, most=450) == ""


def test_a_cloud_of_many_sites_stays_small_and_loses_none():
    x, y = (axis.ravel().astype(float) for axis in np.meshgrid(np.arange(0, 400, 4), np.arange(0, 280, 4)))
    drawn = cloud(x, y, np.full(len(x), 1 / len(x)), np.zeros(len(x), int), largest=1.0, least=0.0, most=450)
    assert len(x) == 7000 and 200 < drawn.count("h0") <= 450


def test_equal_earth_has_its_known_ends():
    x, y = equal_earth(np.array([0.0, 180.0, -180.0]), np.array([0.0, 0.0, 0.0]))
    assert x.tolist() == pytest.approx([720, 1440, 0], abs=0.1)
    top = equal_earth(np.array([0.0]), np.array([84.0]))[1]
    assert top.tolist() == pytest.approx([0.0]) and (y > 0).all()


def test_spread_and_shares_of_people():
    degree = spread_km(pd.Series([0.0, 2.0]), pd.Series([0.0, 0.0]), pd.Series([1, 1]))
    assert degree == pytest.approx(111.195, abs=0.001), "each is one degree of the equator from the middle"
    cells = points(
        ("NZ", "Pacific/Auckland", 174.0, -41.0), ("NZ", "Pacific/Chatham", -176.5, -44.0), ("XX", "Y", 0, 0)
    )
    cells = cells.rename(columns={"weight": "population"}).assign(grid="local", population=[900, 100, 5])
    found = people(cells, ["NZ"])
    assert set(found) == {"NZ"}
    assert found["NZ"]["zones"] == {"Pacific/Auckland": 0.9, "Pacific/Chatham": 0.1}
    assert (found["NZ"]["top1_share"], found["NZ"]["zones_with_people"]) == (0.9, 2)
