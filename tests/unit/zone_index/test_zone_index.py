"""The zone index agrees with brute-force shapely on every point, and finds the nearest zone exactly.

The real world is tested on 480,000 points of all kinds that could go wrong, made-up worlds on what the real one lacks.
"""

from fractions import Fraction

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scripts.zone_index.build import build_index
from scripts.zone_index.file import LEAF
from scripts.zone_index.grid import Edges
from scripts.zone_index.index import lookup, nearest, open_index, orientation, set_members
from tests.benchmarks.synthetic import population_weighted
from tests.unit.zone_index.brute_zones import differing_points, make, points_near_edges

COUNT = 40_000


def uniform(index, random):
    return random.uniform(-180, 180, COUNT), random.uniform(-90, 90, COUNT)


def places(index, random):
    return population_weighted(COUNT, random)


def vertices(index, random):
    chosen = random.integers(0, len(index.arrays["x"]), COUNT)
    return index.arrays["x"][chosen], index.arrays["y"][chosen]


def on_edges(index, random):
    return points_near_edges(index, COUNT, random, 0.0)


def near_edges(index, random):
    return points_near_edges(index, COUNT, random, 1e-9)


def one_double_off_edges(index, random):
    lon, lat = points_near_edges(index, COUNT, random, 0.0)
    return np.clip(np.nextafter(lon, random.choice([-999, 999], COUNT)), -180, 180), lat


def cell_corners(index, random):
    lon, lat = points_near_edges(index, COUNT, random, 0.01)
    lon, lat = np.round(lon * 80) / 80, np.round(lat * 80) / 80
    return tuple(np.clip(v + random.choice([0, 0, -1e-12, 1e-9], COUNT), -b, b) for v, b in ((lon, 180), (lat, 90)))


def antimeridian(index, random):
    return random.choice([-180.0, 180.0], COUNT), np.round(random.uniform(-90, 90, COUNT), random.integers(0, 7))


def poles(index, random):
    return np.round(random.uniform(-180, 180, COUNT), random.integers(0, 7)), random.choice([-90.0, 90.0], COUNT)


def whole_degrees(index, random):
    return random.integers(-180, 181, COUNT).astype(float), random.integers(-90, 91, COUNT).astype(float)


def overlaps(index, random):
    return random.uniform(73, 97, COUNT), random.uniform(34, 50, COUNT)


def enclaves(index, random):
    return random.uniform(4.8, 5.1, COUNT), random.uniform(51.4, 51.5, COUNT)


KINDS = [uniform, places, vertices, on_edges, near_edges, one_double_off_edges, cell_corners, antimeridian, poles]
KINDS += [whole_degrees, overlaps, enclaves]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_world_agrees_with_brute_force(world, kind):
    index, brute = world
    lon, lat = kind(index, np.random.default_rng(KINDS.index(kind)))
    assert differing_points(index, brute, lon, lat).tolist() == []


def test_sets_are_numbered_as_promised(world):
    index, _ = world
    assert index.tzids == sorted(set(index.tzids))
    assert set_members(index, 0) == []
    assert [set_members(index, zone + 1) for zone in range(len(index.tzids))] == [[tzid] for tzid in index.tzids]
    assert index.set_sizes[len(index.tzids) + 1 :].min() == 2
    xinjiang = lookup(index, np.array([87.6]), np.array([43.8]))[0]
    assert set_members(index, xinjiang) == ["Asia/Shanghai", "Asia/Urumqi"]


def test_points_off_the_globe_are_refused(world):
    index, _ = world
    for lon, lat in [(180.1, 0), (-180.1, 0), (0, 90.1), (0, -90.1), (np.nan, 0), (0, np.nan)]:
        with pytest.raises(ValueError, match="within"):
            lookup(index, np.array([0.0, lon]), np.array([0.0, lat]))
    assert lookup(index, np.array([]), np.array([])).tolist() == []


def test_nearest_agrees_with_distances(world):
    index, brute = world
    random = np.random.default_rng(5)
    lon, lat = random.uniform(-180, 180, 60), random.uniform(-85, 85, 60)
    zones = [np.unique(random.choice(len(index.tzids), random.integers(1, 12))) for _ in lon]
    zone, near_lon, near_lat = nearest(index, lon, lat, zones, np.arange(len(lon)))
    for row, candidates in enumerate(zones):
        point = shapely.Point(lon[row], lat[row])
        away = np.array([shapely.distance(brute.geoms[brute.zone == number], point).min() for number in candidates])
        assert zone[row] in candidates[away <= away.min() + 1e-12]
        assert np.hypot(near_lon[row] - lon[row], near_lat[row] - lat[row]) == pytest.approx(away.min(), abs=1e-11)


def test_same_polygons_same_bytes(tmp_path):
    geoms = np.array([shapely.box(0, 0, 1.3, 1), shapely.box(1, 0, 2, 1)])
    for name in ("one", "two"):
        make(tmp_path / name, np.array(["B", "A"]), geoms)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_other_files_are_refused(tmp_path):
    (tmp_path / "index").write_bytes(b"something else entirely")
    with pytest.raises(ValueError, match="build it again"):
        open_index(tmp_path / "index")


def test_nearest_in_a_small_world(tmp_path):
    tzids = np.array(["B/West", "A/East", "A/East"])
    geoms = np.array([shapely.box(0, 0, 1, 1), shapely.box(3, 0, 4, 1), shapely.box(8, 8, 9, 9)])
    index, _ = make(tmp_path / "index", tzids, geoms)
    west, east = index.tzids.index("B/West"), index.tzids.index("A/East")
    lon, lat = np.array([2.0, 1.5, 0.5, 2.0, 2.0, 0.5]), np.array([0.5, 0.5, 0.5, 9.5, 2.0, 0.5])
    lists, which = [np.array([west, east]), np.array([west]), np.array([], int)], np.array([0, 0, 0, 1, 0, 2])
    zone, near_lon, near_lat = nearest(index, lon, lat, lists, which)
    # Row 0: equal distance, smaller tzid. Row 2: covered. Row 4: equal distance to two corners. Row 5: no candidate.
    assert zone.tolist() == [east, west, west, west, east, -1]
    assert near_lon[:5].tolist() == [3.0, 1.0, 0.5, 1.0, 3.0] and near_lat[:5].tolist() == [0.5, 0.5, 0.5, 1.0, 1.0]
    assert np.isnan(near_lon[5]) and np.isnan(near_lat[5])


def star(centre, radius, points, turn):
    angle = np.linspace(0, 2 * np.pi, 2 * points, endpoint=False) + turn
    length = radius * np.where(np.arange(2 * points) % 2, 0.3, 1.0)
    return shapely.Polygon(np.stack([centre[0] + length * np.cos(angle), centre[1] + length * np.sin(angle)], axis=1))


star_world = st.lists(
    st.builds(
        star,
        st.tuples(st.sampled_from([0, 0.25, -0.1]), st.sampled_from([0, 0.3, 0.1])),
        st.floats(0.01, 30),
        st.integers(2, 9),
        # No turn of 1e-226: products of such coordinates underflow in the yardstick, which then errs.
        st.just(0.0) | st.floats(1e-9, 3),
    ),
    min_size=1,
    max_size=7,
)


@settings(max_examples=25, deadline=None)
@given(stars=star_world, zones=st.lists(st.sampled_from("ABCDEFG"), min_size=7, max_size=7), seed=st.integers(0, 99))
def test_overlapping_stars_agree_with_brute_force(tmp_path_factory, stars, zones, seed):
    """Zones that overlap others and themselves, in arbitrary doubles, with many edges in few cells."""
    path = tmp_path_factory.mktemp("stars") / "index"
    tzids = np.array(zones[: len(stars)])
    index, brute = make(path, tzids, np.array(stars), blocks_per_degree=2, split=4)
    random = np.random.default_rng(seed)
    for reach in (0.0, 1e-9, 0.1):
        lon, lat = points_near_edges(index, 500, random, reach)
        assert differing_points(index, brute, lon, lat).tolist() == []
    path.unlink()


def test_shared_edges_and_touching_parts(tmp_path):
    """Two parts of one zone that share an edge, a hole filled by another zone, and nine zones that meet in a point."""
    geoms = [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(0.2, 0.2, 0.4, 0.4)]
    geoms[0] = geoms[0].difference(geoms[2])
    wedge = [shapely.Polygon([(20, 20), (29, 11 + k), (29, 12 + k)]) for k in range(9)]
    tzids = np.array(["A", "A", "B", *(f"W/{k}" for k in range(9))])
    index, brute = make(tmp_path / "index", tzids, np.array(geoms + wedge))
    assert index.set_sizes[lookup(index, np.array([20.0]), np.array([20.0]))] == 9
    assert set_members(index, lookup(index, np.array([1.0]), np.array([0.5]))[0]) == ["A"]
    assert set_members(index, lookup(index, np.array([0.3]), np.array([0.2]))[0]) == ["A", "B"]
    random = np.random.default_rng(0)
    for reach in (0.0, 1e-9, 0.05):
        assert differing_points(index, brute, *points_near_edges(index, 5000, random, reach)).tolist() == []


def test_too_many_zones_in_a_block_are_refused():
    wedge = [shapely.Polygon([(20, 20), (29, 11 + k), (29, 12 + k)]) for k in range(LEAF.bit_length())]
    with pytest.raises(ValueError, match="meet in one block"):
        build_index(np.array([f"W/{k:02}" for k in range(len(wedge))]), np.array(wedge))


@given(st.tuples(*[st.floats(-180, 180)] * 5), st.floats(0, 1), st.integers(-2, 2))
def test_orientation_is_exact(coordinates, along, ulps):
    """Against rational arithmetic, on points that are on the line up to a few units in the last place."""
    xa, ya, xb, yb, x = coordinates
    y = ya + along * (yb - ya) if xa == xb else ya + (x - xa) / (xb - xa) * (yb - ya)
    assume(np.isfinite(y))  # the slope of an edge of width 5e-324 overflows
    for _ in range(abs(ulps)):
        y = np.nextafter(y, np.inf * ulps)
    y = float(np.clip(y, -1e6, 1e6))
    f = [Fraction(value) for value in (xa, ya, xb, yb, x, y)]
    exact = (f[0] - f[4]) * (f[3] - f[5]) - (f[1] - f[5]) * (f[2] - f[4])
    edges = Edges(*(np.array([value]) for value in (xa, ya, xb, yb)))
    side = orientation(edges, np.array([x]), np.array([y]))
    assert side[0] == (exact > 0) - (exact < 0)
