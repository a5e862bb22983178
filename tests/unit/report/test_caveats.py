"""Caveats are sentences, one for each matter."""

from scripts.lib.contracts import load_yaml
from scripts.report.caveats import caveat_sentences

SEEDS = [42, 7, 101]
REGISTRY = load_yaml("config/certification/metrics.yaml")


def told(*entries) -> list[str]:
    """Sentences of these caveats, with plain spaces."""
    return [
        caveat.sentence.replace("\u00a0", " ").replace("\u202f", " ")
        for caveat in caveat_sentences(entries, REGISTRY, SEEDS)
    ]


def test_one_gate_on_several_seeds_is_one_sentence():
    entry = {"caveat": "rests_on_overrides", "gate": "fallback_rate", "grade": "BPLUS"}
    seeds = [entry | {"seed": 42, "value_without": 0.00013, "countries": ["RS"]}]
    seeds += [entry | {"seed": 7, "value_without": 0.0004, "countries": ["PS", "RS"]}]
    assert told(*seeds) == [
        "fallback_rate holds B+ only thanks to rows that were set by hand (in PS, RS). "
        "Without: 0.013 % on seed 42, 0.04 % on seed 7."
    ]


def test_seeds_that_differ_are_told_in_their_order():
    sizes = {"caveat": "seed_sizes_differ", "sites_total": {"101": 102808, "42": 31257, "7": 33104}}
    members = {"42": ["AU", "US"], "7": ["AU", "US"], "101": ["AU", "CN", "US"]}
    cohorts = {"caveat": "seed_cohorts_differ", "cohort": "C_multi", "members": members}
    assert told(sizes, cohorts) == [
        "The seeds differ in size, so their rates are not alike: "
        "seed 42 has 31 257 sites, seed 7 has 33 104 sites, seed 101 has 102 808 sites.",
        "C_multi is not the same on every seed. Shared are AU, US; beside them seeds 42, 7: no other; seed 101: CN.",
    ]


def test_exceptions_and_caps():
    exception = {"caveat": "override_exception", "gate": "override_rate", "grade": "B", "seed": 42}
    exception |= {"value": 0.004, "contract": 0.002, "id": "EX-1"}
    cap = {
        "caveat": "cap_relaxed",
        "gate": "fallback_rate",
        "grade": "B",
        "seed": 42,
        "value": 0.01,
        "contract": 0.0005,
    }
    assert told(exception, cap) == [
        "override_rate holds B on seed 42 by the approved exception EX-1 only: 0.4 % where the contract allows 0.2 %.",
        "The run's cap on fallback_rate is 1 %, looser than the contract's 0.05 %.",
    ]


def test_a_caveat_that_says_itself_what_it_is_is_quoted_with_its_seeds():
    entry = {"caveat": "beyond_earth", "grade": "B", "gate": "g", "says": "more even than the real world"}
    found = caveat_sentences([entry | {"seed": 101}, entry | {"seed": 42}], REGISTRY, SEEDS)
    assert [(caveat.sentence, caveat.limits) for caveat in found] == [
        ("more even than the real world (seeds 42, 101).", "B")
    ]


def test_a_kind_without_a_sentence_of_its_own_says_its_keys():
    assert told({"caveat": "new_kind", "seed": 7, "what": ["a", "b"], "where": {}}) == [
        "New kind: seed 7, what a, b, where ."
    ]
