"""The description in a browser: read, and tried with a token, below a stage's path."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # has no types
from playwright.sync_api import Page, ViewportSize

from tests.api import tokens
from tests.browser.centre import Centre
from tests.browser.conftest import OpenTab
from tests.browser.gateway import STAGE

WIDE = ViewportSize(width=1200, height=900)
PATIENCE = 20_000  # milliseconds: Swagger UI is large, and draws every operation
SAVING = "#operations-Pages-saveDraft"
ASKING = "#operations-Me-getMe"
SCROLLS_SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def opened(centre: Centre, open_tab: OpenTab) -> Page:
    centre.world.keys = tokens.key_set(tokens.rsa_key())
    tab = open_tab(java_script_enabled=True, is_mobile=False)
    tab.set_default_timeout(PATIENCE)
    tab.goto(f"{centre.gateway.origin}{STAGE}/v1/docs")
    tab.locator(SAVING).wait_for()
    return tab


def test_everybody_can_read_it(centre: Centre, open_tab: OpenTab) -> None:
    """What axe calls moderate, such as Swagger UI's order of headings, is left as it is."""
    tab = opened(centre, open_tab)
    tab.locator(SAVING).get_by_role("button").first.click()
    tab.locator(SAVING).get_by_text("invalid-answers").first.wait_for()
    found: Any = Axe().run(tab).response
    worst = [each for each in found["violations"] if each["impact"] in {"serious", "critical"}]
    assert [(each["id"], each["nodes"][0]["html"]) for each in worst] == []
    assert not tab.evaluate(SCROLLS_SIDEWAYS)
    tab.set_viewport_size(WIDE)
    assert not tab.evaluate(SCROLLS_SIDEWAYS)


def test_a_request_is_tried_with_a_token(centre: Centre, open_tab: OpenTab) -> None:
    tab = opened(centre, open_tab)
    tab.get_by_role("button", name="Authorize").first.click()
    dialog = tab.locator(".modal-ux")
    dialog.get_by_role("textbox").fill(tokens.token(centre.world.candidate.membership.name))
    dialog.get_by_role("button", name="Apply credentials").click()
    dialog.get_by_role("button", name="Close").last.click()
    operation = tab.locator(ASKING)
    operation.get_by_role("button").first.click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    answered = operation.locator(".live-responses-table")
    answered.get_by_text(centre.world.candidate.id).first.wait_for()
