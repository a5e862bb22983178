"""Generated tables, YAML and JSON: no traceback, and no pass that the input does not deserve."""

import math
import shutil
import string

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.lib.approvals import Approvers
from scripts.lib.contracts import load_yaml
from scripts.lib.errors import Breach, Fault
from scripts.reference.tzdb import read_zones
from scripts.states.overrides import active, compile_overrides, load_overrides
from scripts.states.policy import load_caps, load_nudge
from scripts.states.s0_inputs import check_run_receipt, check_tzdb
from scripts.upstream.bundle_1b import check_bundle
from scripts.zone_index.index import lookup, open_index
from tests.lawful import CODES, SITES_SCHEMA, House, raised
from tests.lawful_world import RELEASE, SQUARES, table_of

FUZZ = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
TABLES = settings(FUZZ, max_examples=40)
COUNTRIES = ["BM", "CN", "DE", "FR", "NZ", "ZZ"]

lawful_row = st.tuples(
    st.integers(1, 2**64 - 1),
    st.sampled_from(COUNTRIES),
    st.floats(-180, 180, allow_nan=False),
    st.floats(-90, 90, allow_nan=False),
)
# The third of a float's range that matters here, and everything that is no place on Earth.
wild_float = st.one_of(st.floats(), st.floats(-200, 200), st.none())
wild_row = st.tuples(
    st.one_of(st.integers(0, 2**64 - 1), st.none()),
    st.one_of(st.sampled_from(COUNTRIES), st.text(max_size=3), st.none()),
    st.one_of(st.integers(-2, 5), st.none()),
    wild_float,
    wild_float,
)


def site_columns(rows: list[tuple]) -> pa.Table:
    """Rows as a table of the right types that may break every other rule."""
    return table_of(pa.schema([pa.field(field.name, field.type) for field in SITES_SCHEMA]), rows)


def deserves_to_pass(rows: list[tuple]) -> bool:
    """The contract of site_locations, row by row, in plain Python; order aside, as S1 may sort."""
    for merchant, country, order, lon, lat in rows:
        if None in (merchant, country, order, lon, lat) or merchant < 1 or order < 1:
            return False
        if len(country) != 2 or not set(country) <= set(string.ascii_uppercase):
            return False
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            return False
    orders: dict[tuple, list[int]] = {}
    for merchant, country, order, *_ in rows:
        orders.setdefault((merchant, country), []).append(order)
    return all(sorted(found) == list(range(1, len(found) + 1)) for found in orders.values())


@pytest.fixture(scope="module")
def house(tmp_path_factory, shared_reference):
    return House(tmp_path_factory.mktemp("fuzz") / "run", shared_reference)


def s1_of(house: House, rows: list[tuple]) -> str:
    shutil.rmtree(house.root / "data", ignore_errors=True)
    pq.write_table(site_columns(rows), house.files["site_locations"])
    house.vouch()
    house.s0()
    house.s1()
    return house.report("S1")["status"]


@TABLES
@given(st.lists(wild_row, max_size=4))
def test_wild_tables(house, rows):
    if s1_of(house, rows) == "pass":
        assert deserves_to_pass(rows)


@TABLES
@given(st.lists(lawful_row, min_size=1, max_size=6))
def test_lawful_tables_get_one_zone_each(house, places):
    counts: dict[tuple, int] = {}
    rows = []
    for merchant, country, lon, lat in sorted(places):
        counts[merchant, country] = counts.get((merchant, country), 0) + 1
        rows.append((merchant, country, counts[merchant, country], lon, lat))
    status = s1_of(house, rows)
    codes = house.codes("S1")
    assert status == "pass" or codes == ["2A-S1-055"]
    assert deserves_to_pass(rows)
    if status == "pass":
        table = pq.read_table(house.path("s1_tz_lookup"))
        assert table.num_rows == len(rows) and set(table["tzid_provisional"].to_pylist()) <= set(SQUARES)
        assert house.s2() == []


words = ["country", "site", "mcc", "CN", "7|CN|2", "5411", "Asia/Shanghai", "2026-02-30", "2027-01-01", "*", "latest"]
scalars = st.one_of(
    *(st.none(), st.booleans(), st.integers(-(10**6), 10**20), st.floats(), st.text(max_size=8), st.sampled_from(words))
)
override_keys = ["scope", "target", "tzid", "expiry_yyyy_mm_dd", "notes", "reason_code", "owner", "approved_by"]
override_keys += ["evidence_url"]
documents = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(override_keys), st.text(max_size=4)), inner, max_size=5),
    ),
    max_leaves=12,
)
override_rows = st.lists(st.dictionaries(st.sampled_from(override_keys), scalars, min_size=2), max_size=3)
texts = st.one_of(
    documents.map(yaml.safe_dump),
    override_rows.map(yaml.safe_dump),
    st.text(alphabet="-{}[]:,&*!|>'\"%@ \t\n#?abN01.~", max_size=40),
    st.binary(max_size=30),
)


def written(folder, content) -> str:
    path = folder / "policy.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    return str(path)


@FUZZ
@given(texts)
def test_yaml_loads_or_raises_yaml_errors(tmp_path, content):
    for as_text in (False, True):
        try:
            value = load_yaml(written(tmp_path, content), as_text=as_text)
        except yaml.YAMLError:
            continue
        assert not isinstance(value, float) or math.isfinite(value)


@settings(FUZZ, max_examples=150)
@given(texts)
def test_overrides_that_load_are_lawful(tmp_path, content):
    try:
        rows = load_overrides(written(tmp_path, content))
    except Fault as problem:
        assert problem.kind in (Breach.CONTENT, Breach.DUPLICATE) and problem.place == "tz_overrides"
        assert len(str(problem).splitlines()) == 3
        return
    assert all(row.scope in ("site", "mcc", "country") and row.target and row.tzid for row in rows)
    assert all(isinstance(row.lacks(Approvers("2026-01-01", ())), list) for row in rows)
    try:
        compile_overrides(active(rows, "2026-02-15"), list(SQUARES))
    except Fault as problem:
        assert problem.kind is Breach.ZONE


@FUZZ
@given(texts)
def test_other_policies_are_refused(tmp_path, content):
    path = written(tmp_path, content)
    for load, dataset in ((load_nudge, "tz_nudge"), (lambda path: load_caps(path, "2026-01-01"), "governance")):
        with pytest.raises(Fault) as caught:  # nothing that is generated here is a lawful nudge or governance file
            load(path)
        assert (caught.value.kind, caught.value.place) == (Breach.CONTENT, dataset)


json_bytes = st.one_of(
    st.binary(max_size=40),
    st.text(alphabet='{}[]":,0123456789eE+-.trufalsn\\ ', max_size=40).map(str.encode),
)


@FUZZ
@given(json_bytes)
def test_json_inputs_raise_their_codes(house, tmp_path, content):
    path = tmp_path / "index.json"
    path.write_bytes(content)
    for call, codes in (
        (lambda: check_run_receipt(str(path), house.pins), {"2A-S0-010"}),
        (lambda: check_bundle(str(path), str(tmp_path / "_passed.flag")), {"2A-S0-003"}),
        (lambda: check_tzdb(house.path("tzdb"), str(path), RELEASE), {"2A-S0-022", "2A-S0-023"}),
    ):
        found = raised(call, CODES["S0"])
        assert found and set(found) <= codes


@FUZZ
@given(st.binary(min_size=1, max_size=60), st.integers(0, 10**6))
def test_damaged_archives_raise_value_error_or_read(house, tmp_path, noise, position):
    data = bytearray(house.files["tzdb"].read_bytes())
    at = position % len(data)
    data[at : at + len(noise)] = noise
    path = tmp_path / "archive.tar.gz"
    path.write_bytes(bytes(data))
    try:
        zones = read_zones(path)
    except ValueError:
        return
    assert isinstance(zones, dict)


@FUZZ
@given(st.floats(-180, 180), st.floats(-90, 90))
def test_lookup_answers_everywhere_on_earth(house, lon, lat):
    index = open_index(house.path("lookup_index"))
    covering = {
        name for name, (west, south, east, north) in SQUARES.items() if west <= lon <= east and south <= lat <= north
    }
    found = lookup(index, pa.array([lon]).to_numpy(), pa.array([lat]).to_numpy())
    assert index.set_sizes[found[0]] == len(covering)
