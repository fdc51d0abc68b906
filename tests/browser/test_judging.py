"""An assessor judges a page by its link: on a phone, by keyboard, and where things go wrong."""

import re
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, Response, expect

from tests.browser.centre import CHOICES, NAME, STATEMENTS, Centre, Signed, wrong
from tests.browser.conftest import OpenTab

FINGER = 44  # CSS pixels; WCAG 2.2 asks for 24 (2.5.8), and for 44 at its highest level (2.5.5)
LONG_FEEDBACK = "Say who helps you, and <b>when</b>.\n\n\tThen tell me about Ellen & her brother."


@dataclass
class Thumb:
    """Taps what it can see and hit, and counts."""

    tab: Page
    taps: int = 0

    def tap(self, target: Locator) -> None:
        target.scroll_into_view_if_needed()
        box = target.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= FINGER
        target.tap()
        self.taps += 1


def yes(tab: Page) -> Locator:
    return tab.locator("label", has_text=re.compile("^Yes"))


def no(tab: Page) -> Locator:
    return tab.locator("label", has_text=re.compile("^No"))


def initials(tab: Page) -> Locator:
    return tab.get_by_label("Your initials")


def feedback(tab: Page) -> Locator:
    return tab.get_by_label("Feedback")


def record(tab: Page) -> Locator:
    return tab.get_by_role("button", name="Record my judgement")


def fill(tab: Page, answer: Locator, feedback_text: str = "", initials_text: str = "AE") -> None:
    tab.bring_to_front()
    answer.tap()
    feedback(tab).fill(feedback_text)
    initials(tab).fill(initials_text)


def send(tab: Page) -> Response:
    """Press the button; return the answer to the form, which may have led elsewhere."""
    tab.bring_to_front()
    with tab.expect_navigation() as caught:
        record(tab).tap()
    request = caught.value.request
    answered = (request.redirected_from or request).response()
    assert answered
    return answered


def heading(tab: Page) -> Locator:
    return tab.get_by_role("heading", level=1)


def shown(tab: Page, name: str) -> Locator:
    """Find an item by its heading."""
    title = tab.get_by_role("heading", level=3, name=re.compile(name))
    return tab.locator("section").filter(has=title)


def judged(centre: Centre, signed: Signed) -> bool | None:
    """Tell what is recorded for an attempt: competent or not, or nothing."""
    judgement = centre.judgement(signed)
    return judgement.competent if judgement else None


def test_a_competent_page_takes_three_taps_and_the_initials(centre: Centre, tab: Page) -> None:
    signed = centre.sign(CHOICES)
    thumb = Thumb(tab)

    tab.goto(signed.link)
    thumb.tap(yes(tab))
    thumb.tap(initials(tab))
    tab.keyboard.type("AE")
    thumb.tap(record(tab))

    expect(heading(tab)).to_have_text("Your judgement is recorded")
    assert thumb.taps == 3
    assert judged(centre, signed) is True


def test_the_way_to_the_form_is_in_reach_and_costs_no_more(centre: Centre, tab: Page) -> None:
    signed = centre.sign(CHOICES)
    thumb = Thumb(tab)
    tab.goto(signed.link)
    bar = tab.get_by_role("link", name="Judge", exact=True)

    expect(bar).to_be_in_viewport()
    expect(initials(tab)).not_to_be_in_viewport()
    thumb.tap(bar)
    expect(yes(tab)).to_be_in_viewport(ratio=1)
    thumb.tap(yes(tab))
    thumb.tap(initials(tab))
    tab.keyboard.type("AE")
    tab.keyboard.press("Enter")  # the key that a phone labels Send

    expect(heading(tab)).to_have_text("Your judgement is recorded")
    assert thumb.taps == 3


def test_who_what_and_how_right_is_seen_at_first_sight(centre: Centre, tab: Page) -> None:
    page = centre.module.page(CHOICES)
    assert page
    by = centre.enrol()
    centre.sign(STATEMENTS, by=by)
    signed = centre.sign(CHOICES, answers=wrong(page, 2), by=by)

    tab.goto(signed.link)

    for text in (NAME, page.title, "4 of 5 right", f"Signed by {NAME}, 2 March 2026, 09:30 GMT"):
        expect(tab.get_by_text(text).first).to_be_in_viewport()
    item = shown(tab, "^2 .*Not right.*Contradiction")
    statement = next(item.text for item in centre.module.items if item.id == "establish-s2")
    expect(item).to_contain_text(statement)
    expect(item.locator("li", has_text="Chosen, not right")).to_have_count(1)
    expect(item.locator("li", has_text="The right answer")).to_contain_text("trained interpreter")
    expect(item.get_by_text("A child should not carry")).to_be_visible()
    right = shown(tab, "^3 .*Right")
    expect(right.get_by_text("Capacity belongs to one decision")).to_be_hidden()
    right.get_by_text("Guidance").tap()
    expect(right.get_by_text("Capacity belongs to one decision")).to_be_visible()


def test_choices_are_shown_before_their_statements_are_signed(centre: Centre, tab: Page) -> None:
    page = centre.module.page(CHOICES)
    assert page

    answered = tab.goto(centre.sign(CHOICES, answers=wrong(page, 1)).link)

    assert answered
    assert answered.status == 200
    expect(tab.get_by_text("Contradiction")).to_have_count(0)


def test_a_page_is_returned_with_feedback(centre: Centre, tab: Page) -> None:
    signed = centre.sign(CHOICES)
    tab.goto(signed.link)

    fill(tab, no(tab), LONG_FEEDBACK)
    send(tab)

    expect(heading(tab)).to_have_text("Your judgement is recorded")
    expect(tab.get_by_text("Not yet competent")).to_be_visible()
    assert tab.locator(".answer").text_content() == LONG_FEEDBACK
    assert judged(centre, signed) is False


def test_nothing_is_chosen_beforehand(centre: Centre, tab: Page) -> None:
    signed = centre.sign(CHOICES)
    tab.goto(signed.link)

    assert send(tab).status == 422

    expect(tab.get_by_role("radio", checked=True)).to_have_count(0)
    expect(tab.get_by_role("radiogroup")).to_have_accessible_description("Choose Yes or No.")
    expect(initials(tab)).to_have_accessible_description(re.compile("Put your initials"))
    expect(tab.get_by_role("radio").first).to_be_focused()
    assert judged(centre, signed) is None


def test_an_error_keeps_what_was_typed_and_leads_to_its_field(centre: Centre, tab: Page) -> None:
    tab.goto(centre.sign(CHOICES).link)
    fill(tab, no(tab), "", "ÅE")

    assert send(tab).status == 422

    assert "Not recorded yet" in tab.title()
    expect(feedback(tab)).to_be_focused()
    expect(feedback(tab)).to_be_in_viewport(ratio=1)
    expect(feedback(tab)).to_have_accessible_description(re.compile("Say what is still missing"))
    expect(tab.get_by_role("alert")).to_contain_text("Nothing has been recorded yet")
    expect(no(tab).get_by_role("radio")).to_be_checked()
    expect(initials(tab)).to_have_value("ÅE")

    feedback(tab).fill(LONG_FEEDBACK)
    initials(tab).fill("")
    assert send(tab).status == 422
    expect(feedback(tab)).to_have_value(LONG_FEEDBACK)
    tab.get_by_role("alert").get_by_role("link").tap()
    expect(initials(tab)).to_be_focused()
    tab.keyboard.type("AE")
    send(tab)
    expect(heading(tab)).to_have_text("Your judgement is recorded")


def test_too_long_feedback_is_refused_and_not_cut(centre: Centre, tab: Page) -> None:
    tab.goto(centre.sign(CHOICES).link)
    longer = "x" * 20_001

    fill(tab, no(tab), longer)
    assert send(tab).status == 422

    expect(feedback(tab)).to_have_value(longer)
    expect(feedback(tab)).to_be_focused()


def test_feedback_beyond_any_form_is_answered_in_words(centre: Centre, tab: Page) -> None:
    tab.goto(centre.sign(CHOICES).link)
    fill(tab, no(tab), "€" * 40_000)

    assert send(tab).status == 413

    expect(heading(tab)).to_have_text("Nothing has been recorded")


def test_the_same_form_sent_again_leads_to_the_same_record(
    centre: Centre, open_tab: OpenTab
) -> None:
    signed = centre.sign(CHOICES)
    first, second, third = open_tab(), open_tab(), open_tab()
    for tab in (first, second, third):
        tab.goto(signed.link)
    fill(first, yes(first))
    fill(second, yes(second))
    fill(third, no(third), LONG_FEEDBACK)

    assert [send(tab).status for tab in (first, second, third)] == [303, 303, 409]

    assert first.url == second.url
    expect(heading(third)).to_have_text("This page has been judged")
    expect(third.get_by_text("not recorded")).to_be_visible()
    assert third.locator(".answer").text_content() == LONG_FEEDBACK, "the text is given back"
    assert judged(centre, signed) is True


def test_going_back_after_recording_says_what_was_recorded(centre: Centre, tab: Page) -> None:
    tab.goto(centre.sign(CHOICES).link)
    fill(tab, yes(tab))
    send(tab)

    tab.go_back()
    expect(heading(tab)).to_have_text("This page has been judged")
    expect(record(tab)).to_have_count(0)
    tab.get_by_role("link", name="See what you recorded").tap()

    expect(heading(tab)).to_have_text("Your judgement is recorded")


def test_a_link_that_expires_while_somebody_types_gives_the_text_back(
    centre: Centre, tab: Page
) -> None:
    signed = centre.sign(CHOICES)
    tab.goto(signed.link)
    fill(tab, no(tab), LONG_FEEDBACK)
    centre.world.clock.forward(days=15)

    assert send(tab).status == 410

    expect(heading(tab)).to_have_text("This link has expired")
    assert tab.locator(".answer").text_content() == LONG_FEEDBACK
    tab.get_by_role("button", name="Mail me a fresh link").tap()
    expect(heading(tab)).to_have_text("Look into your mail")
    tab.goto(centre.mailed(signed.enrolment, signed.attempt))
    expect(record(tab)).to_be_visible()


def test_a_service_that_fails_keeps_the_judgement_to_send_again(centre: Centre, tab: Page) -> None:
    signed = centre.sign(CHOICES)
    tab.goto(signed.link)
    fill(tab, no(tab), LONG_FEEDBACK)

    with centre.out_of_order():
        answered = send(tab)
    assert answered.status == 503
    assert answered.headers["retry-after"]
    expect(heading(tab)).to_have_text("Nothing has been recorded")
    tab.get_by_role("button", name="Send it again").tap()

    expect(heading(tab)).to_have_text("Your judgement is recorded")
    assert tab.locator(".answer").text_content() == LONG_FEEDBACK


def test_the_keyboard_alone_is_enough(centre: Centre, open_tab: OpenTab) -> None:
    signed = centre.sign(CHOICES)
    tab = open_tab(is_mobile=False, has_touch=False, java_script_enabled=True)
    tab.goto(signed.link)

    tab.keyboard.press("Tab")
    expect(tab.get_by_role("link", name="Go to your judgement")).to_be_focused()
    expect(tab.get_by_role("link", name="Go to your judgement")).to_be_in_viewport(ratio=1)
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Space")
    expect(yes(tab).get_by_role("radio")).to_be_checked()
    tab.keyboard.press("ArrowDown")
    expect(no(tab).get_by_role("radio")).to_be_checked()
    tab.keyboard.press("Tab")
    tab.keyboard.type("Tell me more.")
    tab.keyboard.press("Tab")
    tab.keyboard.type("AE")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")

    expect(heading(tab)).to_have_text("Your judgement is recorded")
    assert judged(centre, signed) is False


def test_whatever_has_the_focus_is_seen(centre: Centre, open_tab: OpenTab) -> None:
    page = centre.module.page(CHOICES)
    assert page
    tab = open_tab(java_script_enabled=True)
    tab.goto(centre.sign(CHOICES, answers=wrong(page, 1, 4)).link)
    stops = []

    for _ in range(100):
        tab.keyboard.press("Tab")
        found = tab.evaluate(
            """() => {
                const focused = document.activeElement;
                if (focused === document.body) return null;
                const box = focused.getBoundingClientRect();
                const middle = document.elementFromPoint(
                    box.x + box.width / 2, box.y + box.height / 2);
                return {
                    name: focused.innerText || focused.name,
                    outlined: getComputedStyle(focused).outlineStyle !== "none",
                    seen: focused.contains(middle),
                };
            }"""
        )
        if found is None:
            break
        stops.append(found)

    assert len(stops) > 10
    assert [stop for stop in stops if not (stop["outlined"] and stop["seen"])] == []
    assert [stop["name"] for stop in stops[-4:]] == [
        "competent",
        "feedback",
        "initials",
        "Record my judgement",
    ]
