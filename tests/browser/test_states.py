"""Every page in every state: for everybody to use, at any size, in light and dark."""

import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # has no types
from playwright.sync_api import Page, Route, ViewportSize

from chalicelib.domain.access import Actor
from chalicelib.domain.centres import LinkPolicy
from chalicelib.domain.people import Role
from chalicelib.domain.testimony import Witness
from chalicelib.usecases import centres, memberships, people, testimony
from chalicelib.usecases.centres import CentreSettings
from cli.answering import complete_answers
from tests.api.door import verification_token
from tests.attachments import picture
from tests.browser.centre import CHOICES, STATEMENTS, Centre, Signed, wrong
from tests.browser.chromium import PHONE
from tests.browser.conftest import OpenTab
from tests.browser.gateway import STAGE
from tests.world import EVIDENCE_MODULE, SHORT_MODULE, request

# Rules for WCAG 2.2 AA, and what axe counts as good practice besides (such as heading order).
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {"type": "tag", "values": TAGS}
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
NARROW: ViewportSize = {"width": 320, "height": 640}
LARGE_TEXT = {"standard": 32, "fixed": 26}  # twice what browsers begin with

WITNESSED = f"""{SHORT_MODULE.replace("moving-people", "witnessed")}
# Element: Seen at work {{#work}}

## Page: At work {{#work-1}}

!! What have you seen the candidate do? {{#work-w1 form: witness-testimony}}
"""
OK = 200

State = Callable[[Centre, Page], int]
STATES: dict[str, State] = {}


def state(shown: State) -> State:
    """Declare how a page comes into a state; returns the status that it is answered with."""
    STATES[shown.__name__] = shown
    return shown


def visit(tab: Page, address: str) -> int:
    answered = tab.goto(address)
    assert answered
    return answered.status


def judge(tab: Page, answer: str, feedback: str = "") -> int:
    tab.get_by_label(answer).check()
    tab.get_by_label("Feedback").fill(feedback)
    tab.get_by_label("Your initials").fill("AE")
    return press(tab, "Record my judgement")


def press(tab: Page, name: str) -> int:
    with tab.expect_navigation() as caught:
        tab.get_by_role("button", name=name).click()
    return caught.value.status


def used(centre: Centre, tab: Page) -> Signed:
    signed = centre.sign(CHOICES)
    visit(tab, signed.link)
    judge(tab, "No, not yet competent", "Say more.")
    return signed


@state
def statements(centre: Centre, tab: Page) -> int:
    page = centre.module.page(STATEMENTS)
    assert page
    no = {page.items[1].id: {"understood": False, "initials": "ZN"}}
    return visit(tab, centre.sign(STATEMENTS, answers=no).link)


@state
def choices(centre: Centre, tab: Page) -> int:
    page = centre.module.page("establish-4")  # one of four, and two of four
    assert page
    by = centre.enrol()
    centre.sign("establish-2", by=by)
    return visit(tab, centre.sign("establish-4", answers=wrong(page, 1, 3, 5), by=by).link)


@state
def questions(centre: Centre, tab: Page) -> int:
    return visit(tab, centre.sign("knowledge-1").link)


def with_picture(centre: Centre, tab: Page) -> str:
    """Sign for a picture, and a record that departs from a rule; return the link."""
    module = centre.publish(EVIDENCE_MODULE)
    page = module.page("show-1")
    assert page
    enrolment, candidate = centre.enrol(module=module)
    named = {"name": "room.jpg", "media_type": "image/jpeg", "alt_text": "A clear floor"}
    photo = centre.world.attach(picture(), who=candidate, **named)
    answers = complete_answers(page, "ZN", [photo.id])
    answers["handed"]["values"]["present"] = False
    answers["handed"]["reasons"] = {"with-a-colleague": "Nobody was on shift."}
    shown = {"content_type": "image/jpeg", "body": picture()}
    tab.route("**/thumbnail", lambda route: route.fulfill(**shown))  # there is no bucket here
    by = (enrolment, candidate)
    return centre.sign("show-1", module=module, answers=answers, by=by).link


@state
def evidence(centre: Centre, tab: Page) -> int:
    status = visit(tab, with_picture(centre, tab))
    thumbnail = tab.get_by_role("img", name="A clear floor")
    thumbnail.scroll_into_view_if_needed()
    assert thumbnail.evaluate("image => image.decode().then(() => image.naturalWidth)") == 640
    return status


@state
def evidence_not_appraised(centre: Centre, tab: Page) -> int:
    visit(tab, with_picture(centre, tab))
    tab.get_by_label("Valid").check()
    status = judge(tab, "Yes, competent")
    assert tab.get_by_label("Valid").is_checked()
    tab.get_by_role("alert").get_by_role("link").click()
    assert tab.get_by_role("group", name="Item 1").is_visible()
    return status


@state
def with_errors(centre: Centre, tab: Page) -> int:
    visit(tab, centre.sign(CHOICES).link)
    return press(tab, "Record my judgement")


def with_code(centre: Centre) -> Signed:
    settle(centre, LinkPolicy.WITH_CODE)
    return centre.sign(CHOICES)


def settle(centre: Centre, policy: LinkPolicy) -> None:
    settings = CentreSettings(links=policy)
    centres.change_centre(centre.world.runtime, centre.world.centre.id, settings)


@state
def code_asked_for(centre: Centre, tab: Page) -> int:
    visit(tab, with_code(centre).link)
    tab.get_by_label("Your initials").fill("AE")
    status = press(tab, "Mail me a code")
    assert tab.get_by_label("Your initials").input_value() == "AE"
    settle(centre, LinkPolicy.ALLOWED)
    return status


@state
def wrong_code(centre: Centre, tab: Page) -> int:
    visit(tab, with_code(centre).link)
    tab.get_by_label("Code from your mail").fill("0000 0000")
    status = judge(tab, "No, not yet competent", "Say more.")
    settle(centre, LinkPolicy.ALLOWED)
    return status


@state
def links_off(centre: Centre, tab: Page) -> int:
    signed = centre.sign(CHOICES)
    settle(centre, LinkPolicy.OFF)
    status = visit(tab, signed.link)
    settle(centre, LinkPolicy.ALLOWED)
    return status


@state
def returned_before(centre: Centre, tab: Page) -> int:
    signed = used(centre, tab)
    return visit(tab, centre.sign(CHOICES, by=(signed.enrolment, signed.candidate)).link)


@state
def recorded(centre: Centre, tab: Page) -> int:
    visit(tab, centre.sign(CHOICES).link)
    return judge(tab, "Yes, competent")


@state
def recorded_and_set_aside(centre: Centre, tab: Page) -> int:
    signed = used(centre, tab)
    centre.world.set_aside(signed.enrolment, CHOICES)
    return visit(tab, tab.url)


@state
def already_judged(centre: Centre, tab: Page) -> int:
    return visit(tab, used(centre, tab).link)


@state
def expired_while_typing(centre: Centre, tab: Page) -> int:
    visit(tab, centre.sign(CHOICES).link)
    centre.world.clock.forward(days=15)
    return judge(tab, "No, not yet competent", "Say more.")


@state
def void_with_a_newer_attempt(centre: Centre, tab: Page) -> int:
    signed = centre.sign(CHOICES)
    centre.withdraw(signed)
    centre.world.clock.forward(hours=1)  # or the new link would wait for the sweeper
    centre.sign(CHOICES, by=(signed.enrolment, signed.candidate))
    return visit(tab, signed.link)


@state
def void_and_withdrawn(centre: Centre, tab: Page) -> int:
    signed = centre.sign(CHOICES)
    centre.withdraw(signed)
    return visit(tab, signed.link)


@state
def fresh_link_sent(centre: Centre, tab: Page) -> int:
    signed = centre.sign(CHOICES)
    centre.world.clock.forward(days=15)
    visit(tab, signed.link)
    return press(tab, "Mail me a fresh link")


@state
def refused(centre: Centre, tab: Page) -> int:
    world = centre.world
    assessor = world.person("Una Uthorised", Role.ASSESSOR)
    by = centre.enrol(assessor_id=assessor.id)
    visit(tab, centre.sign(CHOICES, by=by).link)
    world.authorise(assessor.membership, world.authorisation(modules=("another",)))
    people.forget_member(world.runtime, assessor.centre_id, assessor.id)
    return judge(tab, "No, not yet competent", "Say more.")


@state
def unknown_link(centre: Centre, tab: Page) -> int:
    return visit(tab, centre.sign(CHOICES).link[:-9])


def address_link(centre: Centre) -> tuple[Actor, str]:
    """Make the link that is mailed to an address which nobody has verified yet."""
    name = f"Ann {uuid.uuid4().hex}"
    asked = centre.world.person(name, Role.CANDIDATE, address_verified=False)
    token = verification_token(centre.world.runtime, asked)
    return asked, f"{centre.gateway.origin}{STAGE}/v1/addresses/{token}"


@state
def address_to_confirm(centre: Centre, tab: Page) -> int:
    return visit(tab, address_link(centre)[1])


@state
def address_confirmed(centre: Centre, tab: Page) -> int:
    asked, link = address_link(centre)
    visit(tab, link)
    press(tab, "Yes, this is my address")
    known = memberships.read(centre.world.runtime, asked.centre_id, asked.id).membership
    assert known.address_verified_at
    assert tab.get_by_role("heading", name="Your address is confirmed").is_visible()
    return visit(tab, link)


@state
def address_expired(centre: Centre, tab: Page) -> int:
    _, link = address_link(centre)
    centre.world.clock.forward(days=8)
    return visit(tab, link)


@state
def address_void(centre: Centre, tab: Page) -> int:
    asked, link = address_link(centre)
    runtime, administrator = centre.world.runtime, centre.world.administrator
    memberships.end_membership(runtime, administrator, asked.id)
    return visit(tab, link)


@state
def certificate(centre: Centre, tab: Page) -> int:
    return visit(tab, centre.certificate(centre.publish(SHORT_MODULE))[0])


@state
def certificate_suspended(centre: Centre, tab: Page) -> int:
    address, enrolment = centre.certificate(centre.publish(SHORT_MODULE))
    centre.world.set_aside(enrolment, "plan-2", "A witness has corrected their account.")
    return visit(tab, address)


@state
def certificate_superseded(centre: Centre, tab: Page) -> int:
    address, enrolment = centre.certificate(centre.publish(SHORT_MODULE))
    world = centre.world
    world.set_aside(enrolment, "plan-2")
    candidate = world.actor(enrolment.candidate_id)
    by = (enrolment, candidate)
    module = centre.publish(SHORT_MODULE)
    world.judge(enrolment, centre.sign("plan-2", module=module, by=by).attempt)
    assert world.finalise(enrolment)
    status = visit(tab, address)
    tab.get_by_role("link", name="See the certificate in its place").click()
    assert tab.get_by_text("This certificate is valid.").is_visible()
    tab.go_back()
    return status


@state
def no_certificate(centre: Centre, tab: Page) -> int:
    return visit(tab, f"{centre.gateway.origin}{STAGE}/v1/certificates/{'0' * 32}")


def asked(centre: Centre) -> str:
    """Ask a witness for testimony by the form that ships, and return the address of their link."""
    enrolment, candidate = centre.enrol(module=centre.publish(WITNESSED))
    runtime = centre.world.runtime
    witness = Witness(
        name="Wanda Witness",
        address=f"{uuid.uuid4().hex}@example.org",
        relationship="line manager",
        status="Registered nurse",
    )
    of = (enrolment.id, "work-1", "work-w1")
    testimony.invite(runtime, candidate, *of, witness, request(candidate))
    assert testimony.mail_invitation(runtime, enrolment.centre_id, *of)
    found = re.search(r"http\S+", centre.world.outbox.sent[-1][2])
    assert found
    return found[0]


def write_testimony(tab: Page) -> int:
    """Fill the form in, as somebody who has to give a reason, and sign it."""
    tab.get_by_label("Your position").fill("Ward manager")
    tab.get_by_label("I manage or supervise them.").check()
    tab.get_by_label("What you know of this work").fill("Thirty years of it.")
    tab.get_by_label("You know the candidate since").fill("2020-02-01")
    tab.get_by_label("Day of what you saw").fill("2026-02-27")
    tab.get_by_label("What you saw (needed)", exact=True).fill("She asked before she began. " * 6)
    tab.get_by_role("radiogroup", name="Independent").get_by_label("No").check()
    tab.get_by_label("Today's date").fill("2026-03-02")
    tab.get_by_label("What I describe here").check()
    tab.get_by_label("Your name, as your signature").fill("Wanda Witness")
    return press(tab, "Sign my testimony")


@state
def witness_asked_for(centre: Centre, tab: Page) -> int:
    return visit(tab, asked(centre))


@state
def witness_with_every_error(centre: Centre, tab: Page) -> int:
    visit(tab, asked(centre))
    return press(tab, "Sign my testimony")


@state
def witness_that_needs_a_reason(centre: Centre, tab: Page) -> int:
    visit(tab, asked(centre))
    status = write_testimony(tab)
    assert tab.get_by_label("What you know of this work").input_value() == "Thirty years of it."
    assert tab.get_by_label("Why is this so?").is_visible()
    return status


@state
def witness_signed(centre: Centre, tab: Page) -> int:
    visit(tab, asked(centre))
    write_testimony(tab)
    tab.get_by_label("Why is this so?").fill("I am her aunt.")
    assert press(tab, "Sign my testimony") == OK
    assert tab.get_by_text("I am her aunt.").is_visible()
    return visit(tab, tab.url)


@state
def witness_signed_before(centre: Centre, tab: Page) -> int:
    witness_signed(centre, tab)
    return visit(tab, tab.url.removesuffix("/receipt"))


@state
def witness_expired_while_typing(centre: Centre, tab: Page) -> int:
    visit(tab, asked(centre))
    centre.world.clock.forward(days=31)
    return write_testimony(tab)


STATUS = {
    "witness_with_every_error": 422,
    "witness_that_needs_a_reason": 422,
    "witness_signed_before": 410,
    "witness_expired_while_typing": 410,
    "with_errors": 422,
    "evidence_not_appraised": 422,
    "code_asked_for": 202,
    "wrong_code": 422,
    "links_off": 410,
    "already_judged": 410,
    "expired_while_typing": 410,
    "void_with_a_newer_attempt": 410,
    "void_and_withdrawn": 410,
    "fresh_link_sent": 202,
    "refused": 403,
    "unknown_link": 404,
    "no_certificate": 404,
    "address_expired": 410,
    "address_void": 410,
}


def violations(tab: Page, rules: Mapping[str, object] = RULES) -> list[str]:
    """Say what axe finds, rule and element."""
    found: Any = Axe().run(tab, options={"runOnly": rules}).response
    assert found["passes"]
    return [
        f"{rule['id']}: {node['html']}" for rule in found["violations"] for node in rule["nodes"]
    ]


def sticks_out(tab: Page) -> list[str]:
    """Name the elements that reach beyond the right or left edge of the window."""
    found: list[str] = tab.evaluate(
        """() => [...document.body.querySelectorAll("*")].filter((element) => {
            const box = element.getBoundingClientRect();
            const cut = getComputedStyle(element).overflowX === "hidden";
            const reach = cut ? box.right : Math.max(box.right, box.left + element.scrollWidth);
            return !element.closest(".skip") && box.width && reach > innerWidth + 1;
        }).map((element) => element.outerHTML.slice(0, 80))"""
    )
    wide = tab.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )
    return [*found, *(["the page scrolls sideways"] if wide else [])]


@pytest.mark.parametrize("name", STATES)
def test_everybody_can_use_it(centre: Centre, open_tab: OpenTab, name: str) -> None:
    tab = open_tab(java_script_enabled=True, is_mobile=False)

    assert STATES[name](centre, tab) == STATUS.get(name, 200)

    tab.emulate_media(color_scheme="light")
    assert violations(tab) == []
    tab.emulate_media(color_scheme="dark")
    assert violations(tab, COLOURS) == []
    tab.set_viewport_size(NARROW)
    assert sticks_out(tab) == []
    tab.set_viewport_size(PHONE)
    tab.context.new_cdp_session(tab).send("Page.setFontSizes", {"fontSizes": LARGE_TEXT})
    tab.wait_for_function("getComputedStyle(document.documentElement).fontSize === '32px'")
    assert sticks_out(tab) == []


def test_axe_and_the_ruler_see_what_is_planted(centre: Centre, open_tab: OpenTab) -> None:
    tab = open_tab(java_script_enabled=True, is_mobile=False)
    visit(tab, centre.sign(STATEMENTS).link)
    tab.evaluate(
        """() => {
            const main = document.querySelector("main");
            main.insertAdjacentHTML("beforeend", "<input name=planted>");
            main.lastChild.style.width = "500px";
            document.querySelector(".soft").style.color = "#aaa";
        }"""
    )

    assert {each.partition(":")[0] for each in violations(tab)} >= {"label", "color-contrast"}
    assert len(sticks_out(tab)) > 1


def test_the_policy_stops_what_is_planted_and_the_watch_hears_it(
    centre: Centre, open_tab: OpenTab, complaints: list[str]
) -> None:
    tab = open_tab(java_script_enabled=True)
    planted = (
        '<p style="color: red">Styled<script>document.title = "planted"</script>'
        '<img src="https://elsewhere.example/dot.png">'
    )

    def plant(route: Route) -> None:
        answered = route.fetch()
        route.fulfill(response=answered, body=answered.text().replace("</main>", planted))

    tab.route("**/v1/review/*", plant)
    visit(tab, centre.sign(STATEMENTS).link)

    assert tab.title() != "planted"
    for refused in ("inline style", "inline script", "elsewhere.example"):
        assert any(refused in each for each in complaints), refused
    complaints.clear()


def test_a_certificate_tells_nobody_who_judged(centre: Centre, tab: Page) -> None:
    visit(tab, centre.certificate(centre.publish(SHORT_MODULE))[0])

    content = tab.content()
    assert tab.get_by_text("This certificate is valid.").is_visible()
    assert tab.get_by_text("Z. N.").is_visible()
    assert not [hidden for hidden in ("Nguyễn", "Essor", "AE", "CAVA") if hidden in content]


def test_a_suspended_certificate_says_so_in_words(centre: Centre, tab: Page) -> None:
    certificate_suspended(centre, tab)

    assert tab.get_by_text("This certificate is suspended: do not rely on it.").is_visible()
    assert "suspended" in tab.title()
    assert tab.get_by_text("valid", exact=False).count() == 0
