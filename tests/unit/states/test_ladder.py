"""Each rung of the S1 ladder on its own, on the real polygons of a dozen zones with nothing at sea (states.md §3.1)."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from scripts.states import ladder
from scripts.states.mcc import MccMap
from scripts.states.overrides import OverrideRow, compile_overrides
from scripts.states.site_key import SiteKeys, country_codes
from tests.tiny import polygons
from tests.unit.zone_index.brute_zones import make

EPSILON = 0.002
SUPPORT = [
    ("BM", "Atlantic/Bermuda"),
    ("CN", "Asia/Shanghai"),
    ("CN", "Asia/Urumqi"),
    ("NZ", "Pacific/Auckland"),
    ("NZ", "Pacific/Chatham"),
    ("PT", "Atlantic/Azores"),
    ("PT", "Atlantic/Madeira"),
    ("PT", "Europe/Lisbon"),
]
URUMQI = (87.6, 43.8)  # Asia/Shanghai and Asia/Urumqi both cover Xinjiang
AT_SEA = (-50.0, 20.0)


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    return make(tmp_path_factory.mktemp("ladder") / "index", *polygons())[0]


def resolve(index, *rows, overrides=(), epsilon=EPSILON, **more):
    """(tzid or None, rung, scope) of each row `(country, lon, lat[, merchant, order])`, and the resolution."""
    rows = [(*row, *(1, 1)[len(row) - 3 :]) for row in rows]
    country, lon, lat, merchant, order = zip(*rows, strict=True)
    zone = {tzid: number for number, tzid in enumerate(index.tzids)}
    pairs = [(int(country_codes([iso])[0]), zone[tzid]) for iso, tzid in SUPPORT]
    keys = SiteKeys(np.array(merchant, np.uint64), country_codes(country), np.array(order, np.int32))
    sites = ladder.Sites(keys, np.array(lon, np.float64), np.array(lat, np.float64))
    table = compile_overrides(overrides, index.tzids)
    countries = ladder.CountryZones.of_pairs(pairs)
    found = ladder.resolve(ladder.Ladder(index, epsilon, table, countries, **more), sites)
    names = [index.tzids[number] if number >= 0 else None for number in found.zone.tolist()]
    return list(zip(names, found.rung.tolist(), found.scope.tolist(), strict=True)), found


def coast(tzid, side):
    """The outermost vertex of a zone on one side."""
    tzids, geoms = polygons()
    points = shapely.get_coordinates(geoms[tzids == tzid])
    axis, pick = {"south": (1, np.argmin), "east": (0, np.argmax), "west": (0, np.argmin)}[side]
    return points[pick(points[:, axis])]


def test_containment_touches_nothing(index):
    found, arrays = resolve(index, ("PT", -9.14, 38.72), ("CN", 116.4, 39.9), ("XX", 103.8, 1.35))
    expected = ["Europe/Lisbon", "Asia/Shanghai", "Asia/Singapore"]
    assert found == [(tzid, ladder.POLYGON, -1) for tzid in expected]
    assert np.isnan(arrays.nudge_lon).all() and np.isnan(arrays.nudge_lat).all()


def test_one_nudge_north_east_decides(index):
    """A site just off the westernmost coast lands inland by the nudge, and says so."""
    lon, lat = coast("Europe/Lisbon", "west")
    found, arrays = resolve(index, ("PT", lon - 1e-9, lat), epsilon=0.05)
    assert found == [("Europe/Lisbon", ladder.NUDGED, -1)]
    assert (arrays.nudge_lon[0], arrays.nudge_lat[0]) == (pytest.approx(lon + 0.05), pytest.approx(lat + 0.05))
    found, _ = resolve(index, ("PT", lon, lat))  # the vertex itself belongs to the zone
    assert found == [("Europe/Lisbon", ladder.POLYGON, -1)]


@pytest.mark.parametrize(
    ("lon", "lat", "to_lon", "to_lat"),
    [
        (0.0, 0.0, 0.002, 0.002),
        (0.0, 89.999, 0.002, 90.0),  # clamped at the pole
        (0.0, 90.0, 0.002, 90.0),
        (179.999, 0.0, -179.999, 0.002),  # wrapped
        (180.0, -90.0, -179.998, -89.998),
        (-180.0, 0.0, -179.998, 0.002),
        (180.0 - 0.002, 0.0, 180.0, 0.002),  # +180 stays +180
    ],
)
def test_nudge_clamps_and_wraps(lon, lat, to_lon, to_lat):
    x, y = ladder.nudged(np.array([lon]), np.array([lat]), 0.002)
    assert (x[0], y[0]) == (pytest.approx(to_lon, abs=1e-12), pytest.approx(to_lat, abs=1e-12))


@given(st.floats(-180, 180), st.floats(-90, 90), st.floats(1e-9, 1.0))
def test_nudge_stays_on_the_globe(lon, lat, epsilon):
    x, y = ladder.nudged(np.array([lon]), np.array([lat]), epsilon)
    assert -180 < x[0] <= 180 and -90 <= y[0] <= 90


def test_overrides_go_site_before_mcc_before_country(index):
    rows = [
        OverrideRow("country", "CN", "Asia/Shanghai"),
        OverrideRow("mcc", "5411", "Asia/Urumqi"),
        OverrideRow("site", "9223372036854775813|CN|2", "Asia/Singapore"),
    ]
    big = 2**63 + 5
    found, arrays = resolve(
        index,
        ("CN", *URUMQI, big, 2),
        ("CN", *URUMQI, big, 3),
        ("CN", *URUMQI, big + 1, 3),  # a merchant of another mcc
        ("CN", *URUMQI, big - 1, 2),  # a merchant that the map has not
        ("PT", *AT_SEA, 1, 1),
        ("CN", 116.4, 39.9, big, 2),  # geometry decides first, whatever the policy says
        overrides=rows,
        mcc=MccMap(np.array([1, big, big + 1], np.uint64), np.array([5411, 5411, 5812], np.int32)),
    )
    assert [(tzid, scope) for tzid, _, scope in found] == [
        ("Asia/Singapore", 0),
        ("Asia/Urumqi", 1),
        ("Asia/Shanghai", 2),
        ("Asia/Shanghai", 2),
        ("Asia/Urumqi", 1),
        ("Asia/Shanghai", -1),
    ]
    assert arrays.rung.tolist() == [ladder.OVERRIDE] * 5 + [ladder.POLYGON]
    assert np.isnan(arrays.nudge_lon).tolist() == [False] * 5 + [True]


def test_country_of_one_zone_needs_no_geometry(index):
    found, _ = resolve(index, ("BM", *AT_SEA), ("BM", *URUMQI))
    assert found[0] == ("Atlantic/Bermuda", ladder.SINGLETON, -1)
    # Where two zones cover the site, the one zone of its country is the nearest polygon, not a matter of course.
    assert found[1] == ("Atlantic/Bermuda", ladder.NEAREST_OUTSIDE, -1)


def test_nearest_polygon_within_and_outside_the_threshold(index):
    """Distance counts on the sphere, from the nudged point, to the nearest polygon of the site's own country."""
    tzids, geoms = polygons()
    own = np.isin(tzids, ["Pacific/Auckland", "Pacific/Chatham"])
    lon, lat = coast("Pacific/Auckland", "south")
    rows = [("NZ", lon, lat - down) for down in np.linspace(0.0021, 0.01, 60)]
    found, arrays = resolve(index, *rows)
    expected = []
    for x, y in zip(arrays.nudge_lon, arrays.nudge_lat, strict=True):
        lines = shapely.shortest_line(shapely.Point(x, y), geoms[own])
        line = lines[np.argmin(shapely.length(lines))]
        (xa, ya), (xb, yb) = line.coords
        metres = ladder.haversine_m(*(np.array([value]) for value in (xa, ya, xb, yb)))[0]
        expected.append(ladder.NEAREST_WITHIN if metres <= EPSILON * 111_000 else ladder.NEAREST_OUTSIDE)
    assert [rung for _, rung, _ in found] == expected
    assert {tzid for tzid, _, _ in found} == {"Pacific/Auckland"}
    assert {ladder.NEAREST_WITHIN, ladder.NEAREST_OUTSIDE} == set(expected)

    lon, lat = coast("Pacific/Chatham", "east")
    found, _ = resolve(index, ("NZ", lon + 0.5, lat), ("PT", lon + 0.5, lat))
    assert found[0] == ("Pacific/Chatham", ladder.NEAREST_OUTSIDE, -1)
    assert found[1][0] in {"Atlantic/Azores", "Atlantic/Madeira", "Europe/Lisbon"}


def test_tie_goes_to_the_smaller_name(index):
    """Both zones cover the site, so both are at distance 0."""
    found, _ = resolve(index, ("CN", *URUMQI))
    assert found == [("Asia/Shanghai", ladder.NEAREST_WITHIN, -1)]


def test_haversine():
    quarter = np.pi / 2 * 6_371_000
    zero, ninety = np.array([0.0]), np.array([90.0])
    assert ladder.haversine_m(zero, zero, ninety, zero)[0] == pytest.approx(quarter)
    assert ladder.haversine_m(zero, zero, zero, ninety)[0] == pytest.approx(quarter)
    assert ladder.haversine_m(zero, -ninety, zero, ninety)[0] == pytest.approx(2 * quarter)
    across = ladder.haversine_m(np.array([179.999]), zero, np.array([-179.999]), zero)[0]
    assert across == pytest.approx(0.002 * np.pi / 180 * 6_371_000)


def test_what_no_rung_decides_stays_open(index):
    found, arrays = resolve(index, ("XX", *AT_SEA), ("XX", *URUMQI), ("PT", -9.14, 38.72))
    assert found == [(None, ladder.UNRESOLVED, -1)] * 2 + [("Europe/Lisbon", ladder.POLYGON, -1)]
    assert arrays.zone.tolist()[:2] == [-1, -1]


def test_own_zone_is_preferred_only_on_request(index):
    tzids = {tzid: number for number, tzid in enumerate(index.tzids)}
    both = ladder.lookup(index, np.array([URUMQI[0]]), np.array([URUMQI[1]]))
    countries = ladder.CountryZones.of_pairs(
        [(1, tzids["Asia/Urumqi"]), (2, tzids["Asia/Shanghai"]), (2, tzids["Asia/Urumqi"])]
    )
    own = ladder.own_zone(index, np.repeat(both, 4), np.array([1, 2, 3, 1], np.uint16), countries)
    assert own.tolist() == [tzids["Asia/Urumqi"], -1, -1, tzids["Asia/Urumqi"]]


def test_order_and_batches_do_not_matter(index):
    """Any permutation of the rows resolves each row as before."""
    random = np.random.default_rng(4)
    rows = [("NZ", 167.5 + x, -47.3 + y) for x, y in random.uniform(-1, 1, (60, 2))]
    rows += [("CN", *URUMQI), ("BM", *AT_SEA), ("XX", *AT_SEA), ("PT", *AT_SEA)]
    shuffled = random.permutation(len(rows))
    whole, _ = resolve(index, *rows)
    parts, _ = resolve(index, *(rows[number] for number in shuffled))
    assert parts == [whole[number] for number in shuffled]
    assert [resolve(index, row)[0][0] for row in rows[-8:]] == whole[-8:]
