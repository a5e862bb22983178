"""12.6, 12.13, 12.14: one drawing under four names, a world more even than Earth, seeds that are not the plan's."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from scripts.certification.caveats import beyond_earth, differing, near_copies, qualifications
from scripts.certification.verdict import judge, same_rows
from scripts.lib.tables import write_table
from scripts.scoring.seed_metrics import SiteRows
from scripts.scoring.structural import site_rows
from tests.unit.certification.nouns import LIMITS, SEEDS, seed_metrics


@pytest.fixture
def lookup(passed_once):
    """An s1_tz_lookup of the lawful house."""
    return passed_once.path("s1_tz_lookup")


def test_rows_under_other_parquet_metadata_are_the_same_rows(lookup, tmp_path):
    table, other = pq.read_table(lookup), tmp_path / "other.parquet"
    pq.write_table(table, other, compression="none", row_group_size=2)
    assert other.read_bytes() != Path(lookup).read_bytes()
    assert site_rows(str(other)) == site_rows(lookup)


@pytest.mark.parametrize("column", ["lon_deg", "lat_deg", "site_order", "merchant_id"])
def test_one_value_makes_other_rows(lookup, tmp_path, column):
    table = pq.read_table(lookup)
    values = table[column].to_numpy().copy()
    values[-1] = np.nextafter(values[-1], 0) if column.endswith("deg") else values[-1] + 1
    place = table.schema.get_field_index(column)
    changed = table.set_column(place, table.schema.field(column), [values])
    write_table(tmp_path / "changed.parquet", changed)
    before, after = site_rows(lookup), site_rows(str(tmp_path / "changed.parquet"))
    assert before.sha256 != after.sha256
    assert (before.merchants_sha256 != after.merchants_sha256) is (column == "merchant_id")


def test_the_same_rows_under_two_seeds_fail():
    one = SiteRows("a" * 64, "m")
    seeds = {seed: seed_metrics(seed) for seed in SEEDS} | {
        7: seed_metrics(7, site_rows=one),
        42: seed_metrics(42, site_rows=one),
    }
    assert same_rows(seeds) == [(42, 7)]
    found = judge(SEEDS, seeds, LIMITS)
    assert (found.status, found.failing_gates) == ("FAIL_REALISM", ["required_seed_data_distinct"])


def counts(*sites: int) -> pd.DataFrame:
    """So many sites in each of ES's zones."""
    return pd.DataFrame({"country_iso": "ES", "tzid": [f"Z/{n}" for n in range(len(sites))], "sites": sites})


@pytest.mark.parametrize(("moved", "named"), [(0, True), (1, True), (2, False)])
def test_counts_that_differ_for_a_thousandth_are_one_drawing(moved, named):
    """Of 1,000 sites one may lie elsewhere: 0.1 %."""
    seeds = {seed: seed_metrics(seed) for seed in (42, 7)}
    found = near_copies(
        seeds, {42: counts(600, 400), 7: counts(600 - moved, 400 + moved)}, LIMITS.near_copy_share.value
    )
    assert [entry.caveat for entry in found] == (["near_copy"] if named else [])
    assert differing(*(part.set_index("tzid")["sites"] for part in (counts(600, 400), counts(599, 401)))) * 1000 == 1
    if named:
        assert f"differ in {moved / 1000:.3%}" in found[0].says and qualifications(found, "PASS_B") == [found[0].says]


def test_copies_with_the_same_merchants_say_so():
    seeds = {seed: seed_metrics(seed, site_rows=SiteRows(f"{seed}", "m")) for seed in (42, 7)}
    (found,) = near_copies(seeds, dict.fromkeys(seeds, counts(5, 5)), LIMITS.near_copy_share.value)
    assert found.says == "seeds 42 and 7 have the same merchants and counts by country and zone that differ in 0.000%"
    assert near_copies(seeds, {42: counts(5, 5), 7: counts()}, 1.0) == []  # a withheld seed shows no counts


@pytest.mark.parametrize(
    ("gate", "value", "beyond"),
    [
        ("c_multi_median_top1_share", 0.62, False),
        ("c_multi_median_top1_share", 0.6199, True),  # more even than Earth
        ("c_multi_median_top1_share", 0.95, False),  # fails B: no pass to limit
        ("c_multi_median_entropy_norm", 0.7, False),
        ("c_multi_median_entropy_norm", 0.7001, True),
    ],
)
def test_a_value_better_than_earths_interval_is_named(gate, value, beyond):
    earth = {42: {"metrics": {name: {"interval": [0.62, 0.7]} for name in LIMITS.realism}}}
    seeds = {42: seed_metrics(values=dict.fromkeys(LIMITS.realism, 0.65) | {gate: value})}
    found = beyond_earth(seeds, earth, {gate: LIMITS.gates[gate]})
    assert [entry.gate for entry in found] == ([gate] if beyond else [])
    assert all(f"{value:.4g}" in entry.says for entry in found)


def test_a_run_that_is_not_certifiable_never_passes():
    seeds = {seed: seed_metrics(seed) for seed in SEEDS}
    assert judge(SEEDS, seeds, LIMITS).status == "PASS_BPLUS"
    found = judge(SEEDS, seeds, LIMITS, certifiable=False)
    assert (found.status, found.failing_gates) == ("FAIL_REALISM", ["run_certifiable"])
