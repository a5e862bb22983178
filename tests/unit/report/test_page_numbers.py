"""Every number on the page is the number under its key, and every link leads to a file."""

import math
import re

import pytest

from tests.page_numbers import column, held, read, said
from tests.planted_run import KINDS, certificate


def near(text: str, value: float) -> bool:
    """Whether a text shows `value`, rounded: off by a twentieth at most, and 0 or 1 only where it is that."""
    shown = said(text)
    if value in (0, 1) or shown in (0, 1):
        return shown == value
    return math.isclose(shown, value, rel_tol=0.05, abs_tol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_equals_the_file_under_its_key(page_of, kind):
    page = page_of(kind)
    numbers = read(page).numbers
    assert len(numbers) > 60
    for number in numbers:
        assert float(number.value) == held(page, number.href), number
        assert near(number.text, float(number.value)), number


@pytest.mark.parametrize("kind", KINDS)
def test_every_cell_of_the_country_table_equals_the_diagnostics(page_of, kind):
    page = page_of(kind)
    for source, iso, name, value, text in read(page).cells:
        assert float(value) == column(page.parent / source, iso, name)
        assert near(text, float(value)), (iso, name, text)


@pytest.mark.parametrize("kind", KINDS)
def test_every_link_leads_somewhere_without_network(page_of, kind):
    page = page_of(kind)
    text = page.read_text()
    for href in read(page).links:
        name, _, anchor = href.partition("#")
        assert not re.match(r"\w+:|/", href), href
        if name:
            assert (page.parent / name).is_file(), href
        else:
            assert f'id="{anchor}"' in text, href
    assert not re.search(r"https?://|url\(|@import|<link|src=", text)


def test_a_page_has_the_same_bytes_each_time(page_of, tmp_path):
    from tests.planted_run import plant

    assert plant(tmp_path / "again", "failing").read_bytes() == page_of("failing").read_bytes()


def test_the_two_drawings_stand_alone(page_of):
    for name in ("world_map.svg", "country_maps.svg"):
        text = (page_of("failing").parent / name).read_text()
        assert text.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
        for used in re.findall(r'href="#([^"]+)"', text):
            assert f'id="{used}"' in text


def test_what_the_first_screen_counts_is_what_the_certificate_holds(page_of):
    for kind in KINDS:
        gates = certificate(page_of(kind))["gates"]
        asked = [row for row in gates if row["b"] is not None]
        first = page_of(kind).read_text().split("<nav")[0]
        held_b = sum(row["holds_b"] for row in asked)
        held_bplus = sum(row["holds_b"] and row["holds_bplus"] for row in gates)
        assert f"<strong>{held_b}</strong> of {len(asked)} gates hold B<" in first, kind
        assert f"<strong>{held_bplus}</strong> of {len(gates)} hold B+<" in first, kind


def test_a_tile_says_how_many_of_its_own_zones_a_country_shows(page_of):
    text = re.sub(r"<[^>]+>", "", page_of("failing").read_text().split("<nav")[0])
    assert "China 1 of 2 zones" in text and "New Zealand 2 of 2 zones" in text


def test_variants_are_marked_by_the_threshold(page_of):
    text = page_of("failing").read_text().split('id="rests"')[1].split("</section>")[0]
    assert text.count('class="no">✗') == 4 * 5 * 7, (
        "every realism gate of a collapsed world, on every seed and in every variant"
    )
    assert page_of("passing").read_text().split('id="rests"')[1].split("</section>")[0].count('class="no"') == 0
