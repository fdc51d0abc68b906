"""The pictures of the documentation, taken anew.

python -m tests.browser.screenshots
"""

import base64
import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from tests.browser.centre import CHOICES, STATEMENTS, Centre, at_work, wrong
from tests.browser.chromium import PHONE, chromium

IMAGES = Path("docs/images")
SCALE = 1.25
FEEDBACK = "Read the fourth question again: what would you tell Daniel before he speaks?"
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
    _side_by_side(browser, screens)
    context.close()


def _side_by_side(browser: Browser, screens: list[bytes]) -> None:
    images = "".join(
        f'<img src="data:image/png;base64,{base64.b64encode(screen).decode()}" '
        f'width="{PHONE["width"]}">'
        for screen in screens
    )
    tab = browser.new_page(device_scale_factor=SCALE)
    tab.set_content(f"<style>{FRAMES}</style><p>{images}</p>")
    _keep("review.png", tab.locator("p").screenshot())
    tab.close()


def _keep(name: str, picture: bytes) -> None:
    """Keep a picture small: these pages have few colours."""
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(128).save(IMAGES / name, optimize=True)


def certificate(centre: Centre, browser: Browser) -> None:
    """Take the public page of a certificate."""
    context = browser.new_context(viewport={"width": 760, "height": 860}, device_scale_factor=SCALE)
    tab = context.new_page()
    tab.goto(centre.certificate(days=1, hours=3)[0])
    _keep("certificate.png", tab.screenshot())
    context.close()


def main() -> None:
    """Take them all."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with at_work() as centre, chromium() as browser:
        review(centre, browser)
        certificate(centre, browser)


if __name__ == "__main__":
    main()
