"""Share matrix, dispersion, concentration, coupling by hand; each rule that decided sites (certification.md §7, §9)."""

import math

import numpy as np
import pandas as pd
import pytest

from scripts.scoring import diagnostics
from scripts.scoring.diagnose_seed import audit_rows
from scripts.states.overrides import OverrideRow
from scripts.states.site_key import country_codes


def test_share_matrix_rows_sum_to_one():
    rows = [("AA", "Z/1", 30), ("AA", "Z/2", 10), ("BB", "Z/1", 20), ("CC", "Z/3", 5)]
    counts = pd.DataFrame(rows, columns=["country_iso", "tzid", "sites"])
    matrix = diagnostics.share_matrix(counts, countries=2, tzids=1)
    assert matrix.columns.tolist() == ["country_iso", "site_count", "Z/1", "OTHER"]
    assert matrix["country_iso"].tolist() == ["AA", "BB"]
    assert matrix[["Z/1", "OTHER"]].to_numpy().tolist() == [[0.75, 0.25], [1.0, 0.0]]


def dispersion(points):
    codes = country_codes([country for country, _, _ in points])
    lon, lat = (np.array(values, float) for values in list(zip(*points, strict=True))[1:])
    batches = [(codes, lon, lat)]
    number, centroid = diagnostics.centroids(batches)
    return diagnostics.dispersion_km(batches, number, centroid)[codes[0]]


def test_dispersion_by_hand_and_across_the_antimeridian():
    one_degree = (diagnostics.EARTH_RADIUS_M / 1000) * math.radians(1)
    assert dispersion([("AA", 9, 0), ("AA", 11, 0)]) == pytest.approx(one_degree)
    assert dispersion([("NZ", 179, 0), ("NZ", -179, 0)]) == pytest.approx(one_degree)
    assert dispersion([("AA", 0, 89.9)]) == pytest.approx(0, abs=1e-6)


def test_gini_by_hand():
    assert diagnostics.gini(np.array([1.0, 1.0, 1.0])) == pytest.approx(0)
    assert diagnostics.gini(np.array([0.0, 0.0, 1.0])) == pytest.approx(2 / 3)


def test_spearman_has_a_reason_when_it_cannot_be_computed():
    for dispersion, diversity in (([1.0, 2.0], [1.0, 2.0]), ([1.0, 2.0, 3.0], [1.0, 1.0, 1.0])):
        found = diagnostics.spearman(pd.Series(dispersion), pd.Series(diversity))
        assert found["value"] is None and found["reason"]
    found = diagnostics.spearman(pd.Series([1.0, 2, 2, 4]), pd.Series([1.0, 3, 3, 9]))
    assert (found["value"], found["p"]) == (pytest.approx(1.0), pytest.approx(0.0, abs=1e-9))


WHY = {"reason_code": "BORDER_OVERLAP", "owner": "segment-2A"}
OVERRIDES = [
    OverrideRow("mcc", "5411", "Europe/Paris", **WHY),
    OverrideRow("country", "RS", "Europe/Belgrade", **WHY | {"owner": "other"}, approved_by="board"),
    OverrideRow("site", "7|FR|1", "Europe/Paris", **WHY),
]
OVERRIDDEN = {"RS": {"sites_total": 100, "overrides_total": 3, "override_rate": 0.03}}


def audited(s2, **blocks):
    governance = {"governance": {"override_by_country": OVERRIDDEN} | blocks}
    return audit_rows(governance, s2, OVERRIDES, "segment-2A")


def overridden(s2):
    return [(row.rule, row.count, row.rate, row.owner) for row in audited(s2)]


def test_each_rule_has_its_own_row_and_count():
    rules = [
        {"country_iso": "RS", "rule": "country:RS", "count": 2},
        {"country_iso": "RS", "rule": "mcc:5411", "count": 1},
    ]
    assert overridden({"governance": {"override_by_rule": rules}}) == [
        ("country:RS", 2, 0.02, "other"),
        ("mcc:5411", 1, 0.01, "segment-2A"),
    ]
    unused = [{"country_iso": "RS", "rule": "country:RS", "count": 3}]
    assert overridden({"governance": {"override_by_rule": unused}}) == [("country:RS", 3, 0.03, "other")]


def test_without_s2_a_row_says_which_rules_it_can_have_been():
    row = audited({})[0]
    assert (row.rule, row.count, row.rate) == ("mcc:5411 or country:RS", 3, 0.03)
    assert (row.owner, row.approved_by, row.expiry) == ("segment-2A;other", "board", "none")


def test_fallback_and_preference_are_owned_by_2a():
    fallback = {"sites_total": 50, "fallback_within_threshold": 2, "fallback_outside_threshold": 0}
    preferred = {"preferred_total": 4, "preferred_rate": 0.5}
    found = audited({}, fallback_by_country={"MN": fallback}, preferred_by_country={"CN": preferred})
    assert [(row.country_iso, row.mechanism, row.count, row.owner) for row in found[:2]] == [
        ("CN", "border_preference", 4, "segment-2A"),
        ("MN", "fallback_within_threshold", 2, "segment-2A"),
    ]
    assert found[1].rate == pytest.approx(0.04)
