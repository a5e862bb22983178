"""Numbers as people read them."""

import pytest

from scripts.report.numbers import count, decimal, kilometres, percent, points, show_of


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (0.0, "0 %"),
        (-0.0, "0 %"),
        (1.0, "100 %"),
        (4 / 9, "44 %"),
        (0.7, "70 %"),
        (0.96, "96 %"),
        (0.998330550918197, "99.8 %"),
        (0.9997459349593496, "99.97 %"),
        (0.999999, "99.9999 %"),
        (1 - 1e-12, ">99.9999 %"),
        (1e-12, "<0.000001 %"),
        (0.0016694490818030051, "0.17 %"),
        (0.0005, "0.05 %"),
        (0.0006227843249976047, "0.062 %"),
        (3.199283360527242e-05, "0.0032 %"),
        (-0.2555555555555556, "−26 %"),
    ],
)
def test_shares_are_per_cent_and_never_a_wrong_hundred(value, text):
    assert percent(value).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0, "0"),
        (1.1519245780243446, "1.15"),
        (0.0036660332212255487, "0.0037"),
        (-0.23771, "−0.238"),
        (float("inf"), "∞"),
    ],
)
def test_other_numbers_have_few_digits(value, text):
    assert decimal(value) == text


def test_counts_distances_and_points():
    assert count(104370) == "104\u202f370"
    assert kilometres(4.553659751743922) == "4.6\u00a0km"
    assert kilometres(1668.7) == "1\u202f669\u00a0km"
    assert points(-0.2) == "−20 points"
    assert points(0.05) == "+5 points"


def test_the_unit_of_a_metric_says_how_it_is_shown():
    assert show_of("share of countries") is percent
    assert show_of("overrides") is count
    assert show_of("standard deviation / mean") is decimal
