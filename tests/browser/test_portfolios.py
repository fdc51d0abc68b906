"""What is in an export for people: opened from a disk, without a network, by everybody."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # has no types
from playwright.sync_api import BrowserContext, Page

from tests.browser.portfolios import MADE, lay_out
from tests.browser.test_states import RULES

PAGES = ["index.html", *(f"data/enrolments/{name}/index.html" for name in MADE)]
SIZES = {"phone": (375, 740), "desktop": (1280, 900)}
FITS = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay_out(tmp_path_factory.mktemp("export")).parent


@pytest.fixture
def open_page(
    folder: Path, contexts: Callable[..., BrowserContext], complaints: list[str]
) -> Iterator[OpenPage]:
    """Open pages of the folder offline; nothing may be asked of anybody else, or complained of."""
    tabs: list[Page] = []

    def open_one(name: str, size: tuple[int, int] = SIZES["desktop"], **options: object) -> Page:
        context = contexts(size=size, offline=True, **options)
        tab = context.new_page()
        tabs.append(tab)
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("request", lambda request: ask(request.url))
        tab.goto((folder / name).as_uri())
        return tab

    def ask(url: str) -> None:
        if not url.startswith(f"{folder.as_uri()}/"):
            complaints.append(f"a request to {url}")

    yield open_one
    for tab in tabs:
        tab.close()


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_everybody_can_use_it(open_page: OpenPage, name: str, size: str, colours: str) -> None:
    # The rules are run by a script of ours, which the page's own policy would keep out.
    tab = open_page(name, SIZES[size], color_scheme=colours, bypass_csp=True)
    found = Axe().run(tab, options={"runOnly": RULES})
    assert found.response["violations"] == [], found.generate_report()
    assert found.response["passes"]
    assert tab.evaluate(FITS)


@pytest.mark.parametrize("name", PAGES)
def test_what_is_folded_can_be_used_as_well(open_page: OpenPage, name: str) -> None:
    tab = open_page(name, SIZES["phone"], bypass_csp=True)
    tab.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    found = Axe().run(tab, options={"runOnly": RULES})
    assert found.response["violations"] == [], found.generate_report()
    assert tab.evaluate(FITS)


def test_thumbnails_are_shown_from_disk(open_page: OpenPage) -> None:
    tab = open_page("data/enrolments/rich/index.html", java_script_enabled=True)
    picture = tab.locator("img").first
    picture.scroll_into_view_if_needed()
    shown = "image => image.decode().then(() => image.naturalWidth)"
    assert picture.evaluate(shown) > 100


def test_the_policy_lets_no_script_run(open_page: OpenPage, complaints: list[str]) -> None:
    tab = open_page("data/enrolments/rich/index.html")
    blocked = """() => new Promise(done => {
        const heard = event => done(event.violatedDirective);
        document.addEventListener("securitypolicyviolation", heard);
        const script = document.createElement("script");
        script.textContent = "document.title = 'ran'";
        document.body.append(script);
        setTimeout(() => done("nothing"), 2000);
    })"""
    assert "script-src" in tab.evaluate(blocked)
    assert tab.title() != "ran"
    assert "violates the following Content Security Policy" in complaints.pop()


def test_from_the_cover_to_a_page_and_its_earlier_attempt(open_page: OpenPage) -> None:
    tab = open_page("index.html", SIZES["phone"])
    tab.get_by_role("link", name="Zoë Nguyễn", exact=True).nth(1).click()
    assert tab.get_by_role("heading", level=1, name="Zoë Nguyễn").is_visible()
    tab.get_by_role("navigation").get_by_role("link", name="Before the move").click()
    page = tab.get_by_role("article", name="Before the move")
    earlier = page.get_by_text("Because.")
    assert not earlier.is_visible()
    page.get_by_text("Attempt 1, signed").click()
    assert earlier.is_visible()


def test_the_charts_say_what_they_show(open_page: OpenPage) -> None:
    tab = open_page("data/enrolments/demo/index.html")
    last = tab.get_by_role("region", name="Progress").get_by_role("img").last
    words = "2 competent, 1 not yet competent, 1 waiting for judgement, 3 open"
    assert last.get_attribute("aria-label") == words
    tab.get_by_role("region", name="Progress").get_by_text("The same as a table").click()
    row = tab.get_by_role("row", name="Knowledge and understanding")
    assert row.get_by_role("cell").all_inner_texts() == ["2", "1", "1", "3", "7"]


def test_everything_is_on_paper(open_page: OpenPage) -> None:
    tab = open_page("data/enrolments/rich/index.html")
    tab.emulate_media(media="print")
    assert tab.get_by_text("Because.").is_visible()
    assert not tab.get_by_role("navigation").is_visible()
