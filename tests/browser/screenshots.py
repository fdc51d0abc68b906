"""The pictures of the documentation, taken anew.

python -m tests.browser.screenshots
"""

import base64
import io
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Browser, ViewportSize

from tests.browser.candidate import opened
from tests.browser.centre import CHOICES, STATEMENTS, Centre, at_work, wrong
from tests.browser.chromium import PHONE, chromium
from tests.browser.portfolios import MADE, lay_out, photo
from tests.browser.test_visits import a_judged_page, an_enrolment

IMAGES = Path("docs/images")
SCALE = 1.25
DESK: ViewportSize = {"width": 860, "height": 740}
EVIDENCE, APPRAISED = "establish-2", "knowledge-7"  # pages of the demo module
FEEDBACK = "Read the fourth question again: what would you tell Daniel before he speaks?"
RETURNED = "You say that you ask first. Tell me about one time when you did, and what came of it."
FRAMES = """
p { display: inline-flex; gap: 20px; margin: 0; padding: 20px; background: #dfe5e4; }
img { border-radius: 16px; }
"""


def review(centre: Centre, browser: Browser) -> None:
    """Take two screens of a phone: a contradiction, and the form."""
    by = centre.enrol()
    centre.sign(STATEMENTS, by=by)
    page = centre.module.page(CHOICES)
    assert page
    signed = centre.sign(CHOICES, answers=wrong(page, 4), by=by)
    context = browser.new_context(viewport=PHONE, device_scale_factor=SCALE, is_mobile=True)
    tab = context.new_page()
    tab.goto(signed.link)
    screens = [tab.screenshot()]
    tab.locator(".clash").evaluate("element => element.scrollIntoView({block: 'end'})")
    screens.append(tab.screenshot())
    tab.get_by_role("link", name="Judge", exact=True).click()
    tab.get_by_label("No, not yet competent").check()
    tab.get_by_label("Feedback").fill(FEEDBACK)
    tab.get_by_label("Your initials").fill("AE")
    screens.append(tab.screenshot())
    _side_by_side(browser, "review.png", screens)
    context.close()


def evidence(centre: Centre, browser: Browser) -> None:
    """Take three screens of a phone: a photo, a record that departs from a rule, the boxes."""
    by = centre.enrol()
    context = browser.new_context(viewport=PHONE, device_scale_factor=SCALE, is_mobile=True)
    tab = context.new_page()
    # There is no bucket here to fetch them from.
    shown = photo()
    tab.route("**/thumbnail", lambda route: route.fulfill(content_type="image/jpeg", body=shown))
    tab.goto(centre.sign(EVIDENCE, by=by).link)
    screens = []
    departure = tab.locator("div.clash", has_text="Departs from a rule")
    for place in (tab.locator(".files img").first, departure):
        place.evaluate("element => element.scrollIntoView({block: 'center'})")
        tab.wait_for_load_state("networkidle")
        screens.append(tab.screenshot())
    tab.goto(centre.sign(APPRAISED, by=by).link)
    boxes = tab.get_by_role("group", name="what do you find the evidence to be?")
    boxes.evaluate("element => element.scrollIntoView()")
    for box in boxes.get_by_role("checkbox").all():
        box.check()
    screens.append(tab.screenshot())
    _side_by_side(browser, "evidence.png", screens)
    context.close()


def visit(centre: Centre, browser: Browser) -> None:
    """Take three screens of a verifier's phone: the pages, a decision, and what it rests on."""
    context = browser.new_context(viewport=PHONE, device_scale_factor=SCALE, is_mobile=True)
    tab = context.new_page()
    an_enrolment(centre, tab)
    screens = [tab.screenshot()]
    a_judged_page(centre, tab)
    for heading in ("Decision", "What was signed"):
        place = tab.get_by_role("heading", name=heading)
        place.evaluate("element => element.scrollIntoView()")
        screens.append(tab.screenshot())
    _side_by_side(browser, "visit.png", screens)
    context.close()


def _side_by_side(browser: Browser, name: str, screens: list[bytes]) -> None:
    images = "".join(
        f'<img src="data:image/png;base64,{base64.b64encode(screen).decode()}" '
        f'width="{Image.open(io.BytesIO(screen)).width / SCALE}">'
        for screen in screens
    )
    tab = browser.new_page(device_scale_factor=SCALE)
    tab.set_content(f"<style>{FRAMES}</style><p>{images}</p>")
    _keep(name, tab.locator("p").screenshot())
    tab.close()


def _keep(name: str, picture: bytes) -> None:
    """Keep a picture small: these pages have few colours."""
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(128).save(IMAGES / name, optimize=True)


def candidate(centre: Centre, browser: Browser) -> None:
    """Take three screens of a candidate's phone: progress, a page without network, a receipt."""
    with opened(centre) as app:
        who = app.enrol(centre.module)
        by = who.enrolment, who.person
        for page in centre.module.pages[:3]:
            signed = centre.sign(page.id, by=by)
            returned = page is centre.module.pages[1]
            feedback = RETURNED if returned else ""
            centre.judge(signed, competent=not returned, feedback=feedback)
        context = browser.new_context(
            viewport=PHONE, device_scale_factor=SCALE, is_mobile=True, locale="en-GB"
        )
        tab = app.sign_in(context, who)
        tab.goto(f"{app.site.address}#/{who.enrolment.centre_id}/{who.enrolment.id}")
        tab.get_by_text("Returned to you").wait_for()
        screens = [tab.screenshot()]
        app.open(tab, who, centre.module.pages[3].id)
        context.set_offline(True)
        tab.get_by_role("radio").nth(1).check()
        tab.get_by_text("Kept on this device").wait_for()
        tab.get_by_role("group").nth(1).evaluate("element => element.scrollIntoView()")
        screens.append(tab.screenshot())
        context.set_offline(False)
        app.open(tab, who, centre.module.pages[1].id)
        tab.get_by_role("heading", name="Returned").wait_for()
        screens.append(tab.screenshot())
        _side_by_side(browser, "candidate.png", screens)
        context.close()


def certificate(centre: Centre, browser: Browser) -> None:
    """Take the public page of a certificate."""
    context = browser.new_context(viewport={"width": 760, "height": 860}, device_scale_factor=SCALE)
    tab = context.new_page()
    tab.goto(centre.certificate(days=1, hours=3)[0])
    _keep("certificate.png", tab.screenshot())
    context.close()


def portfolio(browser: Browser) -> None:
    """Take a portfolio of an export, from a disk: its charts, and a page of it on a phone."""
    screens = []
    with TemporaryDirectory() as folder:
        cover = lay_out(Path(folder), {"demo": MADE["demo"]})
        page = f"#page-{EVIDENCE}"
        for size, shown in ((DESK, "header"), (PHONE, f"{page} h4"), (PHONE, f"{page}-5")):
            tab = browser.new_page(viewport=size, device_scale_factor=SCALE)
            tab.goto((cover.parent / "data/enrolments/demo/index.html").as_uri())
            tab.locator(shown).first.evaluate("element => element.scrollIntoView()")
            tab.wait_for_load_state("networkidle")
            screens.append(tab.screenshot())
            tab.close()
    _side_by_side(browser, "portfolio.png", screens)


def main() -> None:
    """Take them all."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with at_work() as centre, chromium() as browser:
        review(centre, browser)
        evidence(centre, browser)
        visit(centre, browser)
        certificate(centre, browser)
        candidate(centre, browser)
        portfolio(browser)


if __name__ == "__main__":
    main()
