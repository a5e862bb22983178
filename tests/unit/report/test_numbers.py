"""Numbers as people read them."""

import pytest

from scripts.report.numbers import count, decimal, kilometres, percent, show_of


@pytest.mark.parametrize(
    ("show", "value", "text"),
    [
        (percent, None, "–"),
        (percent, float("nan"), "–"),
        (percent, 0.0, "0 %"),
        (percent, -0.0, "0 %"),
        (percent, 1.0, "100 %"),
        (percent, 4 / 9, "44 %"),
        (percent, 0.7, "70 %"),
        (percent, 0.96, "96 %"),
        (percent, 0.998330550918197, "99.8 %"),
        (percent, 0.9997459349593496, "99.97 %"),
        (percent, 0.999999, "99.9999 %"),
        (percent, 1 - 1e-12, ">99.9999 %"),
        (percent, 1e-12, "<0.000001 %"),
        (percent, 0.0016694490818030051, "0.17 %"),
        (percent, 0.0005, "0.05 %"),
        (percent, 0.0006227843249976047, "0.062 %"),
        (percent, 3.199283360527242e-05, "0.0032 %"),
        (percent, -0.2555555555555556, "−26 %"),
        (decimal, None, "–"),
        (decimal, 0.0, "0"),
        (decimal, 1.1519245780243446, "1.15"),
        (decimal, 0.0036660332212255487, "0.0037"),
        (decimal, -0.23771, "−0.238"),
        (decimal, float("inf"), "∞"),
        (count, 104370, "104\u202f370"),
        (kilometres, 4.553659751743922, "4.6 km"),
        (kilometres, 1668.7, "1\u202f669 km"),
    ],
)
def test_a_number_has_few_digits_and_a_share_is_never_a_wrong_hundred(show, value, text):
    assert show(value).replace("\u00a0", " ") == text


def test_the_unit_of_a_metric_says_how_it_is_shown():
    assert [show_of(unit) for unit in ("share of countries", "overrides", "standard deviation / mean")] == [
        percent,
        count,
        decimal,
    ]
