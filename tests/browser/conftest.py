"""Debian's Chromium on planted pages. Where no browser is installed the tests are skipped and say so."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The system's browser, headless."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="the package playwright is not installed")
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield found
        found.close()


class Visit:
    """An open page, with all that it logged and all that it asked for beyond itself."""

    def __init__(self, browser: Any, path: Path, **settings: Any):
        self.context = browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | settings))
        self.page = self.context.new_page()
        self.logged: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.logged.append(message.text))
        self.page.on("pageerror", lambda error: self.logged.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())

    def shown(self, query: str) -> list[str]:
        """Texts of the visible elements that match."""
        return [part.inner_text() for part in self.page.query_selector_all(query) if part.is_visible()]


@pytest.fixture
def visit(browser: Any) -> Iterator[Any]:
    """Open a page; every visit ends without a message and without a request but for the page itself."""
    opened: list[Visit] = []

    def open_page(path: Path, **settings: Any) -> Visit:
        opened.append(Visit(browser, path, **settings))
        return opened[-1]

    yield open_page
    for each in opened:
        each.context.close()
        assert each.logged == []
        assert all(url.startswith("file://") for url in each.asked), each.asked
