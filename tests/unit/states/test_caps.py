"""Caps are held against the rate of the counts; reports show it to 8 decimals (states.md §3.2)."""

import numpy as np
import pytest

from scripts.states.caps import Caps
from scripts.states.countries import COUNTRIES, country_codes
from scripts.states.governance import fallback_block, s1_breaches, s2_breaches

CAPS = Caps(
    fallback_rate_cap=0.0005,
    fallback_country_cap=0.0010,
    fallback_country_min_sites=100,
    fallback_country_min_rows=2,
    override_rate_cap=0.0020,
    exceptions=[],
)
TOTAL = 10**9


def by_code(**rows):
    found = np.zeros(COUNTRIES, np.int64)
    for iso, number in rows.items():
        found[country_codes([iso])[0]] = number
    return found


def state(fallbacks, overrides):
    """Reports of S1 and S2 on a thousand million sites of two countries; the fallbacks are RS, a fifth of the sites."""
    sites = by_code(CN=TOTAL - TOTAL // 5, RS=TOTAL // 5)
    block = fallback_block(
        CAPS, sites=sites, within=by_code(RS=fallbacks), outside=by_code(), overridden=by_code(CN=overrides)
    )
    counts = {"sites_total": TOTAL, "fallback_count": fallbacks, "overrides_applied": overrides}
    s2 = {"sites_total": TOTAL, "overridden_total": overrides, "provenance_missing": 0, "overrides_active": 1}
    rates = {"rates": {"override_rate": block["rates"]["override_rate"]}}
    return {"S1": {"governance": block, "counts": counts}, "S2": {"governance": rates, "counts": s2}}


def breached(found):
    breaches = s1_breaches(found["S1"]["counts"], found["S1"]["governance"], CAPS, 42)
    return [breach.code for breach in breaches + s2_breaches(found["S2"]["counts"], CAPS, 42)]


def test_rates_are_emitted_to_eight_decimals():
    block = fallback_block(CAPS, sites=by_code(CN=9), within=by_code(CN=1), outside=by_code(), overridden=by_code(CN=2))
    assert block["rates"] == {"fallback_rate": 0.11111111, "override_rate": 0.22222222}
    assert block["fallback_by_country"]["CN"]["fallback_rate"] == 0.11111111
    assert block["override_by_country"]["CN"]["override_rate"] == 0.22222222


@pytest.mark.parametrize(
    ("fallbacks", "overrides", "codes"),
    [
        (200_000, 2_000_000, []),
        (200_001, 2_000_000, ["2A-S1-091"]),
        (500_001, 2_000_001, ["2A-S1-090", "2A-S1-092", "2A-S1-091", "2A-S2-090"]),
    ],
)
def test_one_row_above_a_cap_breaches_it_though_the_emitted_rate_does_not(fallbacks, overrides, codes):
    found = state(fallbacks, overrides)
    rates = found["S1"]["governance"]["rates"]
    assert rates == {"fallback_rate": round(fallbacks / 1e9, 4), "override_rate": 0.002}
    assert breached(found) == codes
