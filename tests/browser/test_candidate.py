"""A candidate fills a page in the reference client, whatever the network does."""

import random
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from playwright.sync_api import TimeoutError as TooLate

from tests.browser.candidate import App, item, opened, status
from tests.browser.centre import NAME, Centre
from tests.browser.chromium import PHONE, TIMEOUT
from tests.browser.gateway import Cut
from tests.browser.test_states import COLOURS, NARROW, sticks_out, violations

KEPT = re.compile("(K|k)ept on this device")
LOST = "Failed to load resource: net::"  # what Chromium says of every request that we cut
LONG_WORDS = "Zoë asked Oluwaṣeun — 你好, שלום — 'why?' 👩🏽‍⚕️ and then we agreed."
TYPED: dict[str, Any] = {
    "s1": {"understood": True, "initials": "ZN"},
    "s2": {"understood": False, "initials": "Z.N."},
    "c1": {"chosen": ["b"]},
    "c2": {"chosen": ["a", "b"]},
    "q1": {"text": f"First I listen.\n{LONG_WORDS}"},
    "q2": {"text": "My supervisor, the same day."},
}

Action = Callable[[Page], None]


@pytest.fixture(scope="module")
def app(centre: Centre) -> Iterator[App]:
    with opened(centre) as found:
        yield found


@pytest.fixture
def device(browser: Browser, complaints: list[str]) -> Iterator[BrowserContext]:
    """Give a phone that has never seen the app."""

    def complain(text: str) -> None:
        if LOST not in text:
            complaints.append(text)

    made = browser.new_context(viewport=PHONE, has_touch=True)
    made.set_default_timeout(TIMEOUT)
    made.on(
        "console", lambda message: None if LOST in message.text else complaints.append(message.text)
    )
    made.on("weberror", lambda error: complaints.append(str(error.error)))
    yield made
    made.close()


def typing() -> list[Action]:
    """List all that is done to fill the page, in small steps."""
    q1, q2 = TYPED["q1"]["text"], TYPED["q2"]["text"]
    return [
        lambda tab: item(tab, "1. ").get_by_label("Yes").check(),
        lambda tab: item(tab, "1. ").get_by_label("initials").fill("ZN"),
        lambda tab: item(tab, "2. ").get_by_label("Yes").check(),
        lambda tab: item(tab, "2. ").get_by_label("No").check(),
        lambda tab: item(tab, "2. ").get_by_label("initials").fill("Z.N."),
        lambda tab: item(tab, "3. ").get_by_label("Tell").check(),
        lambda tab: item(tab, "3. ").get_by_label("Ask").check(),
        lambda tab: item(tab, "4. ").get_by_label("Guessing").check(),
        lambda tab: item(tab, "4. ").get_by_label("Writing").check(),
        lambda tab: item(tab, "4. ").get_by_label("Guessing").uncheck(),
        lambda tab: item(tab, "4. ").get_by_label("Listening").check(),
        *(write("5. ", q1[:end]) for end in (3, 15, 40, len(q1))),
        *(write("6. ", q2[:end]) for end in (10, len(q2))),
    ]


def write(name: str, text: str) -> Action:
    return lambda tab: item(tab, name).get_by_role("textbox").fill(text)


def sign(tab: Page) -> None:
    tab.get_by_label("Your name").fill(NAME)
    tab.get_by_role("button", name="Sign this page").click()


def hurry_online(tab: Page) -> None:
    """Tell the app what browsers tell when the network is back."""
    tab.evaluate("window.dispatchEvent(new Event('online'))")


def await_patiently(tab: Page, wanted: Locator) -> None:
    """Let the app try again and again; a try that was on its way makes it wait for the next."""
    for _ in range(20):
        hurry(tab, 60)
        with suppress(TooLate):
            return wanted.wait_for(timeout=500)
    return wanted.wait_for()


def hurry(tab: Page, seconds: int = 1) -> None:
    """Let the app's timers run out."""
    tab.clock.fast_forward(seconds * 1000)


class Network:
    """What lies between a device and the API, and where it is cut."""

    def __init__(self, app: App, device: BrowserContext) -> None:
        self.gateway, self.device = app.centre.gateway, device
        self.gateway.lost.clear()

    def cut(self, where: Cut | None) -> None:
        """Cut it on the way there, on the way back, or (None) at the device itself."""
        self.device.set_offline(where is None)
        self.gateway.cut = where or Cut.NOWHERE

    def restore(self) -> None:
        self.cut(Cut.NOWHERE)

    def lost(self, method: str) -> set[Cut]:
        return {cut for cut, lost in self.gateway.lost if lost == method}


@pytest.fixture
def network(app: App, device: BrowserContext) -> Iterator[Network]:
    made = Network(app, device)
    yield made
    made.restore()


@pytest.mark.parametrize("seed", [1, 2])
def test_no_answer_is_lost_and_none_is_doubled_when_the_network_is_cut_at_ten_points(
    app: App, device: BrowserContext, network: Network, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 (so that a failure can be seen again)
    who = app.enrol()
    tab = app.sign_in(device, who)
    tab.clock.install()
    app.open(tab, who)
    actions = typing()
    for number, point in enumerate(sorted(chance.sample(range(len(actions)), 9))):
        actions[point] = cut_at(actions[point], network, (Cut.BEFORE, Cut.AFTER, None)[number % 3])

    for action in actions:
        action(tab)
        hurry(tab)
        if chance.random() < 0.6:
            network.restore()
            hurry(tab, 60)
    network.restore()
    await_patiently(tab, status(tab).filter(has_text="Saved"))
    cut_at(sign, network, Cut.AFTER if seed % 2 else Cut.BEFORE)(tab)
    network.restore()
    await_patiently(tab, tab.get_by_role("heading", name="Signed."))

    assert who.draft() == TYPED
    (only,) = who.attempts()
    assert only.document["answers"] == TYPED
    assert network.lost("PUT") == {Cut.BEFORE, Cut.AFTER}
    assert network.lost("POST") == {Cut.AFTER if seed % 2 else Cut.BEFORE}


def cut_at(action: Action, network: Network, where: Cut | None) -> Action:
    """Cut the network, do something, and see that the app says so."""

    def do(tab: Page) -> None:
        network.cut(where)
        action(tab)
        hurry(tab)
        expect(status(tab)).to_have_text(KEPT)

    return do


def test_both_sides_of_a_conflict_are_shown_side_by_side_and_the_candidate_chooses(
    app: App, device: BrowserContext, network: Network
) -> None:
    who = app.enrol()
    tab = app.open(app.sign_in(device, who), who)
    network.cut(Cut.BEFORE)
    write("5. ", "Typed here, on the train.")(tab)
    write("6. ", "Mine.")(tab)
    item(tab, "3. ").get_by_label("Ask").check()
    expect(status(tab)).to_have_text(KEPT)
    who.save({"q1": {"text": "Typed at home."}, "q2": {"text": "Theirs."}, "s1": TYPED["s1"]})
    network.restore()
    hurry_online(tab)

    expect(status(tab)).to_have_text(re.compile("Choose which"))
    first = tab.get_by_role("region", name="Why does")
    expect(first.get_by_text("Typed here, on the train.")).to_be_visible()
    expect(first.get_by_text("Typed at home.")).to_be_visible()
    assert violations(tab) == []
    first.get_by_role("button", name="Keep this one").click()
    tab.get_by_role("region", name="Who do").get_by_role("button", name="Take this one").click()

    expect(status(tab)).to_have_text("Saved")
    assert who.draft() == {
        "c1": {"chosen": ["b"]},  # changed here alone
        "s1": TYPED["s1"],  # changed there alone
        "q1": {"text": "Typed here, on the train."},
        "q2": {"text": "Theirs."},
    }
    expect(item(tab, "1. ").get_by_label("initials")).to_have_value("ZN")
    expect(item(tab, "6. ").get_by_role("textbox")).to_have_value("Theirs.")


def test_what_was_not_sent_is_there_after_closing_the_tab_and_without_any_network(
    app: App, device: BrowserContext, network: Network
) -> None:
    who = app.enrol()
    tab = app.open(app.sign_in(device, who), who)
    tab.evaluate("navigator.serviceWorker.ready")
    tab.reload()  # now the app itself is at hand
    expect(status(tab)).to_have_text("Saved")
    network.cut(None)
    write("5. ", "Typed in a tunnel.")(tab)
    tab.reload()

    expect(item(tab, "5. ").get_by_role("textbox")).to_have_value("Typed in a tunnel.")
    expect(status(tab)).to_have_text(KEPT)
    network.restore()
    expect(status(tab)).to_have_text("Saved")
    assert who.draft() == {"q1": {"text": "Typed in a tunnel."}}


def test_two_tabs_of_a_page_lose_nothing(
    app: App, device: BrowserContext, network: Network
) -> None:
    who = app.enrol()
    first = app.open(app.sign_in(device, who), who)
    second = app.open(app.sign_in(device, who), who)
    network.cut(Cut.BEFORE)
    for action in typing()[:8]:
        action(first)
    for action in typing()[8:]:
        action(second)
    write("6. ", "The last word.")(first)
    expect(item(second, "6. ").get_by_role("textbox")).to_have_value("The last word.")
    network.restore()
    hurry_online(first)

    for tab in (first, second):
        expect(status(tab)).to_have_text("Saved")
    assert who.draft() == TYPED | {"q2": {"text": "The last word."}}


def test_a_sign_in_that_has_ended_costs_nothing_but_another_one(
    app: App, device: BrowserContext
) -> None:
    who = app.enrol()
    tab = app.open(app.sign_in(device, who), who)
    app.centre.world.clock.forward(hours=2)
    write("5. ", "Typed just too late.")(tab)
    expect(status(tab)).to_have_text(re.compile("Sign in again"))
    tab.get_by_role("button", name="Sign in again").click()

    expect(item(tab, "5. ").get_by_role("textbox")).to_have_value("Typed just too late.")
    expect(status(tab)).to_have_text("Saved")
    assert who.draft() == {"q1": {"text": "Typed just too late."}}


def test_a_page_signed_elsewhere_is_shown_as_signed_and_what_was_typed_here_is_kept(
    app: App, device: BrowserContext, network: Network
) -> None:
    who = app.enrol()
    tab = app.open(app.sign_in(device, who), who, "every-2")
    network.cut(Cut.BEFORE)
    item(tab, "1. ").get_by_label("No").check()
    app.centre.sign("every-2", module=app.module, by=(who.enrolment, who.person))
    network.restore()
    hurry_online(tab)

    expect(tab.get_by_role("alert")).to_contain_text("waits for your assessor")
    expect(status(tab)).to_have_text(re.compile("Not sent"))
    assert violations(tab) == []
    tab.get_by_role("button", name="Let go").click()
    expect(tab.get_by_role("alert")).to_have_count(0)
    assert len(who.attempts("every-2")) == 1


def test_nobody_signs_what_they_have_not_seen(
    app: App, device: BrowserContext, network: Network
) -> None:
    who = app.enrol()
    who.save(TYPED)
    tab = app.open(app.sign_in(device, who), who)
    network.cut(Cut.BEFORE)
    sign(tab)
    expect(status(tab)).to_have_text(re.compile("Your signature is kept"))
    who.save(TYPED | {"q2": {"text": "Somebody else, next week."}})
    network.restore()
    hurry_online(tab)

    expect(tab.get_by_role("heading", name="Not signed")).to_be_visible()
    expect(item(tab, "6. ").get_by_role("textbox")).to_have_value("Somebody else, next week.")
    assert who.attempts() == []
    sign(tab)
    expect(tab.get_by_role("heading", name="Signed.")).to_be_visible()
    assert len(who.attempts()) == 1


def test_a_page_is_returned_with_feedback_and_signed_again(
    app: App, device: BrowserContext
) -> None:
    who = app.enrol()
    by = who.enrolment, who.person
    signed = app.centre.sign("every-2", module=app.module, by=by)
    app.centre.world.judge(
        who.enrolment, signed.attempt, competent=False, feedback="Say what\nyou <b>learnt</b>."
    )
    tab = app.open(app.sign_in(device, who), who, "every-2")

    expect(tab.get_by_role("heading", name="Returned to you")).to_be_visible()
    expect(tab.get_by_text("you <b>learnt</b>.")).to_be_visible()
    assert violations(tab) == []
    sign(tab)
    expect(tab.get_by_role("heading", name="Signed.")).to_be_focused()
    tab.get_by_text("Every time you signed").click()
    expect(tab.get_by_text("not yet competent")).to_be_visible()
    assert violations(tab) == []
    assert [each.attempt.number for each in who.attempts("every-2")] == [1, 2]


def test_what_is_missing_is_listed_with_the_way_to_it(app: App, device: BrowserContext) -> None:
    who = app.enrol()
    tab = app.open(app.sign_in(device, who), who)
    write("5. ", "Too short.")(tab)
    tab.get_by_role("button", name="Sign this page").click()

    summary = tab.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary.get_by_role("link")).to_have_count(7)
    assert violations(tab) == []
    summary.get_by_role("link", name="at least 5 words; 2 so far").click()
    expect(item(tab, "5. ").get_by_role("textbox")).to_be_focused()
    assert who.attempts() == []


def test_everybody_can_use_every_screen(app: App, device: BrowserContext) -> None:
    who = app.enrol()
    tab = device.new_page()
    tab.goto(app.site.address)
    expect(tab.get_by_role("button", name="Sign in")).to_be_visible()
    usable(tab)
    tab.close()
    tab = app.sign_in(device, who)
    usable(tab)
    tab.get_by_role("link", name=app.module.title).click()
    expect(tab.get_by_text("0 of 2 pages competent")).to_be_visible()
    usable(tab)
    tab.get_by_role("link", name="A bit of everything").click()
    expect(tab.get_by_role("button", name="Sign this page")).to_be_visible()
    usable(tab)


def usable(tab: Page) -> None:
    """Hold a screen to WCAG, in light and dark, and on a narrow phone."""
    tab.emulate_media(color_scheme="light", reduced_motion="reduce")
    assert violations(tab) == []
    tab.emulate_media(color_scheme="dark")
    assert violations(tab, COLOURS) == []
    tab.set_viewport_size(NARROW)
    assert sticks_out(tab) == []
    tab.set_viewport_size(PHONE)


def test_the_certificate_is_a_tap_away_once_all_is_competent(
    app: App, device: BrowserContext
) -> None:
    who = app.enrol()
    world = app.centre.world
    for page in app.module.pages:
        by = who.enrolment, who.person
        world.judge(who.enrolment, app.centre.sign(page.id, module=app.module, by=by).attempt)
    world.finalise(who.enrolment)
    tab = app.sign_in(device, who)
    tab.get_by_role("link", name=app.module.title).click()

    usable(tab)
    tab.get_by_role("link", name="anybody can check").click()
    expect(tab.get_by_role("heading", level=1)).to_be_visible()
    assert "/v1/certificates/" in tab.url
