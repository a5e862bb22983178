"""The plan's floors are the contract's, and what is looser is named (certification.md §4, §16)."""

import re
from pathlib import Path

import pytest

from scripts.lib.contracts import load_yaml, schema_errors
from scripts.scoring.caveat import Caveat
from scripts.scoring.plan import looser, plan_caveats, read_plan

FOLDER = "config/certification"
PLAN = read_plan(f"{FOLDER}/plan.yaml")
GATES, COHORTS = load_yaml(f"{FOLDER}/gates.yaml"), load_yaml(f"{FOLDER}/cohorts.yaml")


def caveats(seeds=(42, 7, 101, 202), gates=GATES, cohorts=COHORTS):
    return plan_caveats(PLAN, seeds, gates, cohorts)


def test_the_floors_are_those_of_the_contract():
    text = Path("docs/contract/certification.md").read_text()
    rows = re.findall(r"\| [^|]+\| `(\w+)`[^|]*\| [≥≤] ([\d.]+)[^|]*\| [≥≤] ([\d.]+) \|", text)
    assert len(rows) == 8  # five of realism, two rates, stability
    for name, b, bplus in rows:
        place = name if name == "stability_cv" else f"gates.{name}"
        assert [next(iter(PLAN.gates[f"{place}.{grade}"].values())) for grade in ("b", "bplus")] == [
            float(b),
            float(bplus),
        ]
    assert "each required seed: 42, 7, 101, 202 |" in text and PLAN.seeds == [42, 7, 101, 202]


def test_the_projects_own_configuration_is_as_strict_as_the_plan():
    assert caveats() == []
    assert looser(PLAN.governance, load_yaml("config/policy/governance.yaml"), "governance.yaml") == []


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("c_multi_share_distinct_ge2", 0.70, False),
        ("c_multi_share_distinct_ge2", 0.71, False),
        ("c_multi_share_distinct_ge2", 0.69, True),
        ("c_multi_median_top1_share", 0.92, False),
        ("c_multi_median_top1_share", 0.921, True),
        ("fallback_rate", None, True),  # which gates.yaml may not say, either
    ],
)
def test_a_threshold_below_at_or_above_the_plans(name, value, named):
    changed = GATES | {"gates": GATES["gates"] | {name: GATES["gates"][name] | {"b": value}}}
    found = caveats(gates=changed)
    assert [entry.numbers["place"] for entry in found] == ([f"gates.{name}.b"] if named else [])
    assert all(entry.qualifies("PASS_B") and entry.qualifies("PASS_BPLUS") for entry in found)


@pytest.mark.parametrize("name", [name for name, gate in GATES["gates"].items() if gate["b"] is not None])
def test_no_gate_of_the_plan_is_switched_off(name):
    changed = GATES | {"gates": GATES["gates"] | {name: GATES["gates"][name] | {"b": None}}}
    assert schema_errors(changed, "schemas.scoring.yaml#/gates")


def test_a_looser_bplus_limits_bplus_alone():
    gate = GATES["gates"]["fallback_rate"] | {"bplus": 0.0005}
    (found,) = caveats(gates=GATES | {"gates": GATES["gates"] | {"fallback_rate": gate}})
    assert found.says == "gates.yaml: gates.fallback_rate.bplus is 0.0005; the plan allows at most 0.0001"
    assert found.qualifies("PASS_BPLUS") and not found.qualifies("PASS_B") and not found.qualifies("FAIL_REALISM")


def test_other_seeds_and_a_switch_that_is_off_are_named():
    assert caveats(seeds=(202, 101, 7, 42)) == []
    (other,) = caveats(seeds=(1, 2, 3, 4))
    assert other.says == "required seeds are 1, 2, 3, 4, the plan's are 42, 7, 101, 202"
    (off,) = caveats(gates=GATES | {"untouched_rows": GATES["untouched_rows"] | {"value": False}})
    assert off.numbers["place"] == "untouched_rows.value"


def test_a_caveat_is_read_as_it_is_written():
    found = Caveat("vetoed", None, "why", seed=7, numbers={"against": "p0"})
    assert found.to_json() == {"caveat": "vetoed", "grade": None, "says": "why", "seed": 7, "against": "p0"}
    assert Caveat.from_json(found.to_json()) == found
