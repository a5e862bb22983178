"""No sentence of advice stands on a page whose condition is false, and every failing run has an owner and a step."""

import html
import re

import pytest

from tests.planted_run import KINDS, certificate

# Words of a sentence -> the kinds of run on whose page it may stand.
PLACEMENT = {"failing", "bare"}
SENTENCES = {
    "Cause: where 1B placed the sites": PLACEMENT,
    "Another placement of sites": PLACEMENT,
    "2A's lawful policy can bring none": PLACEMENT,
    "The real world fails this gate too": {"threshold"},
    "fails B too": {"threshold"},
    "⚠": {"threshold", "beyond"},
    "would fail B": {"beyond"},
    "missing, and a verdict needs all required seeds": {"missing", "bare"},
    "Pin an upstream run of seed 202": {"missing", "bare"},
    "was stopped by S1": {"blocked"},
    "never raise the cap": {"blocked"},
    "Realism cannot be measured": {"empty"},
    "Nothing is asked": {"passing", "beyond"},
    "No blocker: this run is locked": {"passing", "beyond"},
    "Too few countries stand behind a gate": {"few"},
    "only with rows that were touched": {"touched"},
    "can never be certified": {"never"},
    "A test says so": {"never"},
    "The seeds stand too far apart": set(),
    "read segment2a_p2_country_diagnostics.csv": set(),
}


def words(page) -> str:
    """The text that a reader sees."""
    text = re.sub(r"<(script|style)>.*?</\1>", " ", page.read_text(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


@pytest.mark.parametrize("kind", KINDS)
def test_advice_stands_only_where_its_condition_holds(page_of, kind):
    text = words(page_of(kind))
    for sentence, kinds in SENTENCES.items():
        assert (sentence in text) == (kind in kinds), sentence


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"passing", "beyond"}))
def test_the_first_screen_of_a_failing_run_names_owner_and_step(page_of, kind):
    first = page_of(kind).read_text().split("<nav")[0]
    assert certificate(page_of(kind))["status"] == "FAIL_REALISM"
    for term in ("Owner", "What would change it", "Check it"):
        assert re.search(rf"<dt>{term}</dt><dd>\s*(<code>)?\w", first), term


def test_a_seed_without_earth_says_nothing_about_earth(page_of):
    earth = [row["earth"] for row in certificate(page_of("empty"))["gates"] if row["axis"] == "realism"]
    assert all(entry["value"] is None and entry["passes_b"] is False for entry in earth)
    text = words(page_of("empty"))
    assert "real world fails" not in text and "fails B too" not in text
    assert "on Earth" not in text.split("Blocker matrix")[1].split("Reopen contract")[0].replace("on Earth Gate", "")


def test_a_code_links_to_its_entry_and_means_what_the_registry_says(page_of):
    text = page_of("blocked").read_text()
    assert "docs/reason-codes.md#2A-S1-091" in text
    assert "Too many sites of one country took the nearest-polygon fallback." in text
