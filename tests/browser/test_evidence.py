"""A candidate sends evidence from a phone, on the local cloud, whatever the network does."""

import hashlib
import io
import re
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, FilePayload, Locator, Page, Route, expect

from chalicelib.domain.attachments import MEDIA_TYPES, PART_SIZE
from chalicelib.domain.people import Role
from chalicelib.formats.modules import read_module
from cli.candidate import Site
from cli.candidate import serving as serving_site
from cli.cast import NAMES, create_cast
from cli.evidence import SAMPLES, Sample
from cli.playing import Play, download, wait_for
from cli.stack import PASSWORD, Stack
from cli.uploading import Uploader, post
from tests.browser.candidate import status
from tests.browser.chromium import PHONE
from tests.browser.test_candidate import LOST, hurry_online, sign, usable
from tests.browser.test_states import violations

MODULE = """---
format: 1
id: evidence-of-every-kind
number: M4
title: Evidence of every kind
version: 1
language: en-GB
standards: SFJGB4
---

# Form: Short record {#short-record}

Write it on the same day.

- **Title**: In a few words. {#name}
- **Day**: {#day type: date}
- **People**: How many there were. {#people type: number least: 2 most: 20}
- **How it was held**: {#held type: choice}
- [ ] face to face
- [ ] by telephone
- **Topics**: {#topics type: choices optional: yes}
- [ ] the plan
- [ ] the people
- **What was said**: {#said type: text least: 5}
- **Agreed**: Everybody agreed. {#agreed type: yes-no}

! A meeting of more than five people is held face to face.
  {#face when: people at least 6, needs: held is a}

# Element: Show your work {#work}

## Page: The room made ready {#room}
Show one transfer that you prepared yourself.

!! Photograph the room as you made it ready, without anybody in it. {#photo files: 1-3}

!! Add a recording, if you made one. {#sound files: 0-1}

## Page: A meeting {#meeting}

!! Write the record of one meeting. {#record form: short-record}

!! What was seen of your work. {#seen form: observation, by: assessor}

!! What a colleague says of it. {#told form: witness-testimony, by: witness}

## Page: The same room again {#again}

!! Show the room once more. {#once-more files: 1}
"""
PATIENT = 30_000  # milliseconds for whatever an event of the local cloud brings
JPEG, PDF, WAV = (SAMPLES[each] for each in ("image/jpeg", "application/pdf", "audio/wav"))


class Candidate:
    """A candidate at a centre of their own, and what stands on the server of theirs."""

    def __init__(self, stack: Stack, site: Site) -> None:
        self.site = site
        self.cast = create_cast(stack, f"{uuid4().hex}.example")
        self.play = Play(stack, self.cast, read_module(MODULE).module)
        self.play.publish(MODULE)
        self.play.enrol()
        self.client = self.play.client(Role.CANDIDATE)
        self.uploads = Uploader(self.client, self.play.centre)
        site.config = {
            "api": stack.api,
            **stack.let_sign_in(site.address),
            "files": {"quarantine": stack.cloud.endpoint, "evidence": stack.cloud.endpoint},
            "local": {
                "form": f"{stack.cloud.endpoint}/login",
                "people": [
                    {
                        "name": NAMES[Role.CANDIDATE],
                        "about": "",
                        "username": self.cast.username(Role.CANDIDATE),
                        "password": PASSWORD,
                    }
                ],
            },
        }

    def open(self, device: BrowserContext, page_id: str = "room") -> Page:
        """Sign in on a device, and go to a page."""
        tab = device.new_page()
        tab.goto(self.site.address)
        tab.get_by_role("button", name="Sign in as").click()
        expect(tab.get_by_role("heading", name="Your modules")).to_be_visible(timeout=PATIENT)
        return self.go(tab, page_id)

    def go(self, tab: Page, page_id: str) -> Page:
        path = f"{self.cast.centre_id}/{self.play.enrolment_id}/{page_id}"
        tab.goto(f"{self.site.address}#/{path}")
        expect(status(tab)).to_have_text("Saved", timeout=PATIENT)
        return tab

    def draft(self, page_id: str = "room") -> dict[str, Any]:
        page = self.client.ask("GET", f"{self.play.enrolment}/pages/{page_id}").json()
        answers: dict[str, Any] = page["answers"]
        return answers

    def attachments(self) -> list[dict[str, Any]]:
        listed = self.client.ask("GET", f"{self.play.centre}/attachments").json()
        items: list[dict[str, Any]] = listed["items"]
        return items

    def uploaded(self, sample: Sample = JPEG, media_type: str = "image/jpeg") -> dict[str, Any]:
        """Have a file uploaded by another app, and found clean."""
        content = sample.make()
        started = self.uploads.start(
            content, media_type, sample.name, caption=sample.caption, alt_text=sample.alt_text
        )
        post(started["form"], content)
        self.uploads.complete(started["id"])
        return self.uploads.settled(started["id"])


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serving_site() as found:
        yield found


@pytest.fixture
def who(stack: Stack, site: Site) -> Candidate:
    return Candidate(stack, site)


@pytest.fixture
def device(browser: Browser, complaints: list[str]) -> Iterator[BrowserContext]:
    """Give a phone that has never seen the app."""
    made = browser.new_context(
        viewport=PHONE, has_touch=True, is_mobile=True, accept_downloads=True
    )
    made.set_default_timeout(10_000)
    made.on(
        "console", lambda message: None if LOST in message.text else complaints.append(message.text)
    )
    made.on("weberror", lambda error: complaints.append(str(error.error)))
    yield made
    made.close()


def item(tab: Page, text: str) -> Locator:
    return tab.get_by_role("group", name=text)


def payload(sample: Sample, media_type: str) -> FilePayload:
    return {"name": sample.name, "mimeType": media_type, "buffer": sample.make()}


def choose(of: Locator, *files: FilePayload) -> None:
    of.get_by_label("Choose files").set_input_files(list(files))


def send(of: Locator, name: str, caption: str = "What it is", alt_text: str = "In words") -> None:
    card = card_of(of, name)
    card.get_by_label("What does it show?").fill(caption)
    card.get_by_label("In words").fill(alt_text)
    card.get_by_role("button", name=f"Send {name}").click()


def card_of(of: Locator, name: str) -> Locator:
    return of.get_by_role("listitem").filter(has_text=name)


def recording(size: int) -> bytes:
    """Make a recording of silence, as large as that."""
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(bytes(size // 2 * 2))
    return written.getvalue()


class Network:
    """Cuts what goes between the device and the cloud, request by request."""

    def __init__(self, device: BrowserContext) -> None:
        self.device = device
        self.seen: list[str] = []

    def cut(self, method: str, address: str, *, after: bool = False, times: int = 10**6) -> None:
        left = times

        def handle(route: Route) -> None:
            nonlocal left
            if route.request.method != method or left < 1:
                route.fallback()
                return
            left -= 1
            self.seen.append(address)
            if after:
                route.fetch()
            route.abort()

        self.device.route(re.compile(address), handle)

    def restore(self) -> None:
        self.device.unroute_all()


@pytest.fixture
def network(device: BrowserContext) -> Network:
    return Network(device)


def test_files_go_from_the_phone_into_a_signed_page(who: Candidate, device: BrowserContext) -> None:
    tab = who.open(device)
    photo = item(tab, "1. ")
    choose(photo, payload(JPEG, "image/jpeg"), payload(PDF, "application/pdf"))
    expect(card_of(photo, JPEG.name)).to_contain_text("Kept on this device")
    expect(card_of(photo, JPEG.name).get_by_label("What does it show?")).to_be_focused()
    assert violations(tab) == []
    sign(tab)
    expect(tab.get_by_role("alert")).to_contain_text(f"Send {JPEG.name}, or remove it.")
    assert who.attachments() == []

    send(photo, JPEG.name, JPEG.caption, JPEG.alt_text)
    send(photo, PDF.name, PDF.caption, "")
    picture = photo.get_by_role("img", name=JPEG.alt_text)
    expect(picture).to_be_visible(timeout=PATIENT)
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    expect(card_of(photo, PDF.name)).to_contain_text("Sent and checked", timeout=PATIENT)
    expect(card_of(photo, JPEG.name)).to_contain_text("Evidence 1")
    usable(tab)
    with tab.expect_download() as caught:
        card_of(photo, PDF.name).get_by_role("button", name="Download").click()
    assert Path(caught.value.path()).read_bytes() == PDF.make()

    sign(tab)
    expect(tab.get_by_role("heading", name="Signed.")).to_be_visible(timeout=PATIENT)
    expect(tab.get_by_role("img", name=JPEG.alt_text)).to_be_visible()
    usable(tab)
    first, second = who.attachments()
    assert [first["caption"], second["caption"]] == [JPEG.caption, PDF.caption]
    assert first["sha256"] == hashlib.sha256(JPEG.make()).hexdigest()
    assert (first["bound"], second["bound"]) == (True, True)
    assert who.draft()["photo"]["attachments"] == [first["id"], second["id"]]


def test_nothing_is_signed_while_a_file_is_on_its_way(
    who: Candidate, device: BrowserContext, network: Network
) -> None:
    tab = who.open(device)
    photo = item(tab, "1. ")
    network.cut("POST", "/uploads$")
    choose(photo, payload(JPEG, "image/jpeg"))
    send(photo, JPEG.name)
    expect(card_of(photo, JPEG.name)).to_contain_text("goes on when the network is back")
    sign(tab)

    summary = tab.get_by_role("alert")
    expect(summary).to_contain_text("is still on its way")
    summary.get_by_role("link", name="is still on its way").click()
    expect(card_of(photo, JPEG.name)).to_be_focused()
    assert violations(tab) == []
    network.restore()
    hurry_online(tab)
    expect(card_of(photo, JPEG.name)).to_contain_text("Sent and checked", timeout=PATIENT)


def test_what_only_the_server_knows_is_said_when_the_page_is_signed(
    who: Candidate, device: BrowserContext
) -> None:
    kept = who.uploaded()
    tab = who.open(device)
    photo = item(tab, "1. ")
    photo.get_by_text("Use something you sent before").click()
    photo.get_by_role("button", name="Use evidence 1").click()
    expect(card_of(photo, JPEG.name).first).to_contain_text("Sent and checked", timeout=PATIENT)
    administrator = who.play.client(Role.ADMINISTRATOR)
    flags = f"{who.play.centre}/attachments/{kept['id']}/flags"
    administrator.ask("POST", flags, {"reason": "A face can be seen."})
    sign(tab)

    expect(tab.get_by_role("alert")).to_contain_text("It is withheld", timeout=PATIENT)
    assert violations(tab) == []
    assert who.attachments()[0]["bound"] is False


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", ["/uploads$", "/completion$"])
def test_a_request_that_is_cut_loses_and_doubles_nothing(
    who: Candidate, device: BrowserContext, network: Network, *, step: str, after: bool
) -> None:
    tab = who.open(device)
    photo = item(tab, "1. ")
    network.cut("POST", step, after=after, times=1)
    choose(photo, payload(JPEG, "image/jpeg"))
    send(photo, JPEG.name)

    expect(card_of(photo, JPEG.name)).to_contain_text("Sent and checked", timeout=PATIENT)
    expect(status(tab)).to_have_text("Saved", timeout=PATIENT)
    assert network.seen == [step]
    (only,) = who.attachments()
    assert who.draft() == {"photo": {"attachments": [only["id"]]}}


def test_a_large_file_goes_on_where_it_was_cut_even_in_a_new_tab(
    who: Candidate, device: BrowserContext, network: Network
) -> None:
    content = recording(2 * PART_SIZE + 1000)
    sent: list[str] = []
    tab = who.open(device)
    sound = item(tab, "2. ")
    device.on("request", lambda each: sent.append(each.url) if each.method == "PUT" else None)
    network.cut("PUT", "partNumber=2")
    choose(sound, {"name": "long.wav", "mimeType": "audio/wav", "buffer": content})
    send(sound, "long.wav")
    going = card_of(sound, "long.wav")
    expect(going).to_contain_text("goes on when the network is back", timeout=PATIENT)
    expect(sound.get_by_role("progressbar", name="long.wav")).to_be_visible()
    tab.close()
    tab = device.new_page()
    network.restore()
    tab = who.open(device)

    sound = item(tab, "2. ")
    expect(card_of(sound, "long.wav")).to_contain_text("Sent and checked", timeout=PATIENT)
    parts = [number for url in sent for number in re.findall(r"partNumber=(\d)", url)]
    assert parts.count("1") == 1, "what has arrived is not sent again"
    (only,) = who.attachments()
    assert only["sha256"] == hashlib.sha256(content).hexdigest()
    assert download(who.uploads.attachment(only["id"])["url"]) == content
    assert who.draft()["sound"]["attachments"] == [only["id"]]


def test_what_was_chosen_without_a_network_is_there_after_the_tab_died(
    who: Candidate, device: BrowserContext
) -> None:
    tab = who.open(device)
    tab.evaluate("navigator.serviceWorker.ready")
    tab.reload()  # now the app itself is at hand
    expect(status(tab)).to_have_text("Saved", timeout=PATIENT)
    device.set_offline(True)
    photo = item(tab, "1. ")
    choose(photo, payload(JPEG, "image/jpeg"))
    card_of(photo, JPEG.name).get_by_label("What does it show?").fill("The room")
    tab.reload()

    photo = item(tab, "1. ")
    expect(photo.get_by_label("What does it show?")).to_have_value("The room")
    photo.get_by_role("button", name=f"Send {JPEG.name}").click()
    expect(card_of(photo, JPEG.name)).to_contain_text("goes on when the network is back")
    device.set_offline(False)
    expect(card_of(photo, JPEG.name)).to_contain_text("Sent and checked", timeout=PATIENT)
    (only,) = who.attachments()
    assert only["caption"] == "The room"


def test_what_is_rejected_says_why_and_makes_room_for_another(
    who: Candidate, device: BrowserContext
) -> None:
    tab = who.open(device)
    photo = item(tab, "1. ")
    choose(photo, {"name": "room.jpg", "mimeType": "image/jpeg", "buffer": b"not a picture" * 9})
    send(photo, "room.jpg")
    card = card_of(photo, "room.jpg")
    expect(card).to_contain_text(
        "Not taken. What the file holds is not of the type", timeout=PATIENT
    )
    usable(tab)
    sign(tab)
    expect(tab.get_by_role("alert")).to_contain_text("room.jpg was not taken")
    card.get_by_role("button", name="Take out").click()

    expect(card).to_have_count(0)
    expect(photo.get_by_label("Choose files")).to_be_focused()
    wait_for(lambda: (who.draft(), who.attachments()) == ({}, []), "its end on the server")


def test_what_the_api_does_not_take_is_said_at_once(who: Candidate, device: BrowserContext) -> None:
    tab = who.open(device)
    photo = item(tab, "1. ")
    choose(photo, {"name": "room.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"})
    send(photo, "room.svg")

    card = card_of(photo, "room.svg")
    expect(card).to_contain_text("Not sent. Send a file of one of these types")
    assert violations(tab) == []
    card.get_by_role("button", name="Remove").click()
    expect(card).to_have_count(0)
    assert who.attachments() == []


def test_a_file_is_removed_while_it_is_on_its_way(
    who: Candidate, device: BrowserContext, network: Network
) -> None:
    tab = who.open(device)
    photo = item(tab, "1. ")
    network.cut("POST", "/completion$")
    choose(photo, payload(JPEG, "image/jpeg"))
    send(photo, JPEG.name)
    expect(card_of(photo, JPEG.name)).to_contain_text("goes on when the network is back")
    card_of(photo, JPEG.name).get_by_role("button", name="Remove").click()

    expect(card_of(photo, JPEG.name)).to_have_count(0)
    network.restore()
    hurry_online(tab)
    wait_for(lambda: (who.draft(), who.attachments()) == ({}, []), "its end on the server")


def test_evidence_that_was_sent_before_serves_another_page(
    who: Candidate, device: BrowserContext
) -> None:
    kept = who.uploaded()
    tab = who.open(device, "again")
    once_more = item(tab, "1. ")
    once_more.get_by_text("Use something you sent before").click()
    expect(once_more.get_by_role("img", name=JPEG.alt_text)).to_be_visible()
    usable(tab)
    once_more.get_by_role("button", name="Use evidence 1").click()

    expect(once_more.get_by_role("button", name="Take out")).to_be_visible()
    expect(card_of(once_more.get_by_role("list", name="Files"), JPEG.name)).to_be_focused()
    named = {"once-more": {"attachments": [kept["id"]]}}
    wait_for(lambda: who.draft("again") == named, "the draft")
    assert len(who.attachments()) == 1


def test_a_form_is_kept_and_says_where_it_departs_from_a_rule(
    who: Candidate, device: BrowserContext
) -> None:
    tab = who.open(device, "meeting")
    record = item(tab, "1. ")
    tab.get_by_role("button", name="Sign this page").click()
    expect(tab.get_by_role("link", name="Title: fill this in.")).to_be_visible()
    tab.get_by_role("link", name="Title: fill this in.").click()
    expect(record.get_by_label("Title")).to_be_focused()
    record.get_by_label("Title").fill("Handover")
    record.get_by_label("Day").fill("2026-03-02")
    record.get_by_label("People", exact=True).fill("7")
    record.get_by_label("by telephone").check()
    record.get_by_label("the plan").check()
    record.get_by_label("What was said").fill("We read the plan together.")
    record.get_by_role("group", name="Agreed").get_by_label("Yes").check()
    reason = record.get_by_label("This departs from the rule above. Why?")
    expect(reason).to_be_visible()
    usable(tab)
    reason.fill("The road was closed.")

    wait_for(lambda: "reasons" in who.draft("meeting").get("record", {}), "the reason")
    assert who.draft("meeting") == {
        "record": {
            "values": {
                "name": "Handover",
                "day": "2026-03-02",
                "people": 7,
                "held": "b",
                "topics": ["a"],
                "said": "We read the plan together.",
                "agreed": True,
            },
            "reasons": {"face": "The road was closed."},
        }
    }
    record.get_by_label("face to face").check()
    expect(reason).to_be_hidden()
    tab.reload()
    expect(record.get_by_label("What was said")).to_have_value("We read the plan together.")


def test_others_are_waited_for_and_a_witness_is_asked(
    who: Candidate, device: BrowserContext
) -> None:
    tab = who.open(device, "meeting")
    expect(tab.get_by_text("Your assessor provides this; it is not begun yet.")).to_be_visible()
    tab.get_by_text("Ask a witness").click()
    tab.get_by_label("Their name").fill("Wanda Witness")
    tab.get_by_label("Their mail address").fill("wanda@elsewhere.example")
    tab.get_by_label("What they are to you").fill("a colleague")
    tab.get_by_label("What lets them judge your work").fill("Senior carer")
    usable(tab)
    tab.get_by_role("button", name="Ask them").click()

    expect(tab.get_by_text("Asked: Wanda Witness, a colleague")).to_be_visible()
    sign(tab)
    expect(tab.get_by_role("link", name="3. A witness has to sign this first.")).to_be_visible()


def test_the_chooser_offers_every_type_that_the_api_takes(
    who: Candidate, device: BrowserContext
) -> None:
    chooser = item(who.open(device), "1. ").get_by_label("Choose files")
    offered = set((chooser.get_attribute("accept") or "").split(","))
    endings = {f".{each}" for kind in MEDIA_TYPES.values() for each in kind.extensions}
    assert offered == {*MEDIA_TYPES, *endings}
