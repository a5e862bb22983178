"""S1 as the job that Snakemake starts, in a process of its own: `python -m tests.benchmarks.s1_job FOLDER`.

`prepare` lays a sealed run root into FOLDER: sites, policies, and the receipt and inventory that S0 would have written.
"""

import json
import resource
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

SEED, FINGERPRINT = 42, "b" * 64
TOKENS = {"seed": SEED, "manifest_fingerprint": FINGERPRINT}
SORT_MEMORY_MB = 512


def prepare(folder: Path, reference: dict[str, str], sites: Path) -> None:
    """Make a sealed run root at `folder` from `sites` and the `reference` files `bench_s1.reference_files`."""
    from scripts.lib.contracts import CONTRACTS, catalog_path, load_yaml
    from scripts.lib.files import write_json, write_text
    from scripts.lib.pins import SeedPins
    from scripts.lib.records import plain
    from scripts.states.receipt import Receipt
    from scripts.states.s0_seal import seal

    policy = CONTRACTS.parent / "policy"
    paths = {"site_locations": str(sites), **reference}
    for asset, name in (("tz_nudge", "tz_nudge.yml"), ("governance", "governance.yaml")):
        paths[asset] = str(policy / name)
    paths["tz_overrides"] = str(folder / "tz_overrides.yaml")
    write_text(paths["tz_overrides"], "[]\n")
    caps = load_yaml(paths["governance"]) | {"approvers": load_yaml(CONTRACTS.parent / "governance/approvers.yaml")}
    # Every site of Xinjiang falls back here: the longest way through S1 is timed, not stopped.
    for name in ("fallback_rate_cap", "fallback_country_cap"):
        caps[name]["value"] = 1.0
    paths["governance"] = str(folder / "governance.yaml")
    write_json(paths["governance"], caps)

    upstream = SeedPins(SEED, "a" * 32, FINGERPRINT, "c" * 64, "2026-02-15T00:00:00.000000Z", {})
    rows = {asset: seal(asset, [path], "bench", upstream) for asset, path in paths.items()}
    receipt = Receipt(FINGERPRINT, upstream.parameter_hash, "d" * 64, upstream.created_utc, rows)
    at = {name: str(folder / catalog_path(name, **TOKENS)) for name in ("s0_gate_receipt_2A", "sealed_inputs_2A")}
    write_json(at["s0_gate_receipt_2A"], plain(receipt))
    write_json(at["sealed_inputs_2A"], receipt.inventory())
    outputs = {name: str(folder / catalog_path(name, **TOKENS)) for name in ("s1_tz_lookup", "s1_run_report")}
    wanted = ("country_zones", "tz_overrides", "tz_nudge", "governance")
    write_json(
        folder / "job.json",
        {
            "input": {
                "receipt": at["s0_gate_receipt_2A"],
                "inventory": at["sealed_inputs_2A"],
                "lookup_index": reference["lookup_index"],
                **{name: paths[name] for name in wanted},
                "site_locations": [paths["site_locations"]],
                "code": [],
            },
            "output": {
                "dataset": outputs["s1_tz_lookup"],
                "report": outputs["s1_run_report"],
                "lineage": str(folder / "lineage.json"),
            },
            "params": {"seed": SEED, "manifest_fingerprint": FINGERPRINT, "sort_memory_mb": SORT_MEMORY_MB},
        },
    )


def run(folder: Path) -> dict[str, Any]:
    """Run the prepared job and return its figures: seconds for imports, S1 itself, the whole of `carry_out`; memory."""
    job = json.loads((folder / "job.json").read_text())
    before = time.perf_counter()
    from scripts.lib.job import carry_out
    from scripts.states.s1_tz_lookup import main

    imported = time.perf_counter()
    inside = {}

    def timed(**arguments: Any) -> None:
        start = time.perf_counter()
        main(**arguments)
        inside["s1_s"] = time.perf_counter() - start

    log = [str(folder / "s1.jsonl")]
    carry_out(timed, SimpleNamespace(**job, wildcards={}, log=log, rule="s1_tz_lookup"))
    ended = time.perf_counter()
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "imports_s": imported - before,
        **inside,
        "job_s": ended - imported,
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_rss_mb": peak_rss_mb(),
    }


def peak_rss_mb() -> float:
    """Peak resident memory of this process; on Linux not `ru_maxrss`, which starts from the parent's."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]))))
