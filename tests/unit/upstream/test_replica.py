"""The replica of segment 1B: placement on hand-made zones, counts from the facts, the bundle law and the pins."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from scripts.lib.errors import Abort, UsageError
from scripts.lib.files import sha256_file, write_json
from scripts.lib.pins import pins_path
from scripts.lib.records import plain
from scripts.reference.tz_world import write_tz_world
from scripts.upstream import build_upstream, import_upstream, pin_authority
from scripts.upstream import replica as rep
from scripts.upstream.authority import check_pins, read_authority, root_paths
from scripts.upstream.bundle_1b import check_bundle, write_bundle
from scripts.upstream.facts import Clump, read_facts
from scripts.upstream.pin_authority import seed_pins

FACTS_FILE = "config/authority/facts.yaml"
FACTS = read_facts(FACTS_FILE)
TOY_FILE = str(Path(__file__).with_name("toy_facts.yaml"))
TOY = read_facts(TOY_FILE)

# Zone A/A covers lon 0..2, zone B/B lon 1.9..4: they overlap between 1.9 and 2. Latitudes 0..1.
TZIDS = np.array(["A/A", "B/B"])
GEOMS = np.array([shapely.box(0, 0, 2, 1), shapely.box(1.9, 0, 4, 1)])
BOX = [1.0, 0.2, 3.0, 0.3]


def near(box: list[float] = BOX) -> rep.ZoneWindow:
    return rep.window(TZIDS, GEOMS, shapely.bounds(GEOMS), box)


def test_exactly_counts_boundaries_and_overlaps():
    lon, lat = np.array([1.5, 1.95, 1.9, 3.0]), np.full(4, 0.25)
    assert near().exactly(lon, lat, ["A/A"]).tolist() == [True, False, False, False]
    assert near().exactly(lon, lat, ["A/A", "B/B"]).tolist() == [False, True, True, False]
    assert not near().exactly(lon, lat, ["Nowhere/Else"]).any()


def test_drift_is_dense_in_the_west_and_stays_in_the_box():
    lon, lat = rep.drifting(rep.generator(1, "XA", rep.PLACE), 4000, BOX, 0.3)
    assert lon.min() >= 1.0 and lon.max() <= 3.0 and lat.min() >= 0.2 and lat.max() <= 0.3
    assert 0.60 < (lon < 1.3).mean() < 0.67  # 1 - 1/e of an exponential lies within one scale
    assert np.array_equal(lon, np.round(lon, rep.DECIMALS))


def test_place_honours_the_zones_before_and_after_the_nudge():
    spot = replace(TOY.spots["XB_fallback"], nudged=("B/B",))
    lon, lat = rep.place(rep.generator(1, "XB", rep.PLACE), near(), spot, ["A/A", "B/B"], 5, 0.002)
    assert near().exactly(lon, lat, ["A/A", "B/B"]).all()
    assert near().exactly(lon + 0.002, lat + 0.002, ["B/B"]).all()


def test_place_says_which_box_has_no_room():
    clump = Clump((3.0, 0.2, 3.5, 0.3), 0.1, {})
    with pytest.raises(UsageError, match=r"box \[3.0, 0.2, 3.5, 0.3\].*A/A"):
        rep.place(rep.generator(1, "XA", rep.PLACE), near(), clump, ["A/A"], 1, 0.0)


def test_stretch_reaches_the_sides_but_never_changes_a_zone():
    sites = np.array([[1.2, 1.5, 1.85], [0.22, 0.25, 0.28]])
    rep.stretch(near(), sites, BOX)
    # the eastern side lies in another zone
    assert sites.tolist() == [[1.0, 1.5, 1.85], [0.2, 0.25, 0.3]]


def test_scale_keeps_fixed_counts_and_the_total():
    counts = rep.scale({"AA": 10, "BB": 20, "CC": 1}, 100, {"BB": 33})
    assert counts == {"AA": 61, "CC": 6, "BB": 33}
    assert rep.scale({"AA": 1, "BB": 1, "CC": 1}, 4, {}) == {"AA": 2, "BB": 1, "CC": 1}


def test_allocate_takes_the_base_as_it_is_or_draws_its_shares():
    rng = rep.generator(1, "XA", rep.ALLOCATE)
    assert rep.allocate(rng, [30, 20], 50) == [30, 20]
    first, second = rep.allocate(rng, [30, 20], 5000)
    assert first + second == 5000 and 2850 < first < 3150


def test_merchant_keys_are_contiguous_for_each_merchant():
    ids, order = rep.merchant_keys(FACTS.merchants, 42, "DE", 4269)
    assert ids.dtype == np.uint64 and (ids > 2**63).any() and len(np.unique(ids)) == 4269 // 12
    for merchant in np.unique(ids)[:40]:
        assert sorted(order[ids == merchant]) == list(range(1, (ids == merchant).sum() + 1))


def test_sites_of_a_country_do_not_depend_on_the_others():
    alone = replace(TOY, countries={"XB": TOY.countries["XB"]}, seeds={42: replace(TOY.seeds[42], sites=12)})
    both = build_upstream.collapsed(TOY, 42, TZIDS, GEOMS)["XB"]
    assert np.array_equal(both, build_upstream.collapsed(alone, 42, TZIDS, GEOMS)["XB"])
    assert not np.array_equal(both[0], build_upstream.collapsed(TOY, 7, TZIDS, GEOMS)["XB"][0][: len(both[0])])


def test_collapsed_puts_the_stated_number_into_each_zone():
    points = build_upstream.collapsed(TOY, 42, TZIDS, GEOMS)
    covering = near().covering(*points["XA"])
    assert covering.sum(axis=0).tolist() == [30, 20] and (covering.sum(axis=1) == 1).all()
    assert (near([0, 0, 4, 1]).covering(*points["XB"]).sum(axis=1) == 2).sum() == 2


def test_reopened_draws_places_by_population_with_small_jitter():
    rows = {"country_iso": ["XA", "XA", "XB"], "lon_deg": [1.0, -179.999, 3.0], "lat_deg": [0.5, 0.5, 0.5]}
    places = pa.table({**rows, "population": [3, 1, 9]})
    lon, lat = build_upstream.reopened(TOY, 42, places)["XA"]
    assert len(lon) == 50 and (np.abs(lat - 0.5) <= 0.005).all() and (np.abs(lon) <= 180).all()
    assert 27 < (np.abs(lon - 1.0) <= 0.005).sum() < 47
    with pytest.raises(UsageError, match="XB"):
        build_upstream.reopened(TOY, 42, places.slice(0, 2))


def test_facts_hold_the_published_counts_and_hotspots():
    counts = rep.country_counts(FACTS, 42)
    zones = {name: {z for clump in entry.clumps for z in clump.zones} for name, entry in FACTS.countries.items()}
    assert len(counts) == 77 and sum(counts.values()) == 31257
    assert len(set().union(*zones.values())) == 90
    assert sorted(map(len, zones.values())) == [1] * 54 + [2] * 23
    for seed, total, country, sites in ((101, 102808, "CN", 273), (202, 104370, "GE", 416)):
        counts = rep.country_counts(FACTS, seed)
        assert sum(counts.values()) == total and counts[country] == sites and counts["PS"] < 100
    fallbacks = {
        seed: sum(count for name, count in size.spots.items() if name.endswith("_fallback"))
        for seed, size in FACTS.seeds.items()
    }
    assert fallbacks == {42: 1, 7: 5, 101: 32, 202: 58}


@pytest.mark.parametrize("name", ["published", "frozen", "reopened"])
def test_authority_files_state_what_the_facts_give(name):
    authority = read_authority(name)
    assert authority.kind == "replica" and authority.facts == FACTS_FILE
    assert set(authority.seeds) == set(FACTS.authorities[name].seeds)
    for seed, pins in authority.seeds.items():
        assert pins.receipt == FACTS.receipt(name, seed)
        assert len(pins.files) == 11
        assert root_paths(seed, pins.manifest_fingerprint)["run_receipt"] in pins.files


def toy_root(folder: Path) -> tuple[Path, dict]:
    """A built toy root and the arguments that built it."""
    write_tz_world(folder / "tz.parquet", TZIDS, GEOMS, "2026c")
    receipt = TOY.receipt("toy", 42)
    root = folder / "root"
    outputs = {name: str(root / path) for name, path in root_paths(42, receipt["manifest_fingerprint"]).items()}
    given = {"tz_world": str(folder / "tz.parquet"), "places": "", "facts": TOY_FILE, "authority": "toy"}
    build_upstream.build(**given, receipt=receipt, outputs=outputs)
    return root, {**given, **outputs}


def test_root_obeys_the_bundle_law_and_its_own_pins(tmp_path):
    root, given = toy_root(tmp_path)
    index, flag = given["bundle_index"], given["bundle_flag"]
    digest = check_bundle(index, flag)
    assert Path(flag).read_bytes() == f"sha256_hex = {digest}\n".encode() and Path(flag).stat().st_size == 78
    pins, path = seed_pins(root), str(tmp_path / "pins.json")
    write_json(path, plain(pins))
    build_upstream.main(**given, pins=path)  # a second build gives equal bytes
    sites = pq.read_table(given["site_locations"])
    keys = list(zip(*(sites[name].to_pylist() for name in sites.column_names[:3]), strict=True))
    assert sites.num_rows == 62 and keys == sorted(set(keys))

    write_json(path, plain(replace(pins, files={**pins.files, "run_receipt.json": "0" * 64, "gone.json": "1" * 64})))
    with pytest.raises(UsageError, match=r"gone.json[^\n]*no file\n.*run_receipt.json"):
        build_upstream.main(**given, pins=path)
    with pytest.raises(UsageError, match="pinned not at all"):
        check_pins(root, replace(pins, files={}))

    Path(index).with_name("s9_summary.json").write_text("{}")
    with pytest.raises(Abort) as breach:
        check_bundle(index, flag)
    assert breach.value.code == "2A-S0-002"


def test_write_bundle_refuses_an_incomplete_set(tmp_path):
    with pytest.raises(ValueError, match="1B bundle"):
        write_bundle(tmp_path, {"MANIFEST.json": {}})


def test_own_run_root_is_pinned_and_imported(tmp_path, monkeypatch):
    root, given = toy_root(tmp_path)
    (root / "replica_manifest.json").unlink()
    (root / "data/layer1/1A").mkdir(parents=True)
    (root / "data/layer1/1A/other.txt").write_text("not read by 2A")
    monkeypatch.chdir(tmp_path)
    pin_authority.main([str(root), "--name", "mine"])
    authority = read_authority("mine")
    assert authority.kind == "import" and authority.roots == {42: str(root)}
    pins = authority.seeds[42]
    assert len(pins.files) == 10 and not any("1A" in name for name in pins.files)

    target = tmp_path / "upstream"
    outputs = {name: str(target / path) for name, path in root_paths(42, pins.manifest_fingerprint).items()}
    outputs |= {"site_locations": [outputs["site_locations"]]}
    given = {"authority_file": "config/authority/mine.yaml", "pins": pins_path("mine", 42)}
    import_upstream.main(**given, **outputs)
    manifest = {"replica_manifest.json": sha256_file(outputs["replica_manifest"])}
    check_pins(target, replace(pins, files=pins.files | manifest))
    (root / "run_receipt.json").write_text("{}")
    with pytest.raises(UsageError, match=r"run_receipt\.json"):
        import_upstream.main(**given, **outputs)
