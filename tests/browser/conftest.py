"""A centre and a browser for all tests here, and the watch that every test keeps.

Without Chromium these tests are not collected, and one line says so; in CI they fail instead.
"""

import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.centre import Centre, at_work
from tests.browser.chromium import PHONE, TIMEOUT, chromium, find_chromium

LEFT_OUT = find_chromium() is None and not os.environ.get("CI")
HERE = Path(__file__).parent

collect_ignore_glob = ["test_*.py"] if LEFT_OUT else []

OpenTab = Callable[..., Page]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if LEFT_OUT:
        line = "Not run: tests/browser. They need Chromium: apt-get install chromium"
        terminalreporter.write_line(line)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give all tests of a file to one worker: they share a centre, unless they share the cloud."""
    for item in items:
        if HERE in item.path.parents and "stack" not in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group(f"browser {item.path.stem}"))


@pytest.fixture(scope="module")
def centre() -> Iterator[Centre]:
    """Open a centre; a fresh one for each file, as moto copies its whole table for each write."""
    with at_work() as found:
        yield found


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if find_chromium() is None:
        pytest.fail("Chromium is not installed: apt-get install chromium")
    with chromium() as found:
        yield found


@pytest.fixture(scope="package")
def contexts(browser: Browser) -> Callable[..., BrowserContext]:
    """Make a context for each set of options, once: they keep nothing, and take time to open."""

    @functools.cache
    def context(**options: Any) -> BrowserContext:
        width, height = options.pop("size")
        made = browser.new_context(viewport={"width": width, "height": height}, **options)
        made.set_default_timeout(TIMEOUT)
        return made

    return context


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """Collect what the browser complains of, and what a page asks of anybody else: nothing."""
    heard: list[str] = []
    yield heard
    # Chromium reports a status of 400 or more as an error of its own.
    assert [each for each in heard if "the server responded with a status" not in each] == []


@pytest.fixture
def open_tab(
    centre: Centre, contexts: Callable[..., BrowserContext], complaints: list[str]
) -> Iterator[OpenTab]:
    """Open tabs of a phone where scripts are off."""
    tabs: list[Page] = []

    def listen(tab: Page) -> None:
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("request", lambda request: ask(request.url))

    def ask(url: str) -> None:
        if not url.startswith(centre.gateway.origin):
            complaints.append(f"a request to {url}")

    def open_one(**options: Any) -> Page:
        given: dict[str, Any] = {
            "size": tuple(PHONE.values()),
            "is_mobile": True,
            "has_touch": True,
            "java_script_enabled": False,
        }
        tab = contexts(**given | options).new_page()
        tabs.append(tab)
        listen(tab)
        return tab

    yield open_one
    for tab in tabs:
        tab.close()


@pytest.fixture
def tab(open_tab: OpenTab) -> Page:
    return open_tab()
