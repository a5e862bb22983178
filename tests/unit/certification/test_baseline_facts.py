"""Published facts against a hand-made run of ten sites: AA has 6 in Z/One, 2 in Z/Two; BB has 2, one by override."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from scripts.certification import baseline_facts as cb
from scripts.lib.contracts import load_yaml
from scripts.lib.files import read_json, write_json
from scripts.lib.tables import write_table

TZIDS = ["Z/One"] * 6 + ["Z/Two"] * 2 + ["Z/Two"] * 2
COUNTRIES = ["AA"] * 8 + ["BB"] * 2
OVERRIDE = np.arange(10) == 9
S1_REPORT = {
    "counts": {"sites_total": 10, "fallback_nearest_within_threshold": 1, "fallback_nearest_outside_threshold": 1},
    "governance": {"rates": {"fallback_rate": 0.2}},
}
S2_REPORT = {"seed": 42, "manifest_fingerprint": "ab", "governance": {"rates": {"override_rate": 0.1}}}


def run() -> cb.Run:
    merchants = np.arange(1, 11, dtype=np.uint64) + 2**63
    keys = pd.DataFrame({"merchant_id": merchants, "legal_country_iso": COUNTRIES, "site_order": np.int32(1)})
    place = {"lat_deg": np.linspace(0.0, 0.9, 10), "lon_deg": np.linspace(10.0, 11.8, 10)}
    s1 = keys.assign(**place, tzid_provisional=TZIDS, override_applied=OVERRIDE)
    s2 = keys.assign(
        tzid=TZIDS,
        tzid_source=np.where(OVERRIDE, "override", "polygon"),
        override_scope=pd.Series(np.where(OVERRIDE, "country", None)),
        nudge_lat_deg=np.where(np.arange(10) >= 8, 1.0, np.nan),
    )
    return cb.Run(s1, s2, S1_REPORT, S2_REPORT)


@pytest.mark.parametrize(
    ("measure", "of", "value"),
    [
        ("seed", None, 42),
        ("rows", "site_locations", 10),
        ("rows", "site_timezones", 10),
        ("key_duplicates", "s1_tz_lookup", 0),
        ("unjoined", None, 0),
        ("distinct_tzids", None, 2),
        ("countries", None, 2),
        ("countries_with_tzids", "1", 1),
        ("countries_with_tzids", "2+", 1),
        ("source_rows", "override", 1),
        ("scope_rows", "country", 1),
        ("scope_rows", "mcc", 0),
        ("override_pair_rows", "BB Z/Two", 1),
        ("applied_rows", "true", 1),
        ("applied_rows", "false", 9),
        ("tzid_changes", None, 0),
        ("nudged_rows", None, 2),
        ("nudged_country_rows", "BB", 2),
        ("fallback_rows", None, 2),
        ("fallback_rate", None, 0.2),
        ("override_rate", None, 0.1),
        ("tzid_sites", "Z/Two", 4),
        ("tzid_sites", "Z/None", 0),
        ("tzid_rank", "Z/Two", 2),
        ("country_sites", "AA", 8),
        ("country_tzids", "AA", 2),
        ("pair_sites", "AA Z/Two", 2),
        ("top1_share", "AA", 0.75),
        ("gap", "AA", 0.5),
        ("gap", "BB", 1.0),
        ("entropy_observed", "AA", 0.8112781),
        ("entropy_observed", "BB", 0.0),
        ("lat_span", "AA", 0.7),
        ("lon_span", "AA", 1.4),
        ("west", "BB", 11.6),
        ("east", "BB", 11.8),
        ("mean_lat", "BB", 0.85),
        ("bbox_km2", "AA", 12144.073),
    ],
)
def test_measures(measure, of, value):
    assert cb.measured(run(), measure, of) == pytest.approx(value, rel=1e-6)


def test_every_measure_of_the_facts_exists():
    for fact in load_yaml("config/authority/facts.yaml")["published_facts"]:
        assert ("value" in fact) != ("values" in fact)
        known = cb.WHOLE if "value" in fact else cb.PART
        assert fact["measure"] in known or (fact["measure"] == "none" and fact["why"])


def test_join_and_duplicates_are_seen():
    one = run()
    one = replace(one, s2=pd.concat([one.s2.iloc[1:], one.s2.iloc[[9]]]))
    assert cb.measured(one, "unjoined", None) == 1
    assert cb.measured(one, "key_duplicates", "site_timezones") == 1


def test_unknown_needs_a_reason_or_missing_rows():
    one = run()
    assert cb.measured(one, "none", None) is None
    assert cb.measured(one, "country_sites", "ZZ") is None
    one = replace(one, s2=one.s2.iloc[:0])
    assert cb.measured(one, "rows", "site_timezones") is None
    with pytest.raises(KeyError, match="no_such_measure"):
        cb.measured(run(), "no_such_measure", None)


def test_tolerance_is_inclusive():
    assert cb.status(0.3, 0.1 + 0.2, 0) == "match"
    assert cb.status(0.912, 0.913, 0.001) == "match"
    assert cb.status(0.912, 0.9131, 0.001) == "differs"
    assert cb.status("ab", "ab", 0) == "match" and cb.status("ab", "cd", 0) == "differs"


def test_table_and_summary_are_written(tmp_path):
    facts = tmp_path / "facts.yaml"
    facts.write_text(
        "published_facts:\n"
        "- {text: 'sites of {of}', measure: country_sites, grade: M, source: x, values: {AA: 8, BB: 3, ZZ: 1}}\n"
        "- {text: box, measure: bbox_km2, grade: R, source: x, within_share: 0.1, values: {AA: 12000}}\n"
        "- {text: cache, measure: none, grade: M, source: x, value: 5, why: other release}\n"
    )
    one = run()
    paths = {name: str(tmp_path / name) for name in ("site_timezones", "s1_tz_lookup", "s1_report", "s2_report")}
    write_table(paths["s1_tz_lookup"], pa.Table.from_pandas(one.s1, preserve_index=False))
    write_table(paths["site_timezones"], pa.Table.from_pandas(one.s2, preserve_index=False))
    for name, report in (("s1_report", S1_REPORT), ("s2_report", S2_REPORT)):
        write_json(tmp_path / name, report)
    out_csv, out_json = tmp_path / "out.csv", tmp_path / "out.json"
    cb.main(**paths, facts=str(facts), out_csv=str(out_csv), out_json=str(out_json))

    table = pd.read_csv(out_csv, keep_default_na=False)
    assert table["status"].tolist() == ["match", "differs", "unknown", "match", "unknown"]
    assert table["fact"].tolist()[:2] == ["sites of AA", "sites of BB"]
    written = read_json(out_json)
    assert written["summary"] == {
        "by_grade": {"M": {"differs": 1, "match": 1, "unknown": 2}, "R": {"match": 1}},
        "stated_facts_match_share": 0.5,
        "stated_facts_measured": 2,
    }
    assert written["facts"][4]["why"] == "other release"
