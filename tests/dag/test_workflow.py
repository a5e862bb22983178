"""The workflow as a whole: what a plain run makes, and the house rules that hold for every rule."""

import re

from scripts.lib.contracts import load_yaml
from tests.dag.test_rerun_matrix import PER_SEED
from tests.tiny import ROOT, snakemake

RULE = re.compile(r"^rule (\w+):\n((?:    .*\n|\n)+)", re.MULTILINE)


def rules() -> dict[str, str]:
    """Rule name -> body, over all rule files."""
    texts = [path.read_text() for path in sorted((ROOT / "rules").glob("*.smk"))]
    return {name: body for text in texts for name, body in RULE.findall(text)}


def test_default_certify_runs_every_state_once_per_seed_and_run():
    done = snakemake(ROOT, "-n", "--forceall", "-q", "host", "--", "certify")
    counts = dict(re.findall(r"^(\w+) +(\d+)$", done.stdout + done.stderr, re.MULTILINE))
    config = load_yaml(ROOT / "config/config.yaml")
    names = [*config["baselines"], config["candidate"]]
    runs = [load_yaml(ROOT / f"config/candidates/{name}.yaml") for name in names]
    chains = sum(len(run["seeds"]) for run in runs)
    for rule in PER_SEED:
        assert int(counts[rule]) == chains, rule
    assert int(counts["certify_run"]) == len(runs)
    assert int(counts["total"]) < 500


def test_the_run_that_a_candidate_is_compared_with_is_retained():
    ledger = "results/runs/p4_reopened/certification/segment2a_run_ledger.json"
    done = snakemake(ROOT, "-n", "--forceall", "-q", "host", "--", ledger)
    ledgers = re.findall(r"^rule run_ledger:\n +input: (.*)$", done.stdout + done.stderr, re.MULTILINE)
    (inputs,) = [found for found in ledgers if "runs/p4_reopened/" in found]  # that of P0 is read before it starts
    kept = {path.split("/")[2] for path in inputs.split(", ") if path.endswith("_certification.json")}
    assert kept == {"published", "p0_baseline", "p3_preference_cn", "p4_reopened"}


def test_every_rule_has_a_docstring_and_a_log():
    for name, body in rules().items():
        assert body.lstrip().startswith('"""'), name
        if "script:" in body:
            assert "    log:" in body, name


def test_rule_script_and_log_share_one_name():
    for name, body in rules().items():
        if "script:" in body and "    output:" in body:
            (script,) = re.findall(r'"\.\./scripts/[\w/]+/(\w+)\.py"', body)
            assert script == name
            assert re.search(rf"/({name}|{{run}})(\.{{release}})?\.jsonl", body), name


def test_packages_hold_no_code():
    """`code_of` follows modules; what stood in an `__init__.py` would be code that no rule has as input."""
    assert [path for path in (ROOT / "scripts").rglob("__init__.py") if path.read_text()] == []


def test_files_stay_small():
    assert len((ROOT / "Snakefile").read_text().splitlines()) < 80
    lines = {path: len(path.read_text().splitlines()) for path in (ROOT / "scripts").rglob("*.py")}
    assert {path.name: count for path, count in lines.items() if count > 300} == {}


def test_on_a_cluster_the_short_jobs_share_a_place_in_the_queue():
    groups = load_yaml(ROOT / "profiles/slurm/config.yaml")["groups"]
    alone = {"build_policy", "map_zones", "map_places"}  # once a run or once at all, before any seed
    chapters = [ROOT / f"rules/{name}.smk" for name in ("states", "handover", "scoring", "certification", "report")]
    made = {name for path in chapters for name, body in RULE.findall(path.read_text()) if "    output:" in body}
    assert set(groups) == made - alone
