"""An external verifier reads portfolios by a link: on a phone, without scripts, in every state."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from chalicelib.domain.access import Actor
from chalicelib.domain.people import Identity, Role
from chalicelib.domain.visits import Visit
from chalicelib.usecases import certificates, visits
from tests.browser.centre import CHOICES, NAME, STATEMENTS, Centre, wrong
from tests.browser.chromium import PHONE
from tests.browser.conftest import OpenTab
from tests.browser.test_states import (
    COLOURS,
    LARGE_TEXT,
    NARROW,
    sticks_out,
    violations,
    visit,
    with_picture,
)
from tests.visits import external, grant
from tests.world import ISSUER, SHORT_MODULE

FEEDBACK = "Read the fourth question again: what would you tell Daniel before he speaks?"


def granted(centre: Centre, *enrolment_ids: str) -> tuple[Visit, str]:
    """Grant a visit to somebody new; return it with the link that was mailed."""
    world = centre.world
    until = (world.clock() + timedelta(days=20)).date()
    who = external(world, uuid.uuid4().hex)
    made = grant(world, who, enrolment_ids=enrolment_ids, until=until)
    assert visits.mail_link(world.runtime, made.centre_id, made.person_id, made.id)
    found = re.search(r"http\S+", world.outbox.sent[-1][2])
    assert found
    return made, found[0]


def newcomer(centre: Centre, name: str, **more: Any) -> Actor:
    """Make another assessor known, whoever has the name already."""
    identity = Identity(ISSUER.issuer, uuid.uuid4().hex)
    return centre.world.person(name, Role.ASSESSOR, identity=identity, **more)


def judged(centre: Centre) -> str:
    """Have a page returned, judged again by somebody in training, and verified; return its id."""
    world, assessor = centre.world, centre.world.assessor
    page = centre.module.page(CHOICES)
    assert page
    world.countersigner = newcomer(centre, "Cora Signer")
    held = world.authorisation(countersigner_id=world.countersigner.id)
    trainee = newcomer(centre, "Tom Trainee", authorisation=held)
    by = centre.enrol(assessor_id=trainee.id)
    world.assessor = trainee
    centre.sign(STATEMENTS, by=by)
    returned = centre.sign(CHOICES, answers=wrong(page, 4), by=by)
    centre.judge(returned, competent=False, feedback=FEEDBACK)
    world.clock.forward(days=1)
    centre.judge(centre.sign(CHOICES, by=by), feedback="Well understood.")
    world.assessor = assessor
    world.verify(by[0], CHOICES, "Ask for an example next time.", number=2)
    return by[0].id


def the_list(centre: Centre, tab: Page) -> int:
    ids = [centre.enrol()[0].id for _ in range(26)]
    return visit(tab, granted(centre, *ids)[1])


def an_enrolment(centre: Centre, tab: Page) -> int:
    enrolment_id = judged(centre)
    return visit(tab, f"{granted(centre, enrolment_id)[1]}/{enrolment_id}")


def a_certified_enrolment(centre: Centre, tab: Page) -> int:
    module = centre.publish(SHORT_MODULE)
    by = centre.enrol(module=module)
    for page in module.pages:
        centre.judge(centre.sign(page.id, module=module, by=by))
    assert certificates.finalise(centre.world.runtime, by[0].centre_id, by[0].id)
    status = visit(tab, f"{granted(centre, by[0].id)[1]}/{by[0].id}")
    expect(tab.get_by_text("This certificate is valid.")).to_be_visible()
    return status


def a_judged_page(centre: Centre, tab: Page) -> int:
    enrolment_id = judged(centre)
    return visit(tab, f"{granted(centre, enrolment_id)[1]}/{enrolment_id}/{CHOICES}")


def an_earlier_attempt(centre: Centre, tab: Page) -> int:
    enrolment_id = judged(centre)
    link = granted(centre, enrolment_id)[1]
    return visit(tab, f"{link}/{enrolment_id}/{CHOICES}/attempts/1")


def a_page_with_evidence(centre: Centre, tab: Page) -> int:
    link = centre.world.runtime.signer.read(with_picture(centre, tab).rpartition("/")[2])
    assert link
    enrolment_id = link.enrolment_id
    status = visit(tab, f"{granted(centre, enrolment_id)[1]}/{enrolment_id}/show-1")
    thumbnail = tab.get_by_role("img", name="A clear floor")
    thumbnail.scroll_into_view_if_needed()
    assert thumbnail.evaluate("image => image.decode().then(() => image.naturalWidth)") == 640
    return status


def a_page_not_signed(centre: Centre, tab: Page) -> int:
    enrolment_id = centre.enrol()[0].id
    return visit(tab, f"{granted(centre, enrolment_id)[1]}/{enrolment_id}/{CHOICES}")


def an_ended_visit(centre: Centre, tab: Page) -> int:
    made, link = granted(centre, centre.enrol()[0].id)
    visits.end_visit(centre.world.runtime, centre.world.administrator, made.id)
    return visit(tab, link)


def a_visit_that_is_over(centre: Centre, tab: Page) -> int:
    _, link = granted(centre, centre.enrol()[0].id)
    centre.world.clock.forward(days=21)
    return visit(tab, link)


State = Callable[[Centre, Page], int]
STATES: dict[State, int] = {
    the_list: 200,
    an_enrolment: 200,
    a_certified_enrolment: 200,
    a_judged_page: 200,
    an_earlier_attempt: 200,
    a_page_with_evidence: 200,
    a_page_not_signed: 200,
    an_ended_visit: 410,
    a_visit_that_is_over: 410,
}


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_everybody_can_use_it(centre: Centre, open_tab: OpenTab, state: State) -> None:
    tab = open_tab(java_script_enabled=True, is_mobile=False)

    assert state(centre, tab) == STATES[state]

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


def test_from_the_list_to_a_decision_and_all_that_it_rests_on(centre: Centre, tab: Page) -> None:
    enrolment_id = judged(centre)
    _, link = granted(centre, enrolment_id)
    page = centre.module.page(CHOICES)
    assert page

    tab.goto(link)
    tab.get_by_role("link", name=NAME).tap()
    tab.get_by_role("link", name=page.title).tap()

    expect(tab.get_by_role("heading", name=NAME)).to_be_visible()
    for words in ("Waits for its countersignature", "who signed AE", "CAVA", "Well understood."):
        expect(tab.get_by_text(words).first).to_be_visible()
    expect(tab.get_by_text("Verified: action required")).to_be_visible()
    expect(tab.get_by_text("The right answer").first).to_be_attached()
    tab.get_by_role("link", name="Attempt 1").tap()
    expect(tab.get_by_text(FEEDBACK)).to_be_visible()
    tab.get_by_role("link", name="All pages").tap()
    tab.get_by_role("link", name="All portfolios").tap()
    expect(tab.get_by_role("heading", name="Portfolios for you to verify")).to_be_visible()


def test_pages_stay_within_twenty_kilobytes(centre: Centre, tab: Page) -> None:
    """The longest of what assessors get, and every page of the demo module besides."""
    by = centre.enrol()
    for page in centre.module.pages:
        centre.judge(centre.sign(page.id, by=by))
    _, link = granted(centre, by[0].id)
    for place in ("", *(f"/{page.id}" for page in centre.module.pages)):
        answered = tab.request.get(f"{link}/{by[0].id}{place}")
        assert answered.status == 200
        assert len(answered.body()) <= 20_000, place
