"""The verdict page: it explains every verdict, shows each seed, and says what a value rests on."""

import html
from pathlib import Path
from typing import Any

import pytest

from scripts.lib.contracts import load_yaml
from scripts.lib.files import read_json, write_json
from scripts.lib.text_tables import number
from scripts.report import build_report
from scripts.report.page import caveat_text, in_order
from scripts.scoring.checks import failing, seed_checks, seed_verdict
from scripts.scoring.gates import read_limits
from scripts.scoring.metric_value import available
from tests.planted import SEEDS, certify

GATES = load_yaml("config/certification/gates.yaml")
LIMITS = read_limits("config/certification/gates.yaml")
COHORTS = load_yaml("config/certification/cohorts.yaml")
METRICS = "config/certification/metrics.yaml"
PLUS = {"passes_bplus": True}
BEST = {">=": 1.0, "<=": 0.0}
COUNTRY_HEAD = (
    "country_iso,cohort,is_c_multi,site_count,tz_world_support_count,distinct_tzid_count,top1_tzid,"
    "top1_share,top1_top2_gap,entropy_norm,out_of_support_share\n"
)


def seed_file(seed: int, structural=(), bplus=(), sha="", **values: float) -> dict[str, Any]:
    """Metrics of a seed that holds everything but the named checks and gates."""
    metrics = {
        name: {"status": "ok", "value": values.get(name, BEST[gate["op"]]), "n": 9}
        for name, gate in GATES["gates"].items()
    }
    realism = [name for name, gate in GATES["gates"].items() if gate["axis"] == "realism"]
    found = {name: available(entry["value"], entry["n"]) for name, entry in metrics.items()}
    structure = {"s5_digest_matches_flag": True} | dict.fromkeys(structural, False)
    checks = seed_checks(found, structure, LIMITS, **dict.fromkeys(bplus, False))
    return {
        "seed": seed,
        "run_id": f"{seed:032d}",
        "manifest_fingerprint": f"{seed:064d}",
        "site_locations_sha256": sha or str(seed),
        "cohort_definitions": COHORTS,
        "cohort_counts": {"C_multi": 9, "C_large": 4},
        "cohort_members": {"C_multi": ["AU", "US"], "C_large": ["US"]},
        "reported_cohorts": {},
        "sites_total": 1000 + seed,
        "s1_sites_total": 1000 + seed,
        "state_status": {f"S{state}": "pass" for state in range(6)},
        "error_codes": {f"S{state}": [] for state in range(6)},
        "warning_codes": {f"S{state}": [] for state in range(6)},
        "metrics": metrics,
        "thresholds": {name: {grade: gate[grade] for grade in ("b", "bplus")} for name, gate in GATES["gates"].items()},
        "reach_2a": {},
        "variants": {
            name: {variant: metrics[name] | {"value": 0.125, "rows": 900} for variant in build_report.VARIANTS}
            for name in realism
        },
        "c_large_readings": {
            "eligible": {"value": 1.0, "n": 4, "ceiling": 1.0, "countries": []},
            "literal": {"value": 0.2, "n": 15, "ceiling": 0.267, "countries": []},
            "top_decile": {"value": 0.25, "n": 8, "ceiling": 0.25, "countries": []},
        },
        "caveats": [],
        "checks": checks,
        "failing_gates": failing(checks),
        "verdict": seed_verdict(checks),
    }


def withheld(seed: int) -> dict[str, Any]:
    """A seed that S1 withheld after a breach of the country cap."""
    found = seed_file(seed, ["complete_2a_chain"], fallback_country_violations_b=1.0)
    nothing = {"status": "not_computable", "value": None, "n": 0, "reason": "no rows"}
    realism = {name: nothing for name, gate in GATES["gates"].items() if gate["axis"] == "realism"}
    return found | {
        "metrics": found["metrics"] | realism,
        "sites_total": 0,
        "cohort_counts": {"C_large": 0},
        "error_codes": found["error_codes"] | {"S1": ["2A-S1-091"]},
        "variants": {},
        "c_large_readings": {},
    }


def earth(seed: int) -> dict[str, Any]:
    """An Earth scorecard on which one gate fails."""
    metrics = {
        name: {"value": 0.571, "interval": [0.5, 0.6], "passes_b": name != "c_large_share_top1_lt_095"} | PLUS
        for name in GATES["gates"]
    }
    return {"seed": seed, "metrics": metrics, "ceilings": {}}


def page(folder: Path, seeds: list[dict[str, Any]], compared: dict[str, Any] | None = None) -> str:
    """The page of a run with these seeds."""
    files = {}
    for kind in ("seed_metrics", "earth", "s4"):
        files[kind] = [str(folder / f"{kind}_{number_}.json") for number_ in range(len(seeds))]
    for number_, entry in enumerate(seeds):
        seed, scored = entry["seed"], bool(entry["sites_total"])
        counts = {"tzids_total": 90, "gap_windows_total": 3589, "fold_windows_total": 3541}
        report = {"seed": seed, "counts": counts, "coverage": {"missing_tzids_count": 0}}
        write_json(files["earth"][number_], earth(seed))
        write_json(files["s4"][number_], report if scored else {"seed": seed})
        row = f"US,C_multi,True,{entry['sites_total']},29,2,America/Phoenix,0.75,0.5,0.1,0\n" if scored else ""
        (folder / f"countries_{seed}.csv").write_text(COUNTRY_HEAD + row)
        (folder / f"matrix_{seed}.csv").write_text("country_iso,site_count,OTHER\n" + ("US,9,1\n" if scored else ""))
        (folder / f"audit_{seed}.csv").write_text("seed,country_iso\n")
    certify(folder, seeds, earth=files["earth"], compared=compared)
    build_report.main(
        certification=str(folder / "certification"),
        freeze_record=str(folder / "freeze_record"),
        seed_metrics=files["seed_metrics"],
        s4_reports=files["s4"],
        country_diagnostics=[str(folder / f"countries_{entry['seed']}.csv") for entry in seeds],
        share_matrix=[str(folder / f"matrix_{entry['seed']}.csv") for entry in seeds],
        governance_audit=[str(folder / f"audit_{entry['seed']}.csv") for entry in seeds],
        metrics=METRICS,
        captions=sorted(map(str, Path("docs/captions").glob("*.txt"))),
        report=str(folder / "report.html"),
    )
    return html.unescape((folder / "report.html").read_text())


def section(text: str, name: str) -> str:
    """The part of the page from a heading to the next."""
    return text.split(f'<h2 id="{name}">')[1].partition("<h2")[0]


@pytest.mark.parametrize(
    ("seeds", "check"),
    [
        ([seed_file(seed, sha="same") for seed in SEEDS], "required_seed_data_distinct"),
        ([seed_file(42, ["s5_digest_matches_flag"]), *map(seed_file, SEEDS[1:])], "s5_digest_matches_flag"),
        ([seed_file(seed) for seed in SEEDS[1:]], "required_seed_coverage"),
    ],
)
def test_a_failure_without_a_failing_gate_names_its_check_and_what_to_do(tmp_path, seeds, check):
    text = page(tmp_path, seeds)
    actions = read_json(tmp_path / "freeze_record")["next_actions"]
    blockers = section(text, "blockers")
    assert "FAIL_REALISM" in text
    assert "this run is locked" not in text
    assert check in blockers and check in section(text, "checks")
    assert actions and all(entry["first"] in blockers for entry in actions)


def test_a_pass_is_locked(tmp_path):
    text = page(tmp_path, [seed_file(seed) for seed in SEEDS])
    assert "PASS_BPLUS" in text
    assert "No blocker: this run is locked." in section(text, "blockers")


def test_a_check_that_keeps_a_run_from_bplus_is_named(tmp_path):
    name = "fallback_not_bought_with_overrides"
    text = page(tmp_path, [seed_file(42, bplus=[name]), *map(seed_file, SEEDS[1:])])
    assert "PASS_B<" in text
    assert name in text.split("<nav>")[0], "first screen"
    assert name in section(text, "checks")


def test_a_withheld_seed_shows_what_s1_counted_and_no_cohorts(tmp_path):
    rows = section(page(tmp_path, [*map(seed_file, SEEDS[:3]), withheld(202)]), "seeds").split("<tr>")
    assert "1,202" in rows[-1] and "withheld" in rows[-1]
    assert "C_large" not in rows[-1] and "C_large 4" in rows[-2]


def test_a_gate_row_shows_every_seed_with_n_unit_and_earth(tmp_path):
    values = dict(zip(SEEDS, (0.71, 0.72, 0.73, 0.74), strict=True))
    text = page(tmp_path, [seed_file(seed, c_large_share_top1_lt_095=value) for seed, value in values.items()])
    row = text.split('id="gate-c_large_share_top1_lt_095"')[1].split("</tr>")[0]
    assert [row.index(str(value)) for value in values.values()] == sorted(row.index(str(v)) for v in values.values())
    assert row.count("n 9") == len(SEEDS)
    assert "Unit: share of countries" in row
    assert row.count("◂ worst") == 1 and row.index("◂ worst") < row.index("0.72")
    assert "⚠ fails B" in row
    assert "fails B" not in text.split('id="gate-c_multi_median_top1_share"')[1].split("</tr>")[0]


def test_a_threshold_raised_by_an_exception_shows_the_contract(tmp_path):
    seeds = [seed_file(seed) for seed in SEEDS]
    for entry in seeds:
        entry["thresholds"]["override_rate"]["b"] = 0.01
    text = page(tmp_path, seeds)
    assert text.count("contract B") == 1
    assert "contract B 0.002" in text.split('id="gate-override_rate"')[1].split("</tr>")[0]


def test_a_cv_stands_beside_the_values_of_the_seeds(tmp_path):
    values = (0.86, 0.87, 0.88)
    seeds = [seed_file(s, c_multi_share_distinct_ge2=v) for s, v in zip(SEEDS, values, strict=False)]
    row = page(tmp_path, [*seeds, withheld(202)]).split('id="gate-stability_cv:c_multi_share_distinct_ge2"')[1]
    assert all(str(value) in row.split("</tr>")[0] for value in values)


def test_the_page_shows_variants_and_readings_of_c_large(tmp_path):
    text = section(page(tmp_path, [*map(seed_file, SEEDS[:3]), withheld(202)]), "rests")
    assert "0.2<" in text and "n 15, ceiling 0.267" in text and "n 8, ceiling 0.25" in text
    assert text.count("(this one gates)") == 1
    assert "✗ 0.125" in text and "✓ 0.125" in text, (
        "one variant value holds where low is good and fails where it is not"
    )
    assert "withheld: no values" in text


def test_legality_counts_gaps_and_folds(tmp_path):
    text = section(page(tmp_path, [*map(seed_file, SEEDS[:3]), withheld(202)]), "legality")
    assert text.count("3,589") == text.count("3,541") == 3


def test_seeds_keep_the_order_of_the_run_and_caveats_are_words(tmp_path):
    seeds = [seed_file(seed, fallback_rate=0.01) | {"sites_total": 1000 * seed} for seed in SEEDS]
    text = page(tmp_path, seeds)
    assert "42: 0.0095; 7: 0.0095; 101: 0.0095; 202: 0.0095" in section(text, "blockers")
    provenance = section(text, "provenance")
    places = [provenance.index(f"<td>{seed}</td>") for seed in SEEDS]
    assert places == sorted(places)
    limits = section(text, "limits")
    assert "42: 42,000, 7: 7,000, 101: 101,000, 202: 202,000" in limits
    assert "{" not in limits and "[" not in limits


def test_caveat_of_members_reads_as_a_list():
    entry = {"caveat": "seed_cohorts_differ", "cohort": "C_multi", "members": {"101": ["AU"], "42": ["AU", "US"]}}
    assert caveat_text(entry, SEEDS) == "cohort C_multi; members 42: AU US, 101: AU"
    assert list(in_order({"cv": 1, "7": 2}, SEEDS)) == ["7", "cv"]


def test_nothing_is_minus_nothing():
    assert number(-0.0) == "0"
    assert build_report.number(-0.0) == "0"
