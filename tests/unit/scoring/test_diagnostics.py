"""Share matrix, dispersion, concentration and coupling against hand-worked values (certification.md §7)."""

import math

import numpy as np
import pandas as pd
import pytest

from scripts.scoring import diagnostics
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
