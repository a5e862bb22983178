"""The benchmark of S1 times the whole state: its inputs are lawful, whatever becomes of the contracts."""

from scripts.lib.contracts import catalog_path
from scripts.lib.files import read_json
from tests.benchmarks import bench_s1, s1_job, synthetic


def test_the_timed_job_looks_up_every_site(tmp_path, shared_reference):
    files = {"tz_world_2025a": "tz_world.parquet", "country_zones": "country_zones.parquet"}
    files["lookup_index"] = "lookup_index.bin"
    sites = tmp_path / catalog_path("site_locations", **s1_job.TOKENS)
    synthetic.write_sites(sites, 1000, False)
    s1_job.prepare(tmp_path, {asset: str(shared_reference / name) for asset, name in files.items()}, sites)
    assert bench_s1.measure(tmp_path)["s1_s"] > 0
    report = read_json(tmp_path / catalog_path("s1_run_report", **s1_job.TOKENS))
    # The test's world is a few invented zones, so that real places find none: the only thing that may be wrong.
    assert {error["code"] for error in report["errors"]} == {"2A-S1-055"}
    assert report["counts"]["sites_total"] == 1000
