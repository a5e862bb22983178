"""The verdict page in a browser: by mouse and keyboard, on a phone, in the dark, on paper, without scripts."""

import json
import re
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest

from tests.planted_run import KINDS

pytestmark = pytest.mark.browser
ROWS = "table.countries tbody tr[data-iso]"
PHONE = {"width": 390, "height": 844}


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_opens_without_message_or_request_and_axe_finds_nothing(visit, page_of, kind):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    opened = visit(page_of(kind))
    assert opened.page.title().endswith("run planted")
    opened.page.evaluate("document.querySelectorAll('details:not(.card)').forEach((part) => (part.open = true))")
    found = axe.run(opened.page).response["violations"]
    assert [(entry["id"], [node["html"][:120] for node in entry["nodes"][:3]]) for entry in found] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 900}, PHONE], ids=["desk", "phone"])
def test_contrast_holds_and_nothing_sticks_out(visit, page_of, viewport, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    opened = visit(page_of("failing"), viewport=viewport, color_scheme=scheme)
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    found = axe.run(opened.page, options={"runOnly": ["color-contrast"]}).response["violations"]
    assert [node["html"][:120] for entry in found for node in entry["nodes"]] == []


def test_switching_the_seed_switches_every_part(visit, page_of):
    opened = visit(page_of("failing"))
    for seed in ("202", "7"):
        opened.page.click(f"[data-pick='{seed}']")
        assert {row.split("\t")[1] for row in opened.shown(ROWS)} == {seed}
        assert all(f"Seed {seed}" in text for text in opened.shown(".matrix caption"))
        assert opened.page.get_attribute(f"[data-pick='{seed}']", "aria-pressed") == "true"


def test_sort_filter_and_search(visit, page_of):
    opened = visit(page_of("failing"))

    def names() -> list[str]:
        return [row.split()[0] for row in opened.shown(ROWS)]

    assert names() == ["DE", "CN", "FR", "NZ", "BM"], "most sites first"
    opened.page.click("table.countries th >> text=Sites")
    assert names() == ["DE", "CN", "FR", "NZ", "BM"]
    assert opened.page.get_attribute("table.countries th:has-text('Sites')", "aria-sort") == "descending"
    opened.page.click("table.countries th >> text=Sites")
    assert names() == ["BM", "NZ", "FR", "CN", "DE"]
    opened.page.click("table.countries th >> text=Country")
    assert names() == ["BM", "CN", "DE", "FR", "NZ"]
    opened.page.select_option("[name=cohort]", "C_multi")
    assert names() == ["CN", "NZ"]
    assert opened.shown("output") == ["2 countries"]
    opened.page.select_option("[name=behind]", "c_multi_share_distinct_ge2")
    assert names() == ["CN"]
    opened.page.select_option("[name=cohort]", "")
    opened.page.select_option("[name=behind]", "leakage")
    assert names() == ["DE"]
    opened.page.select_option("[name=behind]", "")
    opened.page.fill("[type=search]", "auckland")
    assert names() == ["NZ"]
    assert opened.shown("output") == ["1 country"]


def test_a_row_opens_the_card_of_its_country_and_closes_it(visit, page_of):
    opened = visit(page_of("failing"))
    row = opened.page.locator("tbody:not(.other) tr[data-iso=CN] a")
    row.click()
    card = opened.page.locator("td #country-CN")
    assert card.is_visible() and row.get_attribute("aria-expanded") == "true"
    assert "3 sites by override: country:CN (BORDER_OVERLAP)" in card.inner_text()
    assert "Asia/Shanghai 100 %" in card.inner_text().replace("\u00a0", " ")
    opened.page.click("[data-pick='7']")
    assert opened.page.locator("td #country-CN").count() == 0, "another seed closes what belongs to this one"
    row = opened.page.locator("tbody:not(.other) tr[data-iso=CN] a")
    row.click()
    row.click()
    assert opened.page.locator("td #country-CN").count() == 0


def test_a_link_to_a_country_opens_it(visit, page_of):
    opened = visit(page_of("failing"))
    opened.page.click(".atlas figcaption a[href='#country-CN']")
    assert opened.page.locator("td #country-CN").is_visible()


def test_a_number_leads_to_the_file_that_holds_it(visit, page_of):
    opened = visit(page_of("failing"))
    number = opened.page.locator(".gates a.num").first
    href, value = number.get_attribute("href"), float(number.get_attribute("data-value"))
    assert number.get_attribute("title").startswith(f"{value}")
    number.click()
    opened.page.wait_for_url(re.compile(r"segment2a_certification\.json#/gates/"))
    found = json.loads(Path(unquote(urlparse(opened.page.url).path)).read_text())
    for key in href.partition("#")[2].strip("/").split("/"):
        found = found[int(key)] if isinstance(found, list) else found[key]
    assert found == value


def test_everything_works_from_the_keyboard(visit, page_of):
    page = (opened := visit(page_of("failing"))).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the verdict"
    page.focus("[data-pick='7']")
    page.keyboard.press("Enter")
    assert {row.split("\t")[1] for row in opened.shown(ROWS)} == {"7"}
    page.focus("table.countries th:first-child button")
    page.keyboard.press("Space")
    assert page.get_attribute("table.countries th:first-child", "aria-sort") == "ascending"
    page.focus("tbody:not(.other) tr[data-iso=NZ] a")
    page.keyboard.press("Enter")
    assert page.locator("td #country-NZ").is_visible()
    page.focus("summary")
    page.keyboard.press("Enter")
    assert page.locator("details[open]").count() >= 2


def test_without_scripts_the_table_is_plain_and_whole(visit, page_of):
    opened = visit(page_of("failing"), java_script_enabled=False)
    rows = opened.shown(ROWS)
    assert len(rows) == 5 * 4 and {row.split("\t")[1] for row in rows} == {"42", "7", "101", "202"}
    assert not opened.page.locator("[data-filters]").is_visible()
    assert opened.page.locator("summary:has-text('CN China')").is_visible()


def test_paper_has_every_fold_open_and_one_seed(visit, page_of, tmp_path):
    opened = visit(page_of("failing"))
    opened.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    opened.page.emulate_media(media="print")
    assert opened.page.locator("details:not(.card):not([open])").count() == 0
    assert not opened.page.locator("nav").is_visible()
    assert {row.split("\t")[1] for row in opened.shown(ROWS)} == {"42"}
    opened.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert opened.page.locator("details[open]").count() == 0
